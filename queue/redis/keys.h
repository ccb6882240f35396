// The names of everything that a fleet keeps in Redis. All begin with {PREFIX}: the braces are a
// hash tag, which puts the keys of one fleet into one slot of a Redis Cluster, so that a script may
// use them together, and several fleets share a cluster. Scripts make the names of lanes, rings and
// runners themselves, from the same prefix.
//
//   {P}:lane:LANE      list    ids that wait, the next one first
//   {P}:ring:PRIORITY  list    lanes of that priority that hold something; whose turn it is, first
//   {P}:priorities     zset    the priorities that have a ring, by their number
//   {P}:places         hash    id → where it is: its LANE, or "@" and the runner that holds it
//   {P}:waiting        string  how many ids wait
//   {P}:held:RUNNER    hash    id → LANE: given to the runner and not acknowledged. A hash, not a
//                              list, so that acknowledging one of many does not search them
//   {P}:running        hash    NS/ACTION → how many ids runners hold
//   {P}:rules          hash    NS/ACTION → "paused max_delivered"
//   {P}:ruled          string  there while `rules` holds all that there are
//   {P}:unruled        string  else, the time at which somebody first noticed, in ms
//   {P}:runners        hash    RUNNER → what it says of itself (its RunnerInfo, as JSON)
//   {P}:alive:RUNNER   string  there while the runner is: every take and heartbeat keeps it for
//                              some seconds more
//   {P}:wake           list    one token or none: somebody who waits should look again
//   {P}:wake:PROCESS   list    likewise, for the runners of one process; for 10 s
//   {P}:lead:TASK      string  who does the task, for as long as its lease
//   {P}:ended          channel announcements: a byte of version, then ids, 16 bytes each
//
// An id is its 16 bytes. LANE is PRIORITY/NS/QUEUE/ACTION, each percent-encoded:
// "0/default/default/hello".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "queue/queue.h"

namespace sluice::redis {

class Keys {
 public:
  explicit Keys(std::string_view prefix) : base_("{" + std::string(prefix) + "}:") {}

  const std::string& base() const { return base_; }  // of every name
  std::string wake() const { return base_ + "wake"; }
  std::string wake_of(std::string_view process) const {
    return base_ + "wake:" + std::string(process);
  }
  std::string held(std::string_view runner) const { return base_ + "held:" + std::string(runner); }
  std::string ended() const { return base_ + "ended"; }

 private:
  std::string base_;
};

std::string lane_name(const Lane& lane);
std::string rule_name(std::string_view ns, std::string_view action);  // NS/ACTION

// Of a field and value of {P}:rules. nullopt: of another make.
std::optional<ActionRule> read_rule(std::string_view name, std::string_view value);

inline constexpr char kAnnouncementVersion = 1;

}  // namespace sluice::redis
