// What a runner says of itself, as it stands in Redis: JSON, with a version. Others read it, of
// this release or the one before.
#pragma once

#include <string>
#include <vector>

#include "queue/queue.h"
#include "queue/redis/handles.h"

namespace sluice::redis {

std::string to_json(const RunnerInfo& info);

// Of the script `runners`. Who has not said anything of itself yet has but a name.
std::vector<RunnerInfo> read_runners(const redisReply& reply);

}  // namespace sluice::redis
