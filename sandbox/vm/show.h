// How values without a text of their own are shown: "table: 1", "function: 2".
//
// Lua shows an address. Ours would tell where the process has its memory, and differ from run to
// run. So objects are numbered in the order in which they are first shown: the same object has the
// same number for the whole invocation, two objects never have the same. What the top level has
// shown keeps its number in every invocation. The numbers lie in a weak table, made when first
// needed.
#pragma once

#include <cstddef>

struct lua_State;

namespace sluice::sandbox {

// As luaL_tolstring, without addresses. Pushes the text; may raise Lua errors.
const char* push_text(lua_State* L, int index, size_t* length);

}  // namespace sluice::sandbox
