#include "sandbox/vm/traceback.h"

#include <lua.hpp>
#include <string_view>

namespace sluice::sandbox {
namespace {

// Of a deep stack, the first and the last levels are shown.
constexpr int kFirstLevels = 10;
constexpr int kLastLevels = 11;

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

void write_level(BoundedText& text, const lua_Debug& level, bool is_called_by_us) {
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
}

void write_levels(BoundedText& text, lua_State* L, int first_level, bool is_outermost) {
  const int levels = count_levels(L);
  // The outermost coroutine's last level is the C function that calls `main`; nobody asked for it.
  const int end = is_outermost && levels > 1 ? levels - 1 : levels;
  const bool shortened = end - first_level > kFirstLevels + kLastLevels;
  for (int index = first_level; index < end; ++index) {
    if (shortened && index == first_level + kFirstLevels) {
      text.append("\n\t...");
      index = end - kLastLevels;
    }
    lua_Debug level;
    if (!lua_getstack(L, index, &level) || !lua_getinfo(L, "Slnt", &level)) return;
    write_level(text, level, is_outermost && index == levels - 2);
    if (level.istailcall) text.append("\n\t(...tail calls...)");
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
