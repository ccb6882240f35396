// JSON into Lua tables.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

struct lua_State;

namespace sluice::sandbox {

// Null in an object is left out; in an array it is the `null` value. Arrays carry the marker's
// metatable. Integers become Lua integers, other numbers floats.
class JsonReader {
 public:
  JsonReader();
  ~JsonReader();

  // Parses, outside of Lua. An error message, or nullptr.
  const char* parse(std::string_view text);

  // Pushes what was parsed. Raises Lua errors (memory, a full stack): call it protected.
  void push(lua_State* L) const;

  // Gives the buffers that a large text left back.
  void release_memory();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::sandbox
