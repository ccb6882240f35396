// Lifetime: lets callbacks given to a store or a compiler outlive the API that asked.
#pragma once

#include <functional>
#include <memory>
#include <utility>

namespace sluice::api {

// `guard(f)` gives a function that does what `f` does while this Lifetime exists, and nothing
// after.
class Lifetime {
 public:
  template <class F>
  auto guard(F function) const {
    return [alive = std::weak_ptr<int>(token_),
            function = std::make_shared<F>(std::move(function))](auto&&... args) {
      if (!alive.expired()) (*function)(std::forward<decltype(args)>(args)...);
    };
  }

 private:
  std::shared_ptr<int> token_ = std::make_shared<int>(0);
};

}  // namespace sluice::api
