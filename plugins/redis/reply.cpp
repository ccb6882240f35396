#include "plugins/redis/reply.h"

#include <sodium.h>

#include <algorithm>
#include <new>
#include <string_view>

#include "plugins/support/args.h"
#include "sluice/plugin.hpp"

namespace sluice::redis_plugin {
namespace {

constexpr size_t kMaxMessage = 500;

std::string too_long(size_t most) {
  return "the answer is longer than the " + std::to_string(most) +
         " bytes that are allowed; ask for less at once";
}

// What a server said, as one line of text of a length for messages.
std::string one_line(std::string_view words) {
  std::string line(words.substr(0, kMaxMessage));
  const bool is_text = plugin::is_utf8(line);
  for (char& c : line) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f || (byte >= 0x80 && !is_text)) c = '?';
  }
  return line.empty() ? "an error without words" : line;
}

std::string base64(std::string_view bytes) {
  std::string out(sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(out.data(), out.size(), reinterpret_cast<const unsigned char*>(bytes.data()),
                    bytes.size(), sodium_base64_VARIANT_ORIGINAL);
  out.pop_back();  // the zero byte
  return out;
}

}  // namespace

// What hiredis calls for each item, in the order in which they come. Nothing may be thrown through
// it.
struct ReplyReader::Callbacks {
  static void* guard(const redisReadTask* task, auto&& what) {
    auto* self = static_cast<ReplyReader*>(task->privdata);
    try {
      what(*self);
      return self;  // anything but null, which is an error
    } catch (...) {
      self->out_of_memory_ = true;
      return nullptr;
    }
  }
  static void* text(const redisReadTask* task, char* bytes, size_t size) {
    return guard(task, [&](ReplyReader& self) { self.text(*task, {bytes, size}); });
  }
  static void* array(const redisReadTask* task, int elements) {
    return guard(task, [&](ReplyReader& self) { self.begin_array(*task, elements == 0); });
  }
  static void* integer(const redisReadTask* task, long long value) {
    return guard(task, [&](ReplyReader& self) { self.scalar(*task, std::to_string(value)); });
  }
  static void* nil(const redisReadTask* task) {
    return guard(task, [&](ReplyReader& self) { self.scalar(*task, "null"); });
  }
  static void free(void*) {}

  static constexpr redisReplyObjectFunctions kTable = {&text, &array, &integer, &nil, &free};
};

ReplyReader::ReplyReader(ReplyLimits limits)
    : limits_(limits),  // hiredis only reads the table
      reader_(redisReaderCreateWithFunctions(
          const_cast<redisReplyObjectFunctions*>(&Callbacks::kTable))) {
  if (!reader_) throw std::bad_alloc();
  reader_->privdata = this;
}

bool ReplyReader::feed(const char* bytes, size_t size) {
  // JSON is at least half as long as what it comes from: ":1\r\n" for "1,".
  fed_ += size;
  if (fed_ / 2 > limits_.max_bytes + 512) throw plugin::Failure(too_long(limits_.max_bytes));
  void* reply = nullptr;
  if (redisReaderFeed(reader_.get(), bytes, size) != REDIS_OK ||
      redisReaderGetReply(reader_.get(), &reply) != REDIS_OK) {
    if (out_of_memory_) throw std::bad_alloc();
    if (std::string_view(reader_->errstr).find("depth") != std::string_view::npos)
      throw plugin::Failure("the answer has arrays in arrays deeper than 8, which are not read");
    throw plugin::Failure(std::string("what answers does not speak Redis's protocol: ") +
                          one_line(reader_->errstr));
  }
  if (reply == nullptr) return false;
  if (reader_->pos != reader_->len)
    throw plugin::Failure("more than one answer came to one command");
  return true;
}

Reply ReplyReader::take() {
  if (!problem_.empty()) return {false, std::move(problem_)};
  return {true, std::move(json_)};
}

void ReplyReader::text(const redisReadTask& task, std::string_view bytes) {
  if (task.type == REDIS_REPLY_ERROR) {
    note("Redis: " + one_line(bytes));
  } else if (!problem_.empty()) {
    return;
  } else if (bytes.size() > limits_.max_bytes) {
    note(too_long(limits_.max_bytes));
  } else if (limits_.binary && task.type == REDIS_REPLY_STRING) {
    scalar(task, "\"" + base64(bytes) + "\"");
  } else if (!plugin::is_utf8(bytes)) {
    note("the answer has bytes that are not UTF-8; with binary = true it comes as base64");
  } else {
    scalar(task, plugin::quote(bytes));
  }
}

void ReplyReader::scalar(const redisReadTask& task, std::string_view json) {
  begin_item(task);
  put(json);
  end_item(&task);
}

void ReplyReader::begin_array(const redisReadTask& task, bool is_empty) {
  begin_item(task);
  put("[");
  if (!is_empty) return;
  put("]");
  end_item(&task);
}

void ReplyReader::put(std::string_view json) {
  if (!problem_.empty()) return;
  if (json.size() > limits_.max_bytes - json_.size()) return note(too_long(limits_.max_bytes));
  json_ += json;
}

void ReplyReader::begin_item(const redisReadTask& task) {
  if (task.parent != nullptr && task.idx > 0) put(",");
}

// The last item of an array ends the array, which may be the last of its own.
void ReplyReader::end_item(const redisReadTask* task) {
  for (; task->parent != nullptr && task->idx == task->parent->elements - 1; task = task->parent)
    put("]");
}

void ReplyReader::note(std::string problem) {
  if (!problem_.empty()) return;
  problem_ = std::move(problem);
  std::string().swap(json_);
}

}  // namespace sluice::redis_plugin
