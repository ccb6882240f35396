// hostile_test FILE: one case against real workers (case.h says what a file may ask for).
//
// Beside what the file expects, every case is held to this: a neighbour that is offered together
// with it is answered, and before it when the case runs to its time limit; neighbours run
// afterwards in every worker find no trace; no worker is lost but to the case; and this process,
// the runner's stand-in, is no larger than before.
#include <malloc.h>

#include <cstdio>
#include <fstream>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "ring.h"

namespace sluice::hostile {
namespace {

using sandbox::Code;
using Fate = sandbox::Execution::Fate;

#if defined(__SANITIZE_ADDRESS__)
constexpr bool kSanitized = true;
constexpr uint64_t kMostGrowthBytes = 300ull << 20;  // freed memory stays in quarantine
#else
constexpr bool kSanitized = false;
constexpr uint64_t kMostGrowthBytes = 3ull << 20;
#endif

// A machine that stood still around a time limit, so that a neighbour came late or a worker was
// killed that would have ended by itself, excuses one attempt, not all.
constexpr int kAttempts = 5;

uint64_t resident_bytes() {
#if !defined(__SANITIZE_ADDRESS__)
  malloc_trim(0);
#endif
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);)
    if (line.rfind("VmRSS:", 0) == 0) return std::stoull(line.substr(6)) * 1024;
  return 0;
}

class Trial {
 public:
  explicit Trial(const Case& hostile)
      : case_(hostile),
        ring_(SLUICE_BIN_DIR "/sluice-sandbox", hostile.runs > 1 ? 1 : 2, hostile.compile_timeout) {
  }

  // Empty: passed. `excusable`: a machine that stood still explains what is wrong.
  std::string run(bool* excusable) {
    *excusable = false;
    if (Status status = ring_.pool().start(); !status.ok()) return status.error().text();
    if (!ring_.wait_until_ready() || !warm_up()) return "the pool does not work: " + wrong_;
    const uint64_t before = resident_bytes();
    const size_t killed_before = ring_.pool().stats().killed;

    if (case_.flips > 0) {
      run_damaged();
    } else {
      run_case();
    }
    if (!ring_.wait_until_ready()) add("the pool has lost workers");
    check_witnesses();
    const size_t killed = ring_.pool().stats().killed - killed_before;
    const bool killed_late = killed > 0 && !case_.killed && case_.may_time_out();
    if (case_.flips == 0 && (killed > 0) != case_.killed)
      add(case_.killed ? "no worker was killed" : "a worker was killed");

    const uint64_t after = resident_bytes();
    if (after > before + kMostGrowthBytes)
      add("the runner grew from " + std::to_string(before >> 10) + " to " +
          std::to_string(after >> 10) + " KB");
    *excusable = killed_late || (late_ && wrong_.empty());
    if (late_) add("the neighbour waited for the case");
    return wrong_;
  }

 private:
  void add(const std::string& what) { wrong_ += what + "\n"; }

  // The neighbour's code, its result on a fresh worker, and whatever the first job of a process
  // makes.
  bool warm_up() {
    auto code = ring_.compile("witness.lua", Ring::witness_source());
    if (!code.ok()) return add(code.error().text()), false;
    witness_ = *code;
    auto large = ring_.compile(
        "warm.lua", "function main() print(('x'):rep(70000)) return ('y'):rep(900000) end");
    if (!large.ok()) return add(large.error().text()), false;
    for (const auto& each : {*large, witness_}) {
      const auto slot = ring_.run(each, Ring::witness_limits());
      if (!ring_.until([&] { return *slot != nullptr; })) return false;
      pristine_ = (*slot)->execution.report.result;
      if (pristine_.empty()) return add((*slot)->execution.report.message), false;
    }
    return true;
  }

