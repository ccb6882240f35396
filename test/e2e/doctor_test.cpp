// `sluice doctor` on this host.
#include <catch2/catch.hpp>

#include "test/support/process.h"

namespace sluice::test {
namespace {

TEST_CASE("the doctor starts a worker and says what confines it") {
  const Exit text = run_program({program("sluice"), "doctor"});
  INFO(text.out << text.err);
  CHECK(text.code == 0);
  for (const char* layer : {"namespaces", "landlock", "rlimits", "no_new_privs", "seccomp"})
    CHECK(text.out.find(layer) != std::string::npos);
  CHECK(text.out.find("  active   rlimits") != std::string::npos);
  CHECK(text.out.find("An action was compiled") != std::string::npos);

  const Exit json = run_program({program("sluice"), "doctor", "--json"});
  CHECK(json.code == 0);
  CHECK(json.out.find(R"({"name":"rlimits","active":true,)") != std::string::npos);
}

TEST_CASE("the doctor is strict when asked to be") {
  const Exit strict = run_program({program("sluice"), "doctor", "--strict"});
  const bool all = strict.out.find("MISSING") == std::string::npos;
  CHECK(strict.code == (all ? 0 : 1));
  CHECK(strict.err.empty() == all);
}

TEST_CASE("the doctor names the worker that is not there") {
  TempFolder folder;
  std::filesystem::copy_file(program("sluice"), folder.path() / "sluice");
  const Exit lonely = run_program({(folder.path() / "sluice").string(), "doctor"});
  CHECK(lonely.code == 2);
  CHECK(lonely.out.empty());
  CHECK(lonely.err.find("sluice-sandbox") != std::string::npos);
}

}  // namespace
}  // namespace sluice::test
