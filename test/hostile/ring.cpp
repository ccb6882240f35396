#include "ring.h"

#include <utility>

#include "test/support/loop_until.h"

namespace sluice::hostile {

using sandbox::Code;
using sandbox::Execution;
using sandbox::Job;

void Plugins::call(const Job& job, const sandbox::Call& call,
                   std::function<void(sandbox::Answer)> done) {
  sandbox::Answer answer{true, std::string(call.payload)};
  if (call.plugin == "never") {
    waiting_.insert(&job);
    return;
  }
  if (call.plugin.starts_with("fails")) answer.ok = false;
  if (call.plugin.starts_with("fails ")) answer.text = call.plugin.substr(6);
  if (call.plugin == "bytes") answer = {false, "\xff\x80\xc0 no text"};
  if (call.plugin == "large")
    answer.text = '"' + std::string(sandbox::kMaxAnswerBytes - 2, 'x') + '"';
  if (call.plugin == "deep") answer.text = std::string(1'000, '[') + std::string(1'000, ']');
  if (call.plugin == "broken") answer.text = "{\"a\":";
  loop_.post([done = std::move(done), answer = std::move(answer)] { done(answer); });
}

Ring::Ring(const std::string& worker_path, size_t workers,
           std::chrono::milliseconds compile_timeout)
    : workers_(workers) {
  sandbox::PoolOptions options;
  options.worker_path = worker_path;
  options.workers = workers;
  options.compile_timeout = compile_timeout;
  pool_ = std::make_unique<sandbox::ProcessPool>(loop_, clock_, log_, std::move(options));
  pool_->serve_calls(&plugins_);
}

Ring::~Ring() {
  pool_->serve_calls(nullptr);
}

Result<std::shared_ptr<const Code>> Ring::compile(const std::string& name,
                                                  const std::string& source) {
  using Made = std::shared_ptr<const Code>;
  std::unique_ptr<Result<Made>> made;
  pool_->compile({name, source}, [&](Result<Bytecode> bytecode) {
    made = bytecode.ok() ? std::make_unique<Result<Made>>(std::make_shared<Code>(
                               Code{sha256(source), name, std::move(bytecode->bytes)}))
                         : std::make_unique<Result<Made>>(bytecode.error());
  });
  if (!until([&] { return made != nullptr; }))
    return Error{sluice::Code::kUnavailable, "compile", "no answer"};
  return std::move(*made);
}

Ring::Slot Ring::run(std::shared_ptr<const Code> code, const Case& limits) {
  Job job;
  job.ns = "default";
  job.action = limits.name;
  job.code = std::move(code);
  job.payload = std::make_shared<std::string>(limits.payload);
  job.timeout = limits.timeout;
  job.memory_bytes = limits.memory_bytes;
  auto slot = std::make_shared<std::unique_ptr<Ended>>();
  pool_->run(std::move(job), [this, slot](Execution execution) {
    *slot = std::make_unique<Ended>(Ended{std::move(execution), clock_.mono(), ++answers_});
  });
  return slot;
}

bool Ring::until(const std::function<bool()>& condition) {
  return test::loop_until(loop_, condition, std::chrono::minutes(2));
}

bool Ring::wait_until_ready() {
  return until([this] { return pool_->stats().workers_alive == workers_ + 1; });
}

// What it returns must be the same before and after every case.
const char* Ring::witness_source() {
  return R"(
local runs = 0
local function names(of)
  local list = {}
  for name in pairs(of) do list[#list + 1] = tostring(name) end
  table.sort(list)
  return table.concat(list, " ")
end
function main(args)
  runs = runs + 1
  local mt = getmetatable("")
  local libraries = {}
  for _, library in ipairs {"string", "table", "math", "utf8", "coroutine", "os"} do
    libraries[#libraries + 1] = names(_G[library])
  end
  return {
    runs, names(_G), names(mt), mt.__index == string, libraries,
    getmetatable(_G) == nil, getmetatable(1) == nil, getmetatable(print) == nil,
    math.floor(1.5), ("x"):rep(3), tostring({}) ~= nil, #args,
    collectgarbage("isrunning"), collectgarbage("setpause", 200), collectgarbage("setstepmul", 200),
    select(2, coroutine.running()), string.format("%.1f", 1.5), os.date("!%A", 0), tostring(nil),
  }
end)";
}

Case Ring::witness_limits() {
  Case limits;
  limits.name = "witness.lua";
  limits.timeout = std::chrono::seconds(30);
  limits.memory_bytes = 16 << 20;
  return limits;
}

}  // namespace sluice::hostile
