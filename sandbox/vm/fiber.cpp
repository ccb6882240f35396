#include "sandbox/vm/fiber.h"

#include <sys/mman.h>
#include <unistd.h>

#include <utility>

#if defined(__SANITIZE_ADDRESS__)
#define SLUICE_ASAN_FIBERS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SLUICE_ASAN_FIBERS 1
#endif
#endif
#ifdef SLUICE_ASAN_FIBERS
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

namespace sluice::sandbox {
namespace {

constexpr size_t kUsedByIdle = 16 << 10;

void leaving_stack([[maybe_unused]] void** fake, [[maybe_unused]] const void* to_bottom,
                   [[maybe_unused]] size_t to_size) {
#ifdef SLUICE_ASAN_FIBERS
  __sanitizer_start_switch_fiber(fake, to_bottom, to_size);
#endif
}

void entered_stack([[maybe_unused]] void* fake, [[maybe_unused]] const void** from_bottom,
                   [[maybe_unused]] size_t* from_size) {
#ifdef SLUICE_ASAN_FIBERS
  __sanitizer_finish_switch_fiber(fake, from_bottom, from_size);
#endif
}

// The fiber's Stack, as Boost wants it.
class StackGiver {
 public:
  explicit StackGiver(const Stack& stack) : stack_(stack) {}
  boost::context::stack_context allocate() {
    boost::context::stack_context context;
    context.size = stack_.size();
    context.sp = stack_.top();
    return context;
  }
  void deallocate(boost::context::stack_context&) {}

 private:
  const Stack& stack_;
};

}  // namespace

Stack::~Stack() {
  if (mapped_ == nullptr) return;
#ifdef SLUICE_ASAN_FIBERS
  // Whatever is mapped here next is no stack with frames.
  __asan_unpoison_memory_region(mapped_, mapped_size_);
#endif
  munmap(mapped_, mapped_size_);
}

// First all without access, then all but the lowest page over it: mprotect is not allowed to
// workers.
bool Stack::map(size_t bytes) {
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const size_t size = (bytes + page - 1) & ~(page - 1);
  constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
  void* const all = mmap(nullptr, size + page, PROT_NONE, kFlags, -1, 0);
  if (all == MAP_FAILED) return false;
  mapped_ = static_cast<char*>(all);
  mapped_size_ = size + page;
  if (mmap(mapped_ + page, size, PROT_READ | PROT_WRITE, kFlags | MAP_FIXED, -1, 0) == MAP_FAILED)
    return false;
  usable_ = mapped_ + page;
  size_ = size;
  madvise(usable_, size_, MADV_NOHUGEPAGE);
  return true;
}

void Stack::discard_below(size_t kept) {
  if (kept < size_) madvise(usable_, size_ - kept, MADV_DONTNEED);
}

bool Fiber::prepare(void (*body)(void*), void* argument) {
  body_ = body;
  argument_ = argument;
  if (!stack_.map(kStackBytes)) return false;
  // To make one is to go there for a moment. The frame that is left there must not be among those
  // that the sanitizer keeps for this stack.
  leaving_stack(&outside_fake_, stack_.bottom(), stack_.size());
  inside_ = boost::context::fiber(
      std::allocator_arg, StackGiver(stack_),
      [this](boost::context::fiber&& outside) { return run(std::move(outside)); });
  entered_stack(nullptr, &outside_bottom_, &outside_size_);
  leaving_stack(nullptr, outside_bottom_, outside_size_);
  entered_stack(outside_fake_, nullptr, nullptr);
  return true;
}

boost::context::fiber Fiber::run(boost::context::fiber&& outside) {
  entered_stack(nullptr, &outside_bottom_, &outside_size_);
  outside_ = std::move(outside);
  body_(argument_);
  leaving_stack(nullptr, outside_bottom_, outside_size_);
  return std::move(outside_);
}

void Fiber::resume() {
  leaving_stack(&outside_fake_, stack_.bottom(), stack_.size());
  inside_ = std::move(inside_).resume();
  entered_stack(outside_fake_, nullptr, nullptr);
}

void Fiber::suspend() {
  leaving_stack(&inside_fake_, outside_bottom_, outside_size_);
  outside_ = std::move(outside_).resume();
  entered_stack(inside_fake_, &outside_bottom_, &outside_size_);
}

void Fiber::release_memory() {
  stack_.discard_below(kUsedByIdle);
}

}  // namespace sluice::sandbox
