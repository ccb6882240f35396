// What Redis does in one step: Lua scripts, each with its arguments and its answer. KEYS[1] is
// always the base of the fleet's names (keys.h), from which scripts make the others: they share its
// hash tag, and so its slot.
#pragma once

#include <array>
#include <string>

namespace sluice::redis {

struct Script {
  const char* name;  // in logs and metrics
  std::string text;
};

// All of them; made once for each queue.
struct Scripts {
  Scripts();

  // ARGV: capacity, then for each entry its id and its LANE. Ids that are known are left where they
  // are. At the capacity only lanes are taken in that hold less than their share of an eighth of
  // it. Answers the positions, from 1, of the entries that did not fit.
  Script push;

  // ARGV: runner, how many at most, for how many ms the runner is alive, 1 to give nothing before
  // the rules are complete (else 0), NS/ACTION of those that are passed over. Moves ids to the
  // runner, one from each lane of the highest priority in turn, but from no lane that is passed
  // over, paused or at its cap. Answers the ids.
  Script take;

  // ARGV: runner, news ("" or what to publish), ids. Forgets those of the ids that the runner
  // holds.
  Script settle;

  // ARGV: runner, ids. Those that the runner holds go back to the front of their lanes, the first
  // foremost. Without ids: everything it holds, and the runner is not among the runners any more.
  Script give_back;

  // ARGV: runner, for how many ms it is alive, what it says of itself.
  Script heartbeat;

  // ARGV: for how many ms runners are alive after a sign of life. Answers for each that is alive:
  // name, what it says of itself, how many ms ago it was heard of.
  Script runners;

  // No ARGV. Gives back what runners hold that are not alive, and forgets them. Answers how many
  // ids that were.
  Script rescue;

  // ARGV: task, who, for how many ms (0: give up). Answers 1 when `who` does the task.
  Script lead;

  // No ARGV. Answers how many ids wait, and how many runners hold.
  Script depth;

  // ARGV: NS/ACTION, paused (0 or 1), max_delivered (0: no cap).
  Script restrain;

  // No ARGV. Answers whether the rules are complete (0 or 1), for how many ms they are known not to
  // be, then the fields and values of rules.
  Script rules;

  // No ARGV.
  Script rules_complete;

  // ARGV: runner, then for each entry its id and its LANE. Those that no runner holds are this
  // runner's. Answers how many that were.
  Script hold;

  std::array<const Script*, 13> all() const {
    return {&push, &take,  &settle,   &give_back, &heartbeat,      &runners, &rescue,
            &lead, &depth, &restrain, &rules,     &rules_complete, &hold};
  }
};

}  // namespace sluice::redis
