// Once: a callable that can be moved but not copied, so that it can own what it answers with (a
// Responder). Small ones live inside it: no allocation for each continuation.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace sluice::api {

template <class Signature>
class Once;

// To be called at most once. Empty after a move and by default.
template <class... Args>
class Once<void(Args...)> {
 public:
  Once() = default;
  Once(std::nullptr_t) {}

  template <class F>
  requires(!std::is_same_v<std::decay_t<F>, Once> && std::is_invocable_v<std::decay_t<F>&, Args...>)
      Once(F&& function) {
    using Function = std::decay_t<F>;
    if constexpr (sizeof(Function) <= kRoom && alignof(Function) <= alignof(std::max_align_t) &&
                  std::is_nothrow_move_constructible_v<Function>) {
      new (room_) Function(std::forward<F>(function));
      does_ = &kDoes<Function>;
    } else {
      auto boxed = [box = std::make_unique<Function>(std::forward<F>(function))](Args... args) {
        (*box)(std::forward<Args>(args)...);
      };
      new (room_) decltype(boxed)(std::move(boxed));
      does_ = &kDoes<decltype(boxed)>;
    }
  }

  Once(Once&& other) noexcept { take(other); }
  Once& operator=(Once&& other) noexcept {
    if (this != &other) {
      reset();
      take(other);
    }
    return *this;
  }
  ~Once() { reset(); }

  explicit operator bool() const { return does_ != nullptr; }
  void operator()(Args... args) { does_->call(room_, std::forward<Args>(args)...); }

 private:
  static constexpr size_t kRoom = 48;

  struct Does {
    void (*call)(void*, Args...);
    void (*move)(void* from, void* to);
    void (*destroy)(void*);
  };

  template <class Function>
  static constexpr Does kDoes = {
      [](void* at, Args... args) { (*static_cast<Function*>(at))(std::forward<Args>(args)...); },
      [](void* from, void* to) {
        new (to) Function(std::move(*static_cast<Function*>(from)));
        static_cast<Function*>(from)->~Function();
      },
      [](void* at) { static_cast<Function*>(at)->~Function(); },
  };

  void take(Once& other) {
    if (!other.does_) return;
    other.does_->move(other.room_, room_);
    does_ = std::exchange(other.does_, nullptr);
  }
  void reset() {
    if (const Does* does = std::exchange(does_, nullptr)) does->destroy(room_);
  }

  alignas(std::max_align_t) std::byte room_[kRoom];
  const Does* does_ = nullptr;
};

}  // namespace sluice::api
