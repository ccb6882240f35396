// The only place that owns objects of hiredis. No other folder includes its header.
#pragma once

#include <hiredis/hiredis.h>

#include <memory>
#include <string_view>

namespace sluice::redis {

struct FreeContext {
  void operator()(redisContext* context) const { redisFree(context); }
};
using ContextPtr = std::unique_ptr<redisContext, FreeContext>;

struct FreeReply {
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
};
using ReplyPtr = std::unique_ptr<redisReply, FreeReply>;

inline bool is_error(const redisReply& reply) {
  return reply.type == REDIS_REPLY_ERROR;
}
inline bool is_array(const redisReply& reply) {
  return reply.type == REDIS_REPLY_ARRAY;
}
inline bool is_text(const redisReply& reply) {
  return reply.type == REDIS_REPLY_STRING || reply.type == REDIS_REPLY_STATUS ||
         reply.type == REDIS_REPLY_ERROR;
}
inline std::string_view text_of(const redisReply& reply) {
  return is_text(reply) ? std::string_view(reply.str, reply.len) : std::string_view();
}
inline long long integer_of(const redisReply& reply) {
  return reply.type == REDIS_REPLY_INTEGER ? reply.integer : 0;
}

}  // namespace sluice::redis