  void run_case() {
    auto code = ring_.compile(case_.name, case_.source);
    if (!code.ok()) {
      Report refusal;
      refusal.message = code.error().message;
      if (!case_.refused || code.error().code != sluice::Code::kInvalid)
        return add("does not compile: " + refusal.message);
      Case of_compiler = case_;
      of_compiler.outcomes = {refusal.outcome};
      wrong_ += judge(of_compiler, refusal);
      return;
    }
    if (case_.outcomes.empty() && case_.refused) return add("compiles");
    for (int run = 0; run < case_.runs; ++run) {
      std::vector<Ring::Slot> hostile;
      for (int i = 0; i < case_.at_once; ++i) hostile.push_back(ring_.run(*code, case_));
      const auto neighbour = ring_.run(witness_, Ring::witness_limits());
      for (const auto& one : hostile)
        if (!ring_.until([&] { return *one != nullptr; })) return add("no answer");
      if (!ring_.until([&] { return *neighbour != nullptr; }))
        return add("no answer for the neighbour");
      for (const auto& one : hostile) {
        const auto& execution = (*one)->execution;
        if (execution.fate == Fate::kReturned) add("was not run");
        wrong_ += judge(case_, execution.report);
        if (!wrong_.empty()) break;
      }
      check_witness(*neighbour);
      const bool alone = case_.runs == 1 && case_.at_once == 1;
      if (alone && case_.must_time_out() && (*neighbour)->order > (*hostile[0])->order)
        late_ = true;
    }
    if (ring_.calls_left() > 0) add("somebody still waits for a plugin");
  }

  // Bytes of the compiled file changed, cut off or repeated, as a store that somebody else can
  // write to may hold it. Whatever a worker makes of it, neighbours are answered.
  void run_damaged() {
    const auto code = ring_.compile(case_.name, case_.source);
    if (!code.ok()) return add("does not compile: " + code.error().message);
    for (int seed = 1; seed <= case_.flips; ++seed) {
      std::mt19937 random(static_cast<unsigned>(seed));
      auto damaged = std::make_shared<Code>(**code);
      damaged->hash = sha256(std::to_string(seed));
      std::string& bytes = damaged->bytecode;
      for (unsigned n = 1 + random() % 4; n > 0; --n)
        bytes[random() % bytes.size()] = static_cast<char>(random());
      if (seed % 16 == 0) bytes.resize(random() % bytes.size());
      if (seed % 16 == 1) bytes += bytes.substr(random() % bytes.size());
      const auto hostile = ring_.run(damaged, case_);
      const auto neighbour = ring_.run(witness_, Ring::witness_limits());
      if (!ring_.until([&] { return *hostile != nullptr && *neighbour != nullptr; }))
        return add("no answer with the damage of seed " + std::to_string(seed));
      check_witness(*neighbour);
    }
  }

  // In every worker, since as many as there are offers are given at once.
  void check_witnesses() {
    std::vector<Ring::Slot> slots;
    for (int i = 0; i < 8; ++i) slots.push_back(ring_.run(witness_, Ring::witness_limits()));
    for (const auto& slot : slots) {
      if (!ring_.until([&] { return *slot != nullptr; })) return add("no answer afterwards");
      check_witness(*slot);
    }
  }

  void check_witness(const std::unique_ptr<Ring::Ended>& ended) {
    const auto& report = ended->execution.report;
    if (ended->execution.fate != Fate::kFinished) {
      add("the neighbour was not run: " + report.message);
    } else if (report.result != pristine_) {
      add("the neighbour saw a trace: " + report.result + report.message + " instead of " +
          pristine_);
    }
  }

  const Case& case_;
  Ring ring_;
  std::shared_ptr<const Code> witness_;
  std::string pristine_;
  std::string wrong_;
  bool late_ = false;
};

int run(const std::string& path) {
  Result<Case> read = read_case(path);
  if (!read.ok()) {
    std::fprintf(stderr, "%s\n", read.error().message.c_str());
    return 2;
  }
  if (kSanitized && !read->unsanitized.empty()) {
    std::printf("%s: skipped with a sanitizer: %s\n", read->name.c_str(),
                read->unsanitized.c_str());
    return 0;
  }
  std::string wrong;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    bool excusable = false;
    wrong = Trial(*read).run(&excusable);
    if (!excusable) break;
  }
  if (!wrong.empty()) std::fprintf(stderr, "%s: %s", read->name.c_str(), wrong.c_str());
  return wrong.empty() ? 0 : 1;
}

}  // namespace
}  // namespace sluice::hostile

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "hostile_test FILE…\n");
    return 2;
  }
  int rc = 0;
  for (int i = 1; i < argc; ++i)
    if (const int failed = sluice::hostile::run(argv[i]); failed != 0) rc = failed;
  return rc;
}
