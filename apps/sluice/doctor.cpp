#include "apps/sluice/doctor.h"

#include <fmt/core.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdio>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "apps/sluice/options.h"
#include "base/clock.h"
#include "base/json_doc.h"
#include "base/log.h"
#include "base/loop.h"
#include "sandbox/pool/process_pool.h"

namespace sluice {
namespace {

constexpr Millis kPatience{15'000};
constexpr Millis kLook{10};
constexpr char kAction[] = "function main(x) return x + 1 end";

struct Findings {
  sandbox::Layers layers;
  std::string lua_tag;
  Micros compile_time{0};  // with the start of its process
  Micros run_time{0};
};

// A worker's first minutes: it gets ready, its action is compiled, and runs.
class Examination {
 public:
  Examination(Loop& loop, const Clock& clock, sandbox::ProcessPool& pool)
      : loop_(loop), clock_(clock), pool_(pool), patience_(loop), look_(loop) {}

  Result<Findings> run() {
    if (Status started = pool_.start(); !started.ok()) return started.error();
    patience_.once(kPatience, [this] { fail(why_not_ready()); });
    look_.every(kLook, [this] {
      if (pool_.layers().empty()) return;
      look_.stop();
      compile();
    });
    loop_.run();
    if (failed_) return *failed_;
    return findings_;
  }

 private:
  void compile() {
    findings_.layers = pool_.layers();
    findings_.lua_tag = pool_.lua_tag();
    pool_.compile({"doctor.lua", kAction}, [this, began = clock_.mono()](Result<Bytecode> code) {
      if (!code.ok()) return fail(code.error());
      findings_.compile_time = std::chrono::ceil<Micros>(clock_.mono() - began);
      execute(*std::move(code));
    });
  }

  void execute(Bytecode code) {
    sandbox::Job job;
    job.ns = "default";
    job.action = "doctor";
    job.code = std::make_shared<const sandbox::Code>(
        sandbox::Code{sha256(kAction), "doctor.lua", std::move(code.bytes)});
    job.payload = std::make_shared<const std::string>("41");
    job.timeout = Millis(5'000);
    job.memory_bytes = 1 << 20;
    pool_.run(std::move(job), [this](const sandbox::Execution& execution) {
      const Report& report = execution.report;
      if (report.outcome != Outcome::kSucceeded || report.result != "42")
        return fail({Code::kUnavailable, "doctor",
                     "a worker does not run what it should: " + report.message});
      findings_.run_time = report.run_time;
      loop_.stop();
    });
  }

  void fail(Error error) {
    failed_ = std::move(error);
    loop_.stop();
  }

  Error why_not_ready() const {
    if (Status ready = pool_.ready(); !ready.ok()) return ready.error();
    return {Code::kUnavailable, "doctor",
            fmt::format("no worker was ready within {} ms", kPatience.count())};
  }

  Loop& loop_;
  const Clock& clock_;
  sandbox::ProcessPool& pool_;
  Timer patience_;
  Timer look_;
  Findings findings_;
  std::optional<Error> failed_;
};

std::string system_name() {
  utsname name{};
  uname(&name);
  return fmt::format("{} {} ({})", name.sysname, name.release, name.machine);
}

size_t missing(const sandbox::Layers& layers) {
  size_t count = 0;
  for (const sandbox::Layer& layer : layers) count += layer.in_force ? 0 : 1;
  return count;
}

std::string as_text(const Findings& findings, const std::string& worker) {
  std::string text = fmt::format("sluice {} on {}\nworker {}, {}\n\n", SLUICE_VERSION,
                                 system_name(), worker, findings.lua_tag);
  for (const sandbox::Layer& layer : findings.layers)
    text += fmt::format("  {:<8} {:<13} {}\n", layer.in_force ? "active" : "MISSING", layer.name,
                        layer.detail);
  text += fmt::format("\nAn action was compiled in {:.1f} ms and ran in {:.2f} ms.\n",
                      static_cast<double>(findings.compile_time.count()) / 1'000,
                      static_cast<double>(findings.run_time.count()) / 1'000);
  if (geteuid() == 0)
    text += "This is root: a server needs no such rights, and should have an account of its own.\n";
  const size_t gaps = missing(findings.layers);
  text += gaps == 0 ? "Every layer is active.\n"
                    : fmt::format(
                          "{} of {} layers are missing on this host. The others hold without them; "
                          "docs/security.md says what each is good for.\n",
                          gaps, findings.layers.size());
  return text;
}

std::string as_json(const Findings& findings, const std::string& worker) {
  std::string layers;
  for (const sandbox::Layer& layer : findings.layers) {
    JsonObject object;
    object.text("name", layer.name).boolean("active", layer.in_force).text("detail", layer.detail);
    layers += (layers.empty() ? "" : ",") + object.print();
  }
  JsonObject object;
  object.text("version", SLUICE_VERSION).text("system", system_name()).text("worker", worker);
  object.text("lua", findings.lua_tag).raw("layers", "[" + layers + "]");
  object.integer("compile_us", findings.compile_time.count());
  object.integer("run_us", findings.run_time.count());
  return object.print() + "\n";
}

}  // namespace

Status examine(const Settings& settings, const DoctorQuestion& question) {
  Loop loop;
  SystemClock clock;
  LogOptions quiet = settings.log;
  quiet.level = LogLevel::kOff;  // what goes wrong is the answer
  Log log(quiet);
  sandbox::PoolOptions options = pool_options(settings);
  options.workers = 1;
  sandbox::ProcessPool pool(loop, clock, log, options);

  const Result<Findings> findings = Examination(loop, clock, pool).run();
  if (!findings.ok()) return findings.error();
  std::fputs((question.json ? as_json : as_text)(*findings, options.worker_path).c_str(), stdout);
  const size_t gaps = missing(findings->layers);
  if (!question.strict || gaps == 0) return {};
  return Error{Code::kNotFound, "doctor",
               fmt::format("{} layers are missing, and --strict asks for all", gaps)};
}

}  // namespace sluice
