// Lua values into JSON.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "sandbox/vm/pages.h"
#include "sandbox/vm/text.h"

struct lua_State;

namespace sluice::sandbox {

// Writes a value as it is: no metamethod is called, and no Lua error raised. Object keys come out
// sorted by their bytes; floats keep a point or an exponent, so that they are floats when read
// again. A table is an array when it is marked as one or its keys are 1 to n, an object when it is
// empty or all its keys are strings.
class JsonWriter {
 public:
  enum class End {
    kWritten,
    kNoForm,    // fault() says what and where: "result.items[3].price: NaN has no JSON form"
    kNoMemory,  // of the invocation: Lua's stack could not grow
    kTimedOut,
  };

  JsonWriter();
  ~JsonWriter();

  bool prepare();  // false when the system has no memory

  // Of the value on top of the stack, which stays there; `root` is how faults call it. Stops when
  // `stop()` is true: asked now and then.
  End write(lua_State* L, std::string_view root, const void* array_metatable, bool (*stop)(void*),
            void* argument);

  std::string_view text() const { return {out_.data(), size_}; }
  std::string_view fault() const { return fault_.view(); }

  void release_memory();

 private:
  // Where in the value the writer is: a step for each nested table.
  struct Step {
    const void* table;
    std::string_view key;  // of an object
    int64_t index;         // of an array; 0 in an object
  };
  struct Field {
    std::string_view key;
    int slot;  // of the value, on Lua's stack
  };

  bool put(char byte);
  bool put(std::string_view bytes);
  bool fail(std::string_view why);
  bool stop_with(End end);
  bool due();

  bool write_value(lua_State* L);
  bool write_number(lua_State* L);
  bool write_string(std::string_view text);
  bool write_table(lua_State* L);
  bool write_array(lua_State* L, size_t length);
  bool write_object(lua_State* L);
  bool check_array(lua_State* L, size_t* length);
  bool add_field(Field field);
  bool fail_key(lua_State* L);
  bool fail_hole(lua_State* L, size_t index);

  static constexpr size_t kMaxSteps = 65;

  Pages out_;
  size_t size_ = 0;
  size_t highest_size_ = 0;
  BoundedText fault_;
  std::string_view root_;
  End end_ = End::kWritten;
  const void* array_metatable_ = nullptr;
  bool (*stop_)(void*) = nullptr;
  void* stop_argument_ = nullptr;
  Step steps_[kMaxSteps];
  size_t depth_ = 0;
  Field* fields_ = nullptr;  // of all objects being written, the innermost last
  size_t field_count_ = 0;
  size_t field_capacity_ = 0;
};

}  // namespace sluice::sandbox
