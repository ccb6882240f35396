#include "queue/redis/scripts.h"

namespace sluice::redis {
namespace {

// What several scripts do. A script that uses none of it pays a few microseconds for its
// definition.
constexpr const char* kCommon = R"lua(
local base = KEYS[1]
local places, waiting, runners = base .. 'places', base .. 'waiting', base .. 'runners'

local function split(lane)
  local priority, ns, action = string.match(lane, '^(-?%d+)/([^/]*)/[^/]*/([^/]*)$')
  return priority, ns .. '/' .. action
end

-- Its lane holds something from now on: it takes part in the turns.
local function join_ring(lane)
  local priority = split(lane)
  redis.call('RPUSH', base .. 'ring:' .. priority, lane)
  redis.call('ZADD', base .. 'priorities', priority, priority)
end

local function wake()
  if redis.call('LLEN', base .. 'wake') == 0 then redis.call('RPUSH', base .. 'wake', '1') end
end

-- Keeps a key for so long. By PEXPIRE where it is there already: that is allowed when memory is full, and with one write
-- done Redis allows the script all others. So a full Redis can still be emptied.
local function keep(key, value, ms)
  if redis.call('PEXPIRE', key, ms) == 0 then redis.call('SET', key, value, 'PX', ms) end
end

-- One id of `runner`'s, which was in `lane`, to the front of it.
local function put_back(id, lane)
  local _, rule = split(lane)
  redis.call('HSET', places, id, lane)
  redis.call('HINCRBY', base .. 'running', rule, -1)
  if redis.call('LPUSH', base .. 'lane:' .. lane, id) == 1 then join_ring(lane) end
end

-- Everything that `runner` holds, and the runner itself. Ids begin with their time: the oldest comes first again.
local function remove_runner(runner)
  local held = redis.call('HGETALL', base .. 'held:' .. runner)
  local lanes, ids = {}, {}
  for i = 1, #held, 2 do
    ids[#ids + 1] = held[i]
    lanes[held[i]] = held[i + 1]
  end
  table.sort(ids)
  redis.call('DEL', base .. 'held:' .. runner, base .. 'alive:' .. runner)  -- first, see `keep`
  for i = #ids, 1, -1 do put_back(ids[i], lanes[ids[i]]) end
  redis.call('HDEL', runners, runner)
  if #ids > 0 then
    redis.call('INCRBY', waiting, #ids)
    wake()
  end
  return #ids
end
)lua";

constexpr const char* kPush = R"lua(
local count = tonumber(redis.call('GET', waiting) or '0')
local capacity = tonumber(ARGV[1])
local refused, added, lanes = {}, {}, {}

-- Asked only where the queue is full: whoever fills it leaves the others room for some entries.
local held, sharing = {}, nil
local function has_its_share(lane)
  if not sharing then
    sharing = 0
    for _, priority in ipairs(redis.call('ZRANGE', base .. 'priorities', 0, -1)) do
      sharing = sharing + redis.call('LLEN', base .. 'ring:' .. priority)
    end
    for _, new in ipairs(lanes) do
      if redis.call('EXISTS', base .. 'lane:' .. new) == 0 then sharing = sharing + 1 end
    end
  end
  held[lane] = held[lane] or redis.call('LLEN', base .. 'lane:' .. lane)
  local holds = held[lane] + (added[lane] and #added[lane] or 0)
  local is_new = holds == 0 and 1 or 0
  if holds >= math.max(1, math.floor(capacity / 8 / (sharing + is_new))) then return true end
  sharing = sharing + is_new
  return false
end

for i = 2, #ARGV, 2 do
  local id, lane = ARGV[i], ARGV[i + 1]
  if count >= capacity and redis.call('HEXISTS', places, id) == 0 and has_its_share(lane) then
    refused[#refused + 1] = i / 2
  elseif redis.call('HSETNX', places, id, lane) == 1 then
    count = count + 1
    if not added[lane] then
      added[lane] = {}
      lanes[#lanes + 1] = lane
    end
    table.insert(added[lane], id)
  end
end
local all = 0
for _, lane in ipairs(lanes) do
  local ids = added[lane]
  if redis.call('RPUSH', base .. 'lane:' .. lane, unpack(ids)) == #ids then join_ring(lane) end
  all = all + #ids
end
if all > 0 then
  redis.call('INCRBY', waiting, all)
  wake()
end
return refused
)lua";

constexpr const char* kTake = R"lua(
local runner, max, ttl = ARGV[1], tonumber(ARGV[2]), ARGV[3]
keep(base .. 'alive:' .. runner, '1', ttl)
redis.call('HSETNX', runners, runner, '')

if ARGV[4] == '1' and redis.call('EXISTS', base .. 'ruled') == 0 then return {} end

-- How many ids of an action may still be given out: none of those that the runner passes over; of others it is looked up
-- for the lanes that are met.
local any_rules = redis.call('EXISTS', base .. 'rules') == 1
local room = {}
for i = 5, #ARGV do room[ARGV[i]] = 0 end
local function room_of(rule)
  if not any_rules then return room[rule] or math.huge end
  if not room[rule] then
    local paused, cap = string.match(redis.call('HGET', base .. 'rules', rule) or '0 0',
                                     '^(%d) (%d+)$')
    room[rule] = paused == '1' and 0 or cap == '0' and math.huge or
        tonumber(cap) - tonumber(redis.call('HGET', base .. 'running', rule) or '0')
  end
  return room[rule]
end

local got, holds, moves, taken = {}, {}, {}, {}
local function take(id, lane, rule)
  got[#got + 1] = id
  holds[#holds + 1] = id
  holds[#holds + 1] = lane
  moves[#moves + 1] = id
  moves[#moves + 1] = '@' .. runner
  taken[rule] = (taken[rule] or 0) + 1
end

for _, priority in ipairs(redis.call('ZREVRANGE', base .. 'priorities', 0, -1)) do
  local ring = base .. 'ring:' .. priority
  local lanes = redis.call('LLEN', ring)
  local skipped = 0
  while #got < max and skipped < lanes do
    local lane = redis.call('LPOP', ring)
    local _, rule = split(lane)
    local left = math.max(0, room_of(rule) - (taken[rule] or 0))
    if left == 0 then
      skipped = skipped + 1
      redis.call('RPUSH', ring, lane)
    else
      skipped = 0
      local queue = base .. 'lane:' .. lane
      local turn = lanes == 1 and math.min(max - #got, left) or 1  -- nobody to take turns with
      for _, id in ipairs(redis.call('LPOP', queue, turn) or {}) do take(id, lane, rule) end
      if redis.call('EXISTS', queue) == 1 then
        redis.call('RPUSH', ring, lane)
      else
        lanes = lanes - 1
      end
    end
  end
  if lanes == 0 then redis.call('ZREM', base .. 'priorities', priority) end
  if #got == max then break end
end
if #got == 0 then return got end

redis.call('HSET', base .. 'held:' .. runner, unpack(holds))
redis.call('HSET', places, unpack(moves))
for rule, count in pairs(taken) do redis.call('HINCRBY', base .. 'running', rule, count) end
if redis.call('DECRBY', waiting, #got) > 0 then
  wake()
else
  redis.call('DEL', base .. 'wake')  -- who came for it would find nothing
end
return got
)lua";

constexpr const char* kSettle = R"lua(
local runner, news = ARGV[1], ARGV[2]
if #ARGV > 2 then
  local held = base .. 'held:' .. runner
  local ids = {}
  for i = 3, #ARGV do ids[#ids + 1] = ARGV[i] end
  local lanes = redis.call('HMGET', held, unpack(ids))
  local mine, ended, seen = {}, {}, {}
  for i, id in ipairs(ids) do
    if lanes[i] and not seen[id] then
      seen[id] = true
      mine[#mine + 1] = id
      local _, rule = split(lanes[i])
      ended[rule] = (ended[rule] or 0) + 1
    end
  end
  if #mine > 0 then
    redis.call('HDEL', held, unpack(mine))
    redis.call('HDEL', places, unpack(mine))
    for rule, count in pairs(ended) do
      if redis.call('HINCRBY', base .. 'running', rule, -count) <= 0 then
        redis.call('HDEL', base .. 'running', rule)
      end
    end
    -- What was held back by a cap may go on.
    if redis.call('EXISTS', base .. 'rules') == 1 and
        tonumber(redis.call('GET', waiting) or '0') > 0 then
      wake()
    end
  end
end
if news ~= '' then redis.call('PUBLISH', base .. 'ended', news) end
return 1
)lua";

constexpr const char* kGiveBack = R"lua(
local runner = ARGV[1]
if #ARGV == 1 then return remove_runner(runner) end
local held = base .. 'held:' .. runner
local count = 0
for i = #ARGV, 2, -1 do
  local lane = redis.call('HGET', held, ARGV[i])
  if lane then
    redis.call('HDEL', held, ARGV[i])
    put_back(ARGV[i], lane)
    count = count + 1
  end
end
if count > 0 then
  redis.call('INCRBY', waiting, count)
  wake()
end
return count
)lua";

constexpr const char* kHeartbeat = R"lua(
keep(base .. 'alive:' .. ARGV[1], '1', ARGV[2])
redis.call('HSET', runners, ARGV[1], ARGV[3])
return 1
)lua";

constexpr const char* kRunners = R"lua(
local alive = {}
local all = redis.call('HGETALL', runners)
for i = 1, #all, 2 do
  local left = redis.call('PTTL', base .. 'alive:' .. all[i])
  if left > 0 then
    alive[#alive + 1] = {all[i], all[i + 1], math.max(0, tonumber(ARGV[1]) - left)}
  end
end
return alive
)lua";

constexpr const char* kRescue = R"lua(
local count = 0
for _, runner in ipairs(redis.call('HKEYS', runners)) do
  if redis.call('EXISTS', base .. 'alive:' .. runner) == 0 then
    count = count + remove_runner(runner)
  end
end
return count
)lua";

constexpr const char* kLead = R"lua(
local key, who, ms = base .. 'lead:' .. ARGV[1], ARGV[2], tonumber(ARGV[3])
local leader = redis.call('GET', key)
if leader and leader ~= who then return 0 end
if ms > 0 then
  keep(key, who, ms)
else
  redis.call('DEL', key)
end
return 1
)lua";

constexpr const char* kDepth = R"lua(
local count = tonumber(redis.call('GET', waiting) or '0')
return {count, redis.call('HLEN', places) - count}
)lua";

constexpr const char* kRestrain = R"lua(
if ARGV[2] == '0' and ARGV[3] == '0' then
  redis.call('HDEL', base .. 'rules', ARGV[1])
else
  redis.call('HSET', base .. 'rules', ARGV[1], ARGV[2] .. ' ' .. ARGV[3])
end
if tonumber(redis.call('GET', waiting) or '0') > 0 then wake() end
return 1
)lua";

constexpr const char* kRules = R"lua(
local complete, forgotten_for = redis.call('EXISTS', base .. 'ruled'), 0
if complete == 0 then
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  local since = redis.call('GET', base .. 'unruled')
  if not since then redis.call('SET', base .. 'unruled', string.format('%d', now)) end
  forgotten_for = since and math.max(0, now - tonumber(since)) or 0
end
local all = redis.call('HGETALL', base .. 'rules')
table.insert(all, 1, forgotten_for)
table.insert(all, 1, complete)
return all
)lua";

constexpr const char* kRulesComplete = R"lua(
redis.call('SET', base .. 'ruled', '1')
redis.call('DEL', base .. 'unruled')
if tonumber(redis.call('GET', waiting) or '0') > 0 then wake() end
return 1
)lua";

constexpr const char* kHold = R"lua(
local runner, count = ARGV[1], 0
for i = 2, #ARGV, 2 do
  local id, lane = ARGV[i], ARGV[i + 1]
  local place = redis.call('HGET', places, id)
  if place and string.sub(place, 1, 1) ~= '@' then
    -- Somebody thought it lost and pushed it again.
    redis.call('LREM', base .. 'lane:' .. place, 1, id)
    if redis.call('EXISTS', base .. 'lane:' .. place) == 0 then
      redis.call('LREM', base .. 'ring:' .. split(place), 1, place)
    end
    redis.call('DECR', waiting)
    place = false
  end
  if not place then
    local _, rule = split(lane)
    redis.call('HSET', places, id, '@' .. runner)
    redis.call('HSET', base .. 'held:' .. runner, id, lane)
    redis.call('HINCRBY', base .. 'running', rule, 1)
    count = count + 1
  end
end
if count > 0 then redis.call('HSETNX', runners, runner, '') end
return count
)lua";

Script make(const char* name, const char* text) {
  return {name, std::string(kCommon) + text};
}

}  // namespace

Scripts::Scripts()
    : push(make("push", kPush)),
      take(make("take", kTake)),
      settle(make("settle", kSettle)),
      give_back(make("give_back", kGiveBack)),
      heartbeat(make("heartbeat", kHeartbeat)),
      runners(make("runners", kRunners)),
      rescue(make("rescue", kRescue)),
      lead(make("lead", kLead)),
      depth(make("depth", kDepth)),
      restrain(make("restrain", kRestrain)),
      rules(make("rules", kRules)),
      rules_complete(make("rules_complete", kRulesComplete)),
      hold(make("hold", kHold)) {}

}  // namespace sluice::redis
