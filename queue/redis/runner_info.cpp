#include "queue/redis/runner_info.h"

#include <algorithm>
#include <cstdint>

#include "base/json_doc.h"

namespace sluice::redis {
namespace {

constexpr int kVersion = 1;

std::string text_member(const cJSON* object, const char* name) {
  const cJSON* value = cJSON_GetObjectItemCaseSensitive(object, name);
  return cJSON_IsString(value) ? value->valuestring : "";
}

constexpr int64_t kLastMs = 253'402'300'799'999;  // of the year 9999

// 0 where there is none from 0 to `most`: others may write anything here.
int64_t number_member(const cJSON* object, const char* name, int64_t most) {
  const cJSON* value = cJSON_GetObjectItemCaseSensitive(object, name);
  if (!cJSON_IsNumber(value)) return 0;
  const double number = value->valuedouble;
  return number >= 0 && number <= static_cast<double>(most) ? static_cast<int64_t>(number) : 0;
}

void read_info(std::string_view json, RunnerInfo& into) {
  const auto document = parse_json(json, "runner");
  if (!document.ok()) return;  // of a release that says it otherwise: its name is enough
  const cJSON* object = document->get();
  into.host = text_member(object, "host");
  into.version = text_member(object, "version");
  into.since = WallTime(Millis(number_member(object, "since_ms", kLastMs)));
  into.workers = static_cast<uint32_t>(number_member(object, "workers", UINT32_MAX));
  into.running = static_cast<uint32_t>(number_member(object, "running", UINT32_MAX));
}

}  // namespace

std::string to_json(const RunnerInfo& info) {
  JsonObject object;
  object.integer("v", kVersion);
  object.text("host", info.host);
  object.text("version", info.version);
  object.integer("since_ms", info.since.time_since_epoch().count());
  object.integer("workers", info.workers);
  object.integer("running", info.running);
  return object.print();
}

std::vector<RunnerInfo> read_runners(const redisReply& reply) {
  std::vector<RunnerInfo> runners;
  if (!is_array(reply)) return runners;
  for (size_t i = 0; i < reply.elements; ++i) {
    const redisReply& item = *reply.element[i];
    if (!is_array(item) || item.elements != 3) continue;
    RunnerInfo info;
    info.name = text_of(*item.element[0]);
    if (const std::string_view json = text_of(*item.element[1]); !json.empty())
      read_info(json, info);
    info.last_heard = Millis(integer_of(*item.element[2]));
    runners.push_back(std::move(info));
  }
  std::sort(runners.begin(), runners.end(),
            [](const RunnerInfo& a, const RunnerInfo& b) { return a.name < b.name; });
  return runners;
}

}  // namespace sluice::redis
