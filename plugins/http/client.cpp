#include "plugins/http/client.h"

#include <signal.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace sluice::http {
namespace {

using std::chrono::milliseconds;

// How often callers are asked whether they still wait, while there are any.
constexpr milliseconds kLook{50};
constexpr long kKeptConnections = 64;

// Once, for good: libcurl and what it stands on are not made to be taken down in a program that
// goes on, and a lookup that hangs may still be in there (the library stays loaded for it, see
// CMakeLists.txt).
void init_curl() {
  static const CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (code != CURLE_OK) throw std::runtime_error("libcurl cannot be used");
}

// Signals are the server's; and TLS may write to a connection that has gone.
void block_signals(sigset_t* before) {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, before);
}

}  // namespace

Client::Client(const Settings& settings) : settings_(settings) {
  init_curl();
  multi_.reset(curl_multi_init());
  if (multi_ == nullptr) throw std::bad_alloc();
  curl_multi_setopt(multi_.get(), CURLMOPT_MAX_HOST_CONNECTIONS, settings.connections_per_host);
  curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, kKeptConnections);
  // The new thread, and those that it starts, are born with signals blocked.
  sigset_t before;
  block_signals(&before);
  try {
    thread_ = std::thread([this] { run(); });
  } catch (...) {
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    throw;
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Client::~Client() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  curl_multi_wakeup(multi_.get());
  thread_.join();
}

void Client::send(std::unique_ptr<Transfer> transfer) {
  {
    std::lock_guard lock(mutex_);
    inbox_.push_back(std::move(transfer));
  }
  curl_multi_wakeup(multi_.get());
}

void Client::run() {
  for (;;) {
    for (auto& transfer : take_inbox()) start(std::move(transfer));
    int running = 0;
    curl_multi_perform(multi_.get(), &running);
    take_finished();
    give_up_late();
    {
      std::lock_guard lock(mutex_);
      if (stopping_) break;
    }
    curl_multi_poll(multi_.get(), nullptr, 0, pause(), nullptr);
  }
  stop();
}

std::vector<std::unique_ptr<Transfer>> Client::take_inbox() {
  std::lock_guard lock(mutex_);
  return std::exchange(inbox_, {});
}

void Client::start(std::unique_ptr<Transfer> transfer) {
  Transfer& begun = *transfer;
  transfers_.push_back(std::move(transfer));
  if (!begin_hop(begun)) end(begun);
}

// False: it was answered.
bool Client::begin_hop(Transfer& transfer) {
  if (transfer.needs_lookup()) {
    const auto left = std::count_if(transfers_.begin(), transfers_.end(), [](const auto& one) {
      return one->answered() && one->looking_up();
    });
    if (static_cast<size_t>(left) >= settings_.max_left_lookups) {
      transfer.fail("too many lookups of names hang, " + std::to_string(left) +
                    ": try again later");
      return false;
    }
  }
  try {
    if (curl_multi_add_handle(multi_.get(), transfer.prepare()) == CURLM_OK) return true;
    transfer.fail("libcurl does not take the request");
  } catch (const std::exception& failure) {
    transfer.fail(failure.what());
  }
  return false;
}

void Client::take_finished() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    // Gone with the handle's removal.
    const CURLcode code = message->data.result;
    char* self = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &self);
    auto& transfer = *reinterpret_cast<Transfer*>(self);
    curl_multi_remove_handle(multi_.get(), transfer.easy());
    if (!transfer.finish(code) || !begin_hop(transfer)) end(transfer);
  }
}

void Client::give_up_late() {
  const auto now = Clock::now();
  for (size_t i = 0; i < transfers_.size();) {
    Transfer& transfer = *transfers_[i];
    if (transfer.give_up(now) && !transfer.looking_up()) {
      curl_multi_remove_handle(multi_.get(), transfer.easy());
      end(transfer);
    } else {
      ++i;
    }
  }
}

void Client::end(Transfer& transfer) {
  const auto found = std::find_if(transfers_.begin(), transfers_.end(),
                                  [&](const auto& one) { return one.get() == &transfer; });
  std::swap(*found, transfers_.back());
  transfers_.pop_back();
}

// Milliseconds until there may be something to do that no socket tells.
int Client::pause() const {
  constexpr milliseconds kIdle{60'000};
  const auto now = Clock::now();
  milliseconds pause = transfers_.empty() ? kIdle : kLook;
  for (const auto& transfer : transfers_)
    if (!transfer->answered())
      pause = std::min(pause, std::chrono::ceil<milliseconds>(transfer->deadline() - now));
  return static_cast<int>(std::max(pause, milliseconds(0)).count());
}

void Client::stop() {
  for (auto& transfer : take_inbox()) transfer->fail("the plugin is being closed");
  for (auto& transfer : transfers_) {
    transfer->fail("the plugin is being closed");
    // A lookup that hangs is left to itself.
    curl_easy_setopt(transfer->easy(), CURLOPT_QUICK_EXIT, 1L);
    curl_multi_remove_handle(multi_.get(), transfer->easy());
  }
  transfers_.clear();
}

}  // namespace sluice::http
