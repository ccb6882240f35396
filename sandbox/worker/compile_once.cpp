#include "sandbox/worker/compile_once.h"

#include "sandbox/vm/vm.h"
#include "sandbox/worker/in_buffer.h"
#include "sandbox/worker/out_buffer.h"

namespace sluice::sandbox {

int compile_once(int channel, const Layers& layers) {
  OutBuffer out(channel);
  encode(out.bytes(), wire::Hello{lua_tag(), layers});
  if (!out.flush()) return 0;

  InBuffer in(channel);
  wire::Frame frame;
  wire::Fault fault = nullptr;
  wire::Split split;
  do {
    if (!in.fill()) return 0;
    split = in.next(&frame, &fault);
  } while (split == wire::Split::kIncomplete);

  wire::Compile request;
  if (split == wire::Split::kBad || frame.type != wire::Type::kCompile ||
      decode(frame, &request) != nullptr)
    return 3;

  const Result<Bytecode> bytecode =
      compile({std::string(request.chunk_name), std::string(request.text)}, request.memory_bytes);

  wire::Compiled answer;
  answer.lua_tag = lua_tag();
  answer.ok = bytecode.ok();
  if (bytecode.ok()) {
    const Bytecode& made = bytecode.value();
    answer.bytecode = made.bytes;
    answer.stripped_bytes = made.stripped_bytes;
  } else {
    answer.message = std::string_view(bytecode.error().message).substr(0, kMaxMessageBytes);
  }
  if (answer.bytecode.size() > kMaxBytecodeBytes) {
    answer = {};
    answer.message = "the compiled action is too large";
  }
  encode(out.bytes(), answer);
  return out.flush() ? 0 : 1;
}

}  // namespace sluice::sandbox
