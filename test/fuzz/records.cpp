// What others wrote into the fleet's databases, as a runner or an api reads it: documents of
// MongoDB, what runners say of themselves in Redis, ids and addresses. A record of another release,
// or one that somebody edited, is read or refused, and never more than that.
//
// The first byte says what the rest is.
#include <hiredis/hiredis.h>

#include <string>

#include "base/uuid.h"
#include "bytes.h"
#include "check.h"
#include "queue/redis/redis_url.h"
#include "queue/redis/runner_info.h"
#include "store/mongo/documents.h"

namespace sluice::fuzz {
namespace {

void document(std::string_view bytes) {
  bson_t view;
  if (!bson_init_static(&view, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()))
    return;
  const auto stored = mongo::read_invocation(&view);
  if (stored.ok()) {
    check(stored->record.submission != nullptr, "an invocation without a submission");
    // What was read can be written, and is then read as the same.
    const mongo::Bson again = mongo::invocation_document(*stored->record.submission,
                                                         stored->record.progress, stored->nonce);
    const auto second = mongo::read_invocation(again.get());
    check(second.ok(), "what was read cannot be read again");
    check(second->record.submission->id == stored->record.submission->id &&
              second->record.submission->action == stored->record.submission->action &&
              second->record.submission->allow == stored->record.submission->allow &&
              second->record.progress.state == stored->record.progress.state &&
              second->nonce == stored->nonce,
          "it is read differently again");
    mongo::changes_of(stored->record, stored->record.report != nullptr).update();
  } else {
    check(!stored.error().message.empty(), "a refusal without a reason");
  }
  const Action action = mongo::read_action(&view).action;
  check(mongo::read_action(mongo::action_fields(action).get()).action.allow == action.allow,
        "what an action may call is read differently again");
  mongo::code_fields(mongo::read_code(&view));
}

void runners(std::string_view bytes) {
  redisReader* const reader = redisReaderCreate();
  redisReaderFeed(reader, bytes.data(), bytes.size());
  void* reply = nullptr;
  while (redisReaderGetReply(reader, &reply) == REDIS_OK && reply != nullptr) {
    for (const RunnerInfo& info : redis::read_runners(*static_cast<redisReply*>(reply)))
      redis::to_json(info);
    freeReplyObject(reply);
    reply = nullptr;
  }
  redisReaderFree(reader);
}

void one(Bytes input) {
  const uint8_t kind = input.byte() % 4;
  const std::string_view rest = input.rest();
  if (kind == 0) return document(rest);
  if (kind == 1) return runners(rest);
  if (kind == 2) {
    const auto address = redis::parse_url(rest);
    if (!address.ok()) return check(!address.error().message.empty(), "a fault without words");
    check(address->port > 0 && address->port < 65536 && address->database >= 0,
          "an address that cannot be", rest);
    // What is logged is the same whoever connects: looking for the password in it would also find
    // one that the host happens to spell.
    redis::Address nobody = *address;
    nobody.user.clear();
    nobody.password.clear();
    check(address->text() == nobody.text(), "a user or a password in the logs", rest);
    return;
  }
  const auto id = Uuid::parse(rest);
  if (!id) return;
  const std::string text = id->text();
  check(text.size() == 36 && Uuid::parse(text) == id, "an id that is not read as it is written",
        text);
}

}  // namespace
}  // namespace sluice::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  sluice::fuzz::one({data, size});
  return 0;
}
