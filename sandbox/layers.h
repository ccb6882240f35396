// The layers that confine a worker: what each is called, whether it is in force on this host, and
// what it does or why it is not there. Workers report theirs; `sluice doctor` prints them.
#pragma once

#include <string>
#include <vector>

namespace sluice::sandbox {

struct Layer {
  std::string name;  // "seccomp"
  bool in_force = false;
  std::string detail;  // in force: what it is good for; not: why not
  bool operator==(const Layer&) const = default;
};

using Layers = std::vector<Layer>;

inline constexpr size_t kMaxLayers = 32;
inline constexpr size_t kMaxLayerNameBytes = 64;
inline constexpr size_t kMaxLayerDetailBytes = 256;

}  // namespace sluice::sandbox
