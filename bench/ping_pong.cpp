// The bare way of a plugin call, as a yardstick for bench/calls: the same processes and threads,
// the same four hops, and nothing else on the way.
//
//     worker process ─socket→ loop thread ─condition variable→ plugin thread
//                    ←socket─             ←────── eventfd ─────
//
//     sluice-ping-pong [ROUNDS]     prints {"round_trip_ns": …}, the median of nine series
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <thread>
#include <vector>

namespace {

constexpr int kSeries = 9;

// What a call takes along, and its answer.
struct Message {
  uint64_t number;
  char rest[56];
};

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

// The worker: asks, waits for the answer, asks again. Reports how long each series took.
int worker(int channel, int reports, int rounds) {
  Message message{};
  for (int series = 0; series < kSeries; ++series) {
    const auto began = std::chrono::steady_clock::now();
    for (int round = 0; round < rounds; ++round) {
      ++message.number;
      if (send(channel, &message, sizeof message, 0) != sizeof message) return 1;
      Message answer;
      if (recv(channel, &answer, sizeof answer, MSG_WAITALL) != sizeof answer) return 1;
      if (answer.number != message.number + 1) return 1;
    }
    const auto took = std::chrono::steady_clock::now() - began;
    const int64_t ns = std::chrono::nanoseconds(took).count() / rounds;
    if (write(reports, &ns, sizeof ns) != sizeof ns) return 1;
  }
  return 0;
}

// The plugin's thread, and how the loop and it hand a message over.
class Plugin {
 public:
  Plugin() : done_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)), thread_([this] { serve(); }) {}
  ~Plugin() {
    {
      std::lock_guard lock(mutex_);
      ending_ = true;
    }
    asked_.notify_one();
    thread_.join();
    close(done_);
  }
  int done_fd() const { return done_; }

  void ask(const Message& message) {
    {
      std::lock_guard lock(mutex_);
      message_ = message;
      is_asked_ = true;
    }
    asked_.notify_one();
  }
  Message answer() {
    uint64_t count;
    if (read(done_, &count, sizeof count) != sizeof count) fail("eventfd");
    std::lock_guard lock(mutex_);
    return message_;
  }

 private:
  void serve() {
    std::unique_lock lock(mutex_);
    for (;;) {
      asked_.wait(lock, [this] { return is_asked_ || ending_; });
      if (ending_) return;
      is_asked_ = false;
      ++message_.number;
      lock.unlock();
      const uint64_t one = 1;
      if (write(done_, &one, sizeof one) != sizeof one) fail("eventfd");
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable asked_;
  Message message_{};
  bool is_asked_ = false;
  bool ending_ = false;
  const int done_;
  std::thread thread_;
};

// The server's loop: until the worker has hung up.
void serve(int channel) {
  Plugin plugin;
  const int poll = epoll_create1(EPOLL_CLOEXEC);
  for (const int fd : {channel, plugin.done_fd()}) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    if (epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event) != 0) fail("epoll_ctl");
  }
  for (;;) {
    epoll_event event;
    if (epoll_wait(poll, &event, 1, -1) != 1) continue;
    if (event.data.fd == channel) {
      Message message;
      if (recv(channel, &message, sizeof message, MSG_WAITALL) != sizeof message) break;
      plugin.ask(message);
    } else {
      const Message answer = plugin.answer();
      if (send(channel, &answer, sizeof answer, MSG_NOSIGNAL) != sizeof answer) break;
    }
  }
  close(poll);
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 2'000;
  int channel[2];
  int reports[2];
  if (rounds < 1 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel) != 0 ||
      pipe(reports) != 0)
    fail("ping_pong");
  const pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    close(channel[0]);
    _exit(worker(channel[1], reports[1], rounds));
  }
  close(channel[1]);
  close(reports[1]);
  serve(channel[0]);
  std::vector<int64_t> series;
  for (int64_t ns; read(reports[0], &ns, sizeof ns) == sizeof ns;) series.push_back(ns);
  int status = 0;
  waitpid(child, &status, 0);
  if (status != 0 || series.size() != kSeries) fail("the worker");
  std::sort(series.begin(), series.end());
  std::printf("{\"round_trip_ns\": %lld, \"least_ns\": %lld, \"series\": %d, \"rounds\": %d}\n",
              static_cast<long long>(series[kSeries / 2]), static_cast<long long>(series[0]),
              kSeries, rounds);
  return 0;
}
