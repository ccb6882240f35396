// How many invocations ran at the same time, as their records tell.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace sluice::test {

// Of spans [begin, end): one that begins when another ends does not meet it. Moment: ordered.
template <class Moment>
size_t most_at_once(const std::vector<std::pair<Moment, Moment>>& spans) {
  std::vector<std::pair<Moment, int>> steps;
  for (const auto& [begin, end] : spans) {
    steps.emplace_back(begin, 1);
    steps.emplace_back(end, -1);
  }
  std::sort(steps.begin(), steps.end());  // an end comes before a begin of the same moment
  int now = 0, most = 0;
  for (const auto& [at, step] : steps) most = std::max(most, now += step);
  return static_cast<size_t>(most);
}

}  // namespace sluice::test
