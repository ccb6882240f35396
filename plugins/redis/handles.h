// The only place that owns objects of hiredis. No other folder of the plugins includes its headers.
#pragma once

#include <hiredis/hiredis.h>

#include <memory>

namespace sluice::redis_plugin {

struct FreeContext {
  void operator()(redisContext* context) const { redisFree(context); }
};
using ContextPtr = std::unique_ptr<redisContext, FreeContext>;

struct FreeReader {
  void operator()(redisReader* reader) const { redisReaderFree(reader); }
};
using ReaderPtr = std::unique_ptr<redisReader, FreeReader>;

struct FreeCommand {
  void operator()(char* command) const { redisFreeCommand(command); }
};
using CommandPtr = std::unique_ptr<char, FreeCommand>;

}  // namespace sluice::redis_plugin
