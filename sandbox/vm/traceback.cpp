#include "sandbox/vm/traceback.h"

#include <lua.hpp>
#include <string_view>

namespace sluice::sandbox {
namespace {

// Of a deep stack, the first and the last levels are shown.
constexpr int kFirstLevels = 10;
constexpr int kLastLevels = 11;

// Lua finds a level by walking there, so the far end of a stack that is very deep is too far: a
// traceback is wanted where time is up.
constexpr int kDeepest = 2'000;

// Not of a stack that is deeper than that.
int count_levels(lua_State* L) {
  lua_Debug activation;
  int low = 0;
  int high = 1;
  while (lua_getstack(L, high, &activation)) {
    low = high;
    high *= 2;
  }
  while (low + 1 < high) {
    const int middle = low + (high - low) / 2;
    (lua_getstack(L, middle, &activation) ? low : high) = middle;
  }
  return lua_getstack(L, low, &activation) ? low + 1 : 0;
}

void write_level(BoundedText& text, lua_State* L, lua_Debug& level, bool is_called_by_us) {
  if (!lua_getinfo(L, "Slnt", &level)) return;
  const std::string_view what = level.what;
  const std::string_view kind = level.namewhat;
  text.append("\n\t");
  text.append(level.short_src);
  text.append(":");
  if (level.currentline > 0) {
    text.append_number(level.currentline);
    text.append(":");
  }
  text.append(" in ");
  if (what == "main") {
    text.append("main chunk");
  } else if (is_called_by_us && kind.empty()) {
    text.append("function 'main'");
  } else if (!kind.empty() && level.name != nullptr) {
    text.append(kind == "global" ? "function" : kind);
    text.append(" '");
    text.append(level.name);
    text.append("'");
  } else if (what == "C") {
    text.append("?");
  } else {
    text.append("function <");
    text.append(level.short_src);
    text.append(":");
    text.append_number(level.linedefined);
    text.append(">");
  }
  if (level.istailcall) text.append("\n\t(...tail calls...)");
}

void write_levels(BoundedText& text, lua_State* L, int first_level, bool is_outermost) {
  lua_Debug level;
  if (lua_getstack(L, kDeepest, &level)) {
    for (int index = first_level; index < kFirstLevels + kLastLevels; ++index)
      if (lua_getstack(L, index, &level)) write_level(text, L, level, false);
    text.append("\n\t...");
    return;
  }
  const int levels = count_levels(L);
  // The outermost coroutine's last level is the C function that calls `main`; nobody asked for it.
  const int end = is_outermost && levels > 1 ? levels - 1 : levels;
  const bool shortened = end - first_level > kFirstLevels + kLastLevels;
  for (int index = first_level; index < end; ++index) {
    if (shortened && index == first_level + kFirstLevels) {
      text.append("\n\t...");
      index = end - kLastLevels;
    }
    if (!lua_getstack(L, index, &level)) return;
    write_level(text, L, level, is_outermost && index == levels - 2);
  }
}

}  // namespace

void write_traceback(BoundedText& text, const Deadline::Running* running, int first_level) {
  text.clear();
  if (running == nullptr) return;
  text.append("stack traceback:");
  for (; running != nullptr; running = running->resumer) {
    write_levels(text, running->state, first_level, running->resumer == nullptr);
    if (running->resumer != nullptr) text.append("\n\t(...resumed by...)");
    first_level = 0;
  }
}

}  // namespace sluice::sandbox
