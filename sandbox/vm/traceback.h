// Lua's traceback, written without allocating: it is wanted where memory or time is up.
#pragma once

#include "sandbox/vm/deadline.h"
#include "sandbox/vm/text.h"

namespace sluice::sandbox {

// Replaces `text` by the traceback of the running coroutine, from `first_level` on, and of those
// that resumed it.
void write_traceback(BoundedText& text, const Deadline::Running* running, int first_level = 0);

}  // namespace sluice::sandbox
