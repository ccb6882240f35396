// Compiler: the port through which the API has a source turned into bytecode. Vocabulary, like outcome.h:
// the API links this header, not the sandbox.
//
// The implementation (sandbox/pool) compiles in a process of its own, limited in time and memory, since a
// hostile source may take Lua's compiler minutes.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/result.h"

namespace sluice {

struct Source {
  std::string chunk_name;  // as Lua shows it in errors: "hello.lua"
  std::string text;
};

struct Bytecode {
  std::string bytes;            // with debug information
  uint64_t stripped_bytes = 0;  // the length a dump without debug information has
  std::string lua_tag;          // the Lua build it is for; another build must compile the source anew
};

class Compiler {
 public:
  virtual ~Compiler() = default;

  // Calls back later, on the executor's thread. Errors: kInvalid with the compiler's message, which begins
  // with file and line; kFull when too many compilations wait, kUnavailable when
  // no compiler could be started.
  virtual void compile(Source source, std::function<void(Result<Bytecode>)> done) = 0;

  // Whether it could; kUnavailable with the reason when not. Immediate.
  virtual Status ready() const = 0;
};

}  // namespace sluice
