// hostile_bench FILE…: what each case costs those who did nothing. Two figures a case, in
// milliseconds:
//
//   neighbour   how long a trivial job takes that is offered while the case runs: every few
//   milliseconds, to the
//               same two workers
//   over        how much later than its time limit the case's answer came, where it ran to it
//
// and at the end those of all cases together, with what was promised.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "ring.h"

namespace sluice::hostile {
namespace {

constexpr double kPromisedNeighbourMs = 200;
constexpr double kPromisedOverMs = 50;
constexpr std::chrono::milliseconds kOfferEvery{7};
constexpr size_t kMostAtOnce =
    8;  // neighbours: what is measured is the wait for the case, not for each other

struct Figures {
  std::string name;
  std::string outcome;
  std::vector<double> neighbours;  // sorted
  double over = -1;                // -1: did not run to its limit
  bool killed = false;
};

double ms_between(MonoTime from, MonoTime to) {
  return std::chrono::duration<double, std::milli>(to - from).count();
}

double at(const std::vector<double>& sorted, double part) {
  return sorted.empty()
             ? 0
             : sorted[static_cast<size_t>(part * static_cast<double>(sorted.size() - 1))];
}

class Bench {
 public:
  explicit Bench(const Case& hostile)
      : case_(hostile), ring_(SLUICE_BIN_DIR "/sluice-sandbox", 2, hostile.compile_timeout) {}

  bool run(Figures* figures) {
    figures->name = case_.name;
    if (!ring_.pool().start().ok() || !ring_.wait_until_ready()) return false;
    auto code = ring_.compile("neighbour.lua", "function main() return 1 end");
    if (!code.ok()) return false;
    neighbour_ = *code;
    if (!one_neighbour()) return false;

    Timer offers(ring_.loop());
    offers.every(kOfferEvery, [this] { offer(); });
    bool fine = run_case(figures);
    offers.stop();
    fine = fine && ring_.until([this] { return all_answered(); });
    std::sort(neighbours_.begin(), neighbours_.end());
    figures->neighbours = neighbours_;
    return fine;
  }

 private:
  bool one_neighbour() {
    offer();
    const bool answered = ring_.until([this] { return all_answered(); });
    neighbours_.clear();
    return answered;
  }

  void offer() {
    collect();
    if (waiting_.size() >= kMostAtOnce) return;
    waiting_.push_back({ring_.clock().mono(), ring_.run(neighbour_, Ring::witness_limits())});
  }

  bool all_answered() {
    collect();
    return waiting_.empty();
  }

  void collect() {
    std::erase_if(waiting_, [this](const Offered& offered) {
      if (*offered.slot == nullptr) return false;
      neighbours_.push_back(ms_between(offered.at, (*offered.slot)->at));
      return true;
    });
  }

  // A case that is refused is measured while it is being compiled.
  bool run_case(Figures* figures) {
    const MonoTime compiled_from = ring_.clock().mono();
    auto code = ring_.compile(case_.name, case_.source);
    if (!code.ok()) {
      figures->outcome = "refused";
      if (code.error().message.find("took longer") != std::string::npos)
        figures->over = ms_between(compiled_from + case_.compile_timeout, ring_.clock().mono());
      return true;
    }
    const size_t killed_before = ring_.pool().stats().killed;
    const MonoTime began = ring_.clock().mono();
    const auto slot = ring_.run(*code, case_);
    if (!ring_.until([&] {
          collect();
          return *slot != nullptr;
        }))
      return false;
    const Report& report = (*slot)->execution.report;
    figures->outcome = to_string(report.outcome);
    figures->killed = ring_.pool().stats().killed > killed_before;
    if (report.outcome == Outcome::kTimedOut)
      figures->over = ms_between(began + case_.timeout, (*slot)->at);
    return true;
  }

  struct Offered {
    MonoTime at;
    Ring::Slot slot;
  };

  const Case& case_;
  Ring ring_;
  std::shared_ptr<const sandbox::Code> neighbour_;
  std::vector<Offered> waiting_;
  std::vector<double> neighbours_;
};

struct Total {
  std::vector<double> neighbours;
  std::vector<double> over_by_hook;
  std::vector<double> over_by_kill;
  size_t cases = 0;
};

void print_total(const char* what, std::vector<double>& figures, double promised) {
  std::sort(figures.begin(), figures.end());
  std::printf("%-44s p50 %7.1f  p99 %7.1f  max %7.1f ms   promised %.0f%s\n", what,
              at(figures, 0.5), at(figures, 0.99), at(figures, 1), promised,
              at(figures, 1) > promised ? "   MISSED" : "");
}

int run(const std::vector<std::string>& files) {
  Total total;
  std::printf("%-44s %-14s %18s %18s %10s\n", "case", "outcome", "neighbour p50", "neighbour max",
              "over");
  for (const std::string& file : files) {
    Result<Case> read = read_case(file);
    if (!read.ok()) {
      std::fprintf(stderr, "%s\n", read.error().message.c_str());
      return 2;
    }
    if (read->flips > 0) continue;
    Figures figures;
    if (!Bench(*read).run(&figures)) {
      std::fprintf(stderr, "%s: no figures\n", read->name.c_str());
      return 1;
    }
    std::printf("%-44s %-14s %15.1f ms %15.1f ms ", figures.name.c_str(),
                (figures.outcome + (figures.killed ? " (killed)" : "")).c_str(),
                at(figures.neighbours, 0.5), at(figures.neighbours, 1));
    if (figures.over >= 0)
      std::printf("%7.1f ms\n", figures.over);
    else
      std::printf("%10s\n", "");
    std::fflush(stdout);
    total.neighbours.insert(total.neighbours.end(), figures.neighbours.begin(),
                            figures.neighbours.end());
    if (figures.over >= 0)
      (figures.killed ? total.over_by_kill : total.over_by_hook).push_back(figures.over);
    ++total.cases;
  }
  std::printf("\n%zu cases\n", total.cases);
  print_total("a neighbour's answer", total.neighbours, kPromisedNeighbourMs);
  print_total("over a time limit, ended by the hook", total.over_by_hook, kPromisedOverMs);
  print_total("over a time limit, ended by killing", total.over_by_kill, kPromisedOverMs);
  return 0;
}

}  // namespace
}  // namespace sluice::hostile

int main(int argc, char** argv) {
  return sluice::hostile::run({argv + 1, argv + argc});
}
