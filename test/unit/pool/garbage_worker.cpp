// A worker that breaks the protocol, in the way that its own name (argv[0]) says.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <string>

#include "sandbox/wire/control_page.h"
#include "sandbox/wire/frame.h"

using namespace sluice::sandbox;

namespace {

void say(const std::string& bytes) {
  size_t sent = 0;
  while (sent < bytes.size()) {
    const ssize_t n =
        send(wire::kChannelFd, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (n <= 0) _exit(0);
    sent += static_cast<size_t>(n);
  }
}

void say_hello() {
  std::string out;
  encode(out, wire::Hello{"garbage", {}});
  say(out);
}

// Waits for the first offer.
wire::Frame read_run(std::string& bytes) {
  for (;;) {
    char space[65536];
    const ssize_t n = read(wire::kChannelFd, space, sizeof space);
    if (n <= 0) _exit(0);
    bytes.append(space, static_cast<size_t>(n));
    std::string_view rest = bytes;
    wire::Frame frame;
    wire::Fault fault;
    while (wire::split(rest, &frame, &fault) == wire::Split::kFrame) {
      if (frame.type == wire::Type::kRun) return frame;
      rest.remove_prefix(frame.total_bytes);
    }
  }
}

std::string call_frame(uint16_t slot, uint64_t sequence, std::string_view plugin,
                       std::string_view payload) {
  std::string out;
  encode(out, wire::Call{0, plugin, "a", payload}, slot, sequence);
  return out;
}

std::string result_frame(uint16_t slot, uint64_t sequence, std::string_view result) {
  std::string out;
  wire::RunResult message;
  message.outcome = sluice::Outcome::kSucceeded;
  message.result = result;
  encode(out, message, slot, sequence);
  return out;
}

}  // namespace

int main(int, char** argv) {
  const std::string path = argv[0];
  const std::string mode = path.substr(path.rfind('/') + 1);
  if (mode == "exits_at_start") return 7;
  if (mode == "speaks_http") {
    say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    return 0;
  }
  say_hello();
  if (mode == "says_hello_twice") say_hello();

  std::string bytes;
  const wire::Frame run = read_run(bytes);
  std::string answer = result_frame(run.slot, run.sequence, "1");
  if (mode == "exits_without_a_result") return 0;
  if (mode == "sends_half_a_frame") answer.resize(answer.size() / 2);
  if (mode == "answers_an_unknown_slot") answer = result_frame(200, run.sequence, "1");
  if (mode == "answers_a_free_slot") answer = result_frame(run.slot + 1, run.sequence, "1");
  if (mode == "answers_another_sequence") answer = result_frame(run.slot, run.sequence + 1, "1");
  if (mode == "has_another_version") answer[4] = 99;
  if (mode == "has_an_unknown_type") answer[5] = 77;
  if (mode == "sends_the_pools_frames") answer[5] = static_cast<char>(wire::Type::kRun);
  if (mode == "claims_a_huge_length") std::memset(answer.data(), 0xff, 4);
  if (mode == "names_an_outcome_that_is_not_its_own")
    answer[wire::kHeaderBytes] = static_cast<char>(sluice::Outcome::kDead);
  if (mode == "sends_too_long_a_result")
    answer = result_frame(run.slot, run.sequence, std::string(kMaxResultBytes + 1, 'x'));
  if (mode == "sends_what_is_not_json")
    answer = result_frame(run.slot, run.sequence, "1}, {\"forged\": true");
  if (mode == "sends_nothing_as_a_success") answer = result_frame(run.slot, run.sequence, "");
  if (mode == "sends_logs_that_are_not_text") {
    answer.clear();
    wire::RunResult message;
    message.outcome = sluice::Outcome::kFailed;
    message.logs = "\xff\xfe";
    encode(answer, message, run.slot, run.sequence);
  }
  if (mode == "calls_for_nothing_outstanding")
    answer = call_frame(run.slot, run.sequence + 1, "p", "{}");
  if (mode == "calls_for_a_slot_that_was_never_used") answer = call_frame(99, 0, "p", "{}");
  if (mode == "calls_with_what_is_not_json") answer = call_frame(run.slot, run.sequence, "p", "{");
  if (mode == "calls_with_names_that_are_not_text")
    answer = call_frame(run.slot, run.sequence, "\xff", "{}");
  if (mode == "calls_twice") {
    answer = call_frame(run.slot, run.sequence, "p", "{}");
    answer += answer;
  }
  if (mode == "calls_with_too_long_a_payload")
    answer = call_frame(run.slot, run.sequence, "p", '"' + std::string(kMaxCallBytes, 'x') + '"');
  if (mode == "cancels_what_nobody_cancelled")
    answer[wire::kHeaderBytes] = static_cast<char>(sluice::Outcome::kCancelled);
  if (mode == "skips_what_was_not_revoked") {
    answer.clear();
    encode(answer, wire::Skipped{}, run.slot, run.sequence);
  }
  if (mode == "lies_on_the_page") {
    void* mapped = mmap(nullptr, wire::kControlPageBytes, PROT_READ | PROT_WRITE, MAP_SHARED,
                        wire::kControlPageFd, 0);
    std::memset(mapped, 0xee, wire::kControlPageBytes);
    answer.clear();
  }
  if (mode == "rests_between_turns") {
    void* mapped = mmap(nullptr, wire::kControlPageBytes, PROT_READ | PROT_WRITE, MAP_SHARED,
                        wire::kControlPageFd, 0);
    auto* const page = static_cast<wire::ControlPage*>(mapped);
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    page->take(run.slot, run.sequence);
    page->begin(run.slot, run.sequence, int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec, 0, 0);
    usleep(800'000);  // long enough to be seen
    page->end(run.slot, 0);
    usleep(2'000'000);
  }
  if (mode == "closes_the_channel_and_lives") {
    close(wire::kChannelFd);
    for (;;) pause();
  }
  if (mode == "takes_ever_more_memory") {
    constexpr size_t kStep = 16 << 20;
    for (;;)
      std::memset(mmap(nullptr, kStep, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
                  1, kStep);
  }
  if (mode == "answers_twice") answer += answer;
  if (mode == "never_ends_a_frame") {
    answer.resize(answer.size() - 1);
    say(answer);
    for (;;) pause();
  }
  if (mode == "does_nothing") {
    for (;;) pause();
  }
  say(answer);
  return 0;
}
