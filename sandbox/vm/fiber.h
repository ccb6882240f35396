// Fiber: a C stack of its own, on which a function runs until it suspends itself and is resumed.
//
// The switch is Boost.Context's: 14 ns, no system call. So Lua code can wait wherever it stands:
// inside a C function of Lua's library that called it, or a chain of coroutines. What lies on the
// stack stays there, untouched, until the fiber is resumed. A stack that overflows meets a page
// without access, and the process dies.
#pragma once

#include <boost/context/fiber.hpp>
#include <cstddef>

namespace sluice::sandbox {

// A mapped stack with a page without access below it. Needs mmap alone, which a confined worker
// has. Pages that were never touched cost nothing.
class Stack {
 public:
  Stack() = default;
  ~Stack();
  Stack(const Stack&) = delete;
  Stack& operator=(const Stack&) = delete;

  bool map(size_t bytes);
  // Gives back what lies further down than `kept` bytes from the top. Nothing there may be in use.
  void discard_below(size_t kept);

  char* bottom() const { return usable_; }
  char* top() const { return usable_ + size_; }
  size_t size() const { return size_; }

 private:
  char* mapped_ = nullptr;
  size_t mapped_size_ = 0;
  char* usable_ = nullptr;
  size_t size_ = 0;
};

class Fiber {
 public:
  static constexpr size_t kStackBytes = 4 << 20;
  static constexpr size_t kMappedBytes = kStackBytes + (64 << 10);  // with the guard, at most

  // `body(argument)` is called by the first resume(), on the fiber's stack; nothing may be thrown
  // out of it. False when the system has no memory for a stack.
  bool prepare(void (*body)(void*), void* argument);

  // Runs the fiber until it suspends itself or its body returns.
  void resume();
  // From inside of it: goes back to who resumed it.
  void suspend();

  // What an earlier depth left behind, while it is suspended near its beginning.
  void release_memory();

 private:
  boost::context::fiber run(boost::context::fiber&& outside);

  Stack stack_;
  void (*body_)(void*) = nullptr;
  void* argument_ = nullptr;
  boost::context::fiber inside_;   // while it is suspended
  boost::context::fiber outside_;  // while it runs

  // What the address sanitizer wants to know of stacks.
  void* outside_fake_ = nullptr;
  void* inside_fake_ = nullptr;
  const void* outside_bottom_ = nullptr;
  size_t outside_size_ = 0;
};

}  // namespace sluice::sandbox
