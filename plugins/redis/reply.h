// ReplyReader: the bytes of one answer of Redis, turned into JSON as they come. Its memory is
// bounded, whatever a server sends: an array costs nothing before its items are there, and reading
// ends with the first byte beyond what could still be an answer.
//
// nil → null, integer → number, status and bulk → text, array → array.
#pragma once

#include <cstddef>
#include <string>

#include "plugins/redis/handles.h"

namespace sluice::redis_plugin {

struct Reply {
  bool ok = true;
  std::string text;  // JSON; or not ok: why there is none, for the caller
};

struct ReplyLimits {
  size_t max_bytes = 1 << 20;  // of the JSON
  bool binary = false;         // bulks as base64, instead of refusing those that are not UTF-8
};

class ReplyReader {
 public:
  explicit ReplyReader(ReplyLimits limits);
  ReplyReader(const ReplyReader&) = delete;
  ReplyReader& operator=(const ReplyReader&) = delete;

  // True when the answer is complete. Throws plugin::Failure when this cannot become one (more
  // bytes than are allowed, not the protocol): the connection is of no use any more.
  bool feed(const char* bytes, size_t size);

  // Once, when it is complete. An answer that Redis sent as an error, or that is no text, too long
  // as JSON, …: not ok, and the connection is as good as before.
  Reply take();

 private:
  struct Callbacks;
  void text(const redisReadTask& task, std::string_view bytes);
  void scalar(const redisReadTask& task, std::string_view json);
  void begin_array(const redisReadTask& task, bool is_empty);
  void put(std::string_view json);
  void begin_item(const redisReadTask& task);
  void end_item(const redisReadTask* task);
  void note(std::string problem);

  const ReplyLimits limits_;
  size_t fed_ = 0;
  std::string json_;
  std::string problem_;  // the first; nothing is written to json_ from then on
  bool out_of_memory_ = false;
  ReaderPtr reader_;
};

}  // namespace sluice::redis_plugin
