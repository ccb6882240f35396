// The C stacks that invocations stand on: how large they are, and where they end.
#include "sandbox/vm/fiber.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

namespace sluice::sandbox {
namespace {

// How a process ends that writes there: 0, or by which signal.
int end_of_writing(char* place) {
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    signal(SIGSEGV, SIG_DFL);  // not the sanitizer's, nor the test's
    *static_cast<volatile char*>(place) = 1;
    _exit(0);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  return WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
}

TEST_CASE("A stack has 4 MiB, and below it a page without access") {
  Stack stack;
  REQUIRE(stack.map(Fiber::kStackBytes));
  const long page = sysconf(_SC_PAGESIZE);
  CHECK(stack.size() == 4 << 20);
  CHECK(end_of_writing(stack.top() - 1) == 0);
  CHECK(end_of_writing(stack.bottom()) == 0);
  CHECK(end_of_writing(stack.bottom() - 1) == SIGSEGV);
  CHECK(end_of_writing(stack.bottom() - page) == SIGSEGV);
}

}  // namespace
}  // namespace sluice::sandbox
