#include "sandbox/vm/json_write.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <lua.hpp>

#include "base/utf8.h"
#include "sandbox/limits.h"

namespace sluice::sandbox {
namespace {

constexpr size_t kMaxPathBytes = 1024;
constexpr size_t kMaxKeyBytesShown = 64;
constexpr size_t kKeptBytes = 64 << 10;
constexpr const void* kNoTable = &kKeptBytes;  // no table's address

bool is_identifier(std::string_view key) {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  if (key.empty() || !letter(key[0])) return false;
  return std::all_of(key.begin(), key.end(),
                     [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

// What cannot stand in a JSON string as it is, or needs a look: quotes, backslashes, controls,
// non-ASCII.
bool is_plain(char c) {
  const unsigned char byte = static_cast<unsigned char>(c);
  return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
}

}  // namespace

JsonWriter::JsonWriter() : fault_(kMaxPathBytes + 256) {}
JsonWriter::~JsonWriter() {
  std::free(fields_);
}

bool JsonWriter::prepare() {
  return out_.map(kMaxResultBytes);
}

void JsonWriter::release_memory() {
  if (highest_size_ > kKeptBytes) out_.discard(kKeptBytes);
  highest_size_ = 0;
  std::free(fields_);
  fields_ = nullptr;
  field_capacity_ = 0;
}

JsonWriter::End JsonWriter::write(lua_State* L, std::string_view root, const void* array_metatable,
                                  bool (*stop)(void*), void* argument) {
  root_ = root;
  array_metatable_ = array_metatable;
  stop_ = stop;
  stop_argument_ = argument;
  size_ = depth_ = field_count_ = 0;
  end_ = End::kWritten;
  fault_.clear();
  write_value(L);
  highest_size_ = std::max(highest_size_, size_);
  return end_;
}

bool JsonWriter::put(char byte) {
  if (size_ == kMaxResultBytes) return fail("");
  out_.data()[size_++] = byte;
  return true;
}

bool JsonWriter::put(std::string_view bytes) {
  if (bytes.size() > kMaxResultBytes - size_) return fail("");
  std::memcpy(out_.data() + size_, bytes.data(), bytes.size());
  size_ += bytes.size();
  return true;
}

// Says where the fault is and what it is; without `why`, that the whole is too long.
bool JsonWriter::fail(std::string_view why) {
  end_ = End::kNoForm;
  fault_.clear();
  fault_.append(root_);
  if (why.empty()) {
    fault_.append(": longer than ");
    fault_.append_number(kMaxResultBytes);
    fault_.append(" bytes as JSON");
    return false;
  }
  for (size_t at = 0; at < depth_; ++at) {
    const Step& step = steps_[at];
    if (step.table == nullptr) break;  // in the table itself, not in one of its values
    const std::string_view key = step.key.substr(0, kMaxKeyBytesShown);
    if (step.index != 0) {
      fault_.append("[");
      fault_.append_number(step.index);
      fault_.append("]");
    } else if (is_identifier(key)) {
      fault_.append(".");
      fault_.append(key);
    } else {
      fault_.append("[\"");
      fault_.append(key);
      fault_.append("\"]");
    }
    if (key.size() < step.key.size()) fault_.append("…");
  }
  fault_.append(": ");
  fault_.append(why);
  return false;
}

bool JsonWriter::stop_with(End end) {
  end_ = end;
  return false;
}

bool JsonWriter::due() {
  return stop_(stop_argument_) ? !stop_with(End::kTimedOut) : false;
}

bool JsonWriter::write_value(lua_State* L) {
  switch (lua_type(L, -1)) {
    case LUA_TNIL:
      return put("null");
    case LUA_TBOOLEAN:
      return put(lua_toboolean(L, -1) ? "true" : "false");
    case LUA_TNUMBER:
      return write_number(L);
    case LUA_TSTRING: {
      size_t length = 0;
      const char* bytes = lua_tolstring(L, -1, &length);
      return write_string({bytes, length});
    }
    case LUA_TTABLE:
      return write_table(L);
    case LUA_TLIGHTUSERDATA:
      if (lua_touserdata(L, -1) == nullptr) return put("null");
      return fail("a userdata has no JSON form");
    case LUA_TFUNCTION:
      return fail("a function has no JSON form");
    case LUA_TTHREAD:
      return fail("a coroutine has no JSON form");
    default:
      return fail("a userdata has no JSON form");
  }
}

bool JsonWriter::write_number(lua_State* L) {
  char digits[40];
  char* end = digits;
  if (lua_isinteger(L, -1)) {
    end = std::to_chars(digits, digits + sizeof digits, static_cast<int64_t>(lua_tointeger(L, -1)))
              .ptr;
    return put({digits, static_cast<size_t>(end - digits)});
  }
  const double number = lua_tonumber(L, -1);
  if (std::isnan(number)) return fail("NaN has no JSON form");
  if (std::isinf(number)) return fail("infinity has no JSON form");
  end = std::to_chars(digits, digits + sizeof digits - 2, number).ptr;
  const std::string_view written(digits, static_cast<size_t>(end - digits));
  if (written.find_first_of(".e") == std::string_view::npos) {
    *end++ = '.';
    *end++ = '0';
  }
  return put({digits, static_cast<size_t>(end - digits)});
}

bool JsonWriter::write_string(std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  const char* at = text.data();
  const char* const end = at + text.size();
  if (!put('"')) return false;
  bool checked = false;
  while (at != end) {
    const char* const run = at;
    while (at != end && is_plain(*at)) ++at;
    if (at != run && !put({run, static_cast<size_t>(at - run)})) return false;
    if (at == end) break;
    const unsigned char byte = static_cast<unsigned char>(*at);
    if (byte >= 0x80) {
      if (!checked && !is_utf8({at, static_cast<size_t>(end - at)}))
        return fail("a string that is not UTF-8 has no JSON form");
      checked = true;
      const char* const wide = at;
      while (at != end && static_cast<unsigned char>(*at) >= 0x80) ++at;
      if (!put({wide, static_cast<size_t>(at - wide)})) return false;
      continue;
    }
    ++at;
    char escape[6] = {'\\', 'u', '0', '0', kHex[byte >> 4], kHex[byte & 15]};
    size_t length = 2;
    switch (byte) {
      case '"':
      case '\\':
        escape[1] = static_cast<char>(byte);
        break;
      case '\b':
        escape[1] = 'b';
        break;
      case '\f':
        escape[1] = 'f';
        break;
      case '\n':
        escape[1] = 'n';
        break;
      case '\r':
        escape[1] = 'r';
        break;
      case '\t':
        escape[1] = 't';
        break;
      default:
        length = 6;
    }
    if (!put({escape, length})) return false;
  }
  return put('"');
}

bool JsonWriter::write_table(lua_State* L) {
  if (due()) return false;
  const void* table = lua_topointer(L, -1);
  for (size_t at = 0; at < depth_; ++at)
    if (steps_[at].table == table) return fail("a table that contains itself has no JSON form");
  if (depth_ == kMaxResultDepth) return fail("nested deeper than 64 levels");
  if (!lua_checkstack(L, 4)) return stop_with(End::kNoMemory);

  bool marked = false;
  if (lua_getmetatable(L, -1)) {
    marked = lua_topointer(L, -1) == array_metatable_;
    lua_pop(L, 1);
  }
  // The first key tells which kind it should be; the rest is then held to it.
  lua_pushnil(L);
  const bool empty = lua_next(L, -2) == 0;
  bool array = marked;
  if (!empty) {
    array = marked || lua_isinteger(L, -2);
    lua_pop(L, 2);
  }
  if (empty) return put(array ? "[]" : "{}");

  steps_[depth_++] = {nullptr, {}, 0};
  size_t length = 0;
  bool ok;
  if (array) {
    ok = check_array(L, &length);
    if (ok) {
      steps_[depth_ - 1].table = table;
      ok = write_array(L, length);
    }
  } else {
    steps_[depth_ - 1].table = nullptr;
    ok = write_object(L);
  }
  --depth_;
  return ok;
}

// Whether the keys are exactly 1 to *length.
bool JsonWriter::check_array(lua_State* L, size_t* length) {
  const size_t border = lua_rawlen(L, -1);
  size_t count = 0;
  lua_pushnil(L);
  while (lua_next(L, -2)) {
    lua_pop(L, 1);
    if (!lua_isinteger(L, -1)) return fail_key(L);
    const lua_Integer index = lua_tointeger(L, -1);
    if (index < 1) return fail("an array begins at index 1: lower indices have no JSON form");
    if (static_cast<lua_Unsigned>(index) > border) return fail_hole(L, border + 1);
    // Each item takes at least "0,".
    if (++count > kMaxResultBytes / 2) return fail("");
    if ((count & 1023) == 0 && due()) return false;
  }
  if (count < border) {
    size_t missing = 1;
    while (lua_rawgeti(L, -1, static_cast<lua_Integer>(missing)) != LUA_TNIL) {
      lua_pop(L, 1);
      ++missing;
    }
    return fail_hole(L, missing);
  }
  *length = border;
  return true;
}

bool JsonWriter::fail_hole(lua_State*, size_t index) {
  steps_[depth_ - 1] = {kNoTable, {}, static_cast<int64_t>(index)};
  return fail("an array with holes has no JSON form; put `null` where nothing is");
}

// The key on top of the stack is not of the kind that the table's others are.
bool JsonWriter::fail_key(lua_State* L) {
  const int type = lua_type(L, -1);
  if (type == LUA_TSTRING || lua_isinteger(L, -1))
    return fail("a table with both indices and strings as keys has no JSON form");
  if (type == LUA_TNUMBER) return fail("a number that is no index cannot be a key in JSON");
  if (type == LUA_TBOOLEAN) return fail("a boolean cannot be a key in JSON");
  return fail("a key that is neither a string nor an index has no JSON form");
}

bool JsonWriter::write_array(lua_State* L, size_t length) {
  if (!put('[')) return false;
  for (size_t index = 1; index <= length; ++index) {
    steps_[depth_ - 1].index = static_cast<int64_t>(index);
    if (index > 1 && !put(',')) return false;
    lua_rawgeti(L, -1, static_cast<lua_Integer>(index));
    if (!write_value(L)) return false;
    lua_pop(L, 1);
  }
  return put(']');
}

bool JsonWriter::add_field(Field field) {
  if (field_count_ == field_capacity_) {
    const size_t capacity = std::max<size_t>(64, field_capacity_ * 2);
    void* grown = std::realloc(fields_, capacity * sizeof(Field));
    if (grown == nullptr) return stop_with(End::kNoMemory);
    fields_ = static_cast<Field*>(grown);
    field_capacity_ = capacity;
  }
  fields_[field_count_++] = field;
  return true;
}

// Collects the fields, their values on Lua's stack, and writes them in the order of their keys.
// Keys are not copied: the table holds them.
bool JsonWriter::write_object(lua_State* L) {
  const int table = lua_gettop(L);
  const size_t first = field_count_;
  lua_pushnil(L);
  while (lua_next(L, table)) {
    // Below the key, which lua_next wants on top.
    lua_insert(L, -2);
    if (lua_type(L, -1) != LUA_TSTRING) return fail_key(L);
    size_t length = 0;
    const char* bytes = lua_tolstring(L, -1, &length);
    if (!add_field({{bytes, length}, lua_gettop(L) - 1})) return false;
    // Each field takes at least `"":0`, those of the objects around this one too.
    if (field_count_ * 4 > kMaxResultBytes) return fail("");
    if ((field_count_ & 1023) == 0 && due()) return false;
    if (!lua_checkstack(L, 4)) return stop_with(End::kNoMemory);
  }
  const size_t end = field_count_;
  std::sort(fields_ + first, fields_ + end,
            [](const Field& a, const Field& b) { return a.key < b.key; });

  steps_[depth_ - 1].table = lua_topointer(L, table);
  if (!put('{')) return false;
  for (size_t at = first; at < end; ++at) {
    const Field field = fields_[at];  // the array may move meanwhile
    steps_[depth_ - 1].key = field.key;
    if (at > first && !put(',')) return false;
    if (!write_string(field.key) || !put(':')) return false;
    lua_pushvalue(L, field.slot);
    if (!write_value(L)) return false;
    lua_pop(L, 1);
  }
  field_count_ = first;
  lua_settop(L, table);
  return put('}');
}

}  // namespace sluice::sandbox
