#include "plugins/http/transfer.h"

#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "plugins/http/redirect.h"

namespace sluice::http {
namespace {

using plugin::Failure;
using std::chrono::milliseconds;

template <class Value>
void set(CURL* easy, CURLoption option, Value value) {
  const CURLcode code = curl_easy_setopt(easy, option, value);
  if (code != CURLE_OK)
    throw std::runtime_error(std::string("libcurl refuses an option: ") + curl_easy_strerror(code));
}

// RFC 9110, 9.2.2. What is not known may not be.
bool is_idempotent(const std::string& method) {
  return method == "GET" || method == "HEAD" || method == "PUT" || method == "DELETE" ||
         method == "OPTIONS";
}

milliseconds allowed(const Request& request, const plugin::Pending& call) {
  constexpr milliseconds kLongest = std::chrono::hours(24);
  return std::min({call.remaining(), request.timeout.value_or(kLongest), kLongest});
}

// Nothing may be thrown through libcurl.
template <class Body, class Value>
Value guarded(Value otherwise, Body body) noexcept {
  try {
    return body();
  } catch (...) {
    return otherwise;
  }
}

}  // namespace

Transfer::Transfer(const Settings& settings, Request request, plugin::Reply reply)
    : settings_(settings),
      request_(std::move(request)),
      reply_(std::move(reply)),
      until_(begin_ + allowed(request_, reply_)),
      deadline_(until_),
      easy_(curl_easy_init()),
      answer_(settings.max_header_bytes, settings.max_answer_bytes) {
  if (easy_ == nullptr) throw std::bad_alloc();
}

CURL* Transfer::prepare() {
  curl_easy_reset(easy_.get());
  stage_ = Stage::kWaiting;
  sent_ = false;
  deadline_ = until_;
  refused_.clear();
  detail_[0] = '\0';
  answer_ = Answer(settings_.max_header_bytes, settings_.max_answer_bytes);
  set_request();
  set_limits();
  return easy_.get();
}

void Transfer::set_request() {
  CURL* const easy = easy_.get();
  set(easy, CURLOPT_CURLU, request_.url.handle());
  // What libcurl would add by itself, unless the caller did.
  lines_ = Lines();
  lines_.add("Expect:");
  if (!request_.has_header("content-type")) lines_.add("Content-Type:");
  for (const Header& header : request_.headers)
    lines_.add(
        (header.value.empty() ? header.name + ";" : header.name + ": " + header.value).c_str());
  set(easy, CURLOPT_HTTPHEADER, lines_.get());
  set(easy, CURLOPT_HEADEROPT, static_cast<long>(CURLHEADER_SEPARATE));
  set(easy, CURLOPT_USERAGENT, settings_.user_agent.c_str());

  if (request_.method == "HEAD") {
    set(easy, CURLOPT_NOBODY, 1L);
    return;
  }
  const bool framed = request_.body || request_.method == "POST" || request_.method == "PUT" ||
                      request_.method == "PATCH";
  if (framed) {
    static constexpr char kNothing[] = "";
    set(easy, CURLOPT_POST, 1L);
    set(easy, CURLOPT_POSTFIELDSIZE_LARGE,
        static_cast<curl_off_t>(request_.body ? request_.body->size() : 0));
    set(easy, CURLOPT_POSTFIELDS, request_.body ? request_.body->data() : kNothing);
  }
  if (request_.method != (framed ? "POST" : "GET"))
    set(easy, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
}

void Transfer::set_limits() {
  CURL* const easy = easy_.get();
  set(easy, CURLOPT_PRIVATE, this);
  set(easy, CURLOPT_ERRORBUFFER, detail_);
  set(easy, CURLOPT_NOSIGNAL, 1L);
  set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  set(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  set(easy, CURLOPT_FOLLOWLOCATION, 0L);  // finish() does, with every hop judged anew
  set(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!settings_.ca_file.empty()) set(easy, CURLOPT_CAINFO, settings_.ca_file.c_str());
  // Set, even to nothing, they keep libcurl from asking the environment.
  set(easy, CURLOPT_PROXY, settings_.proxy.c_str());
  set(easy, CURLOPT_NOPROXY, "");
  set(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);

  // Time-outs are give_up()'s. One of libcurl's that passes during a lookup would block this thread
  // until the lookup ends, so they are out of the way.
  constexpr long kNever = 24L * 3600 * 1000;
  set(easy, CURLOPT_CONNECTTIMEOUT_MS, kNever);

  set(easy, CURLOPT_RESOLVER_START_FUNCTION, &Transfer::on_lookup);
  set(easy, CURLOPT_RESOLVER_START_DATA, this);
  set(easy, CURLOPT_OPENSOCKETFUNCTION, &Transfer::on_socket);
  set(easy, CURLOPT_OPENSOCKETDATA, this);
  set(easy, CURLOPT_PREREQFUNCTION, &Transfer::on_connected);
  set(easy, CURLOPT_PREREQDATA, this);
  set(easy, CURLOPT_HEADERFUNCTION, &Transfer::on_line);
  set(easy, CURLOPT_HEADERDATA, this);
  set(easy, CURLOPT_WRITEFUNCTION, &Transfer::on_body);
  set(easy, CURLOPT_WRITEDATA, this);

  if (settings_.resolve.empty()) return;
  resolve_ = Lines();
  for (const std::string& line : settings_.resolve) resolve_.add(line.c_str());
  set(easy, CURLOPT_RESOLVE, resolve_.get());
}

bool Transfer::needs_lookup() const {
  return settings_.proxy.empty() && !Address::parse(request_.url.target().host);
}

// What follows is called by libcurl, from inside of the multi handle.

int Transfer::on_lookup(void*, void*, void* self) {
  static_cast<Transfer*>(self)->stage_ = Stage::kLookup;
  return 0;
}

// The one place where the address that is connected to can be seen, whatever a name server said
// before or will say later.
curl_socket_t Transfer::on_socket(void* self, curlsocktype, curl_sockaddr* to) {
  Transfer& transfer = *static_cast<Transfer*>(self);
  if (transfer.stage_ != Stage::kConnecting) {
    transfer.stage_ = Stage::kConnecting;
    transfer.connect_until_ = Clock::now() + transfer.settings_.connect_timeout;
    transfer.deadline_ = std::min(transfer.until_, transfer.connect_until_);
  }
  if (transfer.answered_) return CURL_SOCKET_BAD;
  if (!guarded(false, [&] { return transfer.address_fits(Address::of(to->addr, to->addrlen)); }))
    return CURL_SOCKET_BAD;
  return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

// Connections that were kept come here without a new socket.
int Transfer::on_connected(void* self, char* remote, char*, int, int) {
  Transfer& transfer = *static_cast<Transfer*>(self);
  // libcurl sends a request again when a kept connection ends without an answer. By then the server
  // may have done what it asked for.
  const bool again = std::exchange(transfer.sent_, true);
  if (again && !is_idempotent(transfer.request_.method)) return CURL_PREREQFUNC_ABORT;
  transfer.stage_ = Stage::kConnected;
  transfer.deadline_ = transfer.until_;
  if (transfer.answered_) return CURL_PREREQFUNC_ABORT;
  return guarded(false, [&] { return transfer.address_fits(Address::parse(remote)); })
             ? CURL_PREREQFUNC_OK
             : CURL_PREREQFUNC_ABORT;
}

bool Transfer::address_fits(const std::optional<Address>& address) {
  if (!settings_.proxy.empty()) return true;  // the operator's, and the only place to connect to
  const Target& target = request_.url.target();
  auto reason = address ? settings_.hosts.refuse(target, *address)
                        : "'" + target.host + "' has an address of an unknown kind";
  if (!reason) return true;
  refused_ = std::move(*reason);
  return false;
}

size_t Transfer::on_line(char* data, size_t, size_t size, void* self) {
  Transfer& transfer = *static_cast<Transfer*>(self);
  const bool has_body = transfer.request_.method != "HEAD";
  return guarded(false,
                 [&] {
                   return transfer.answer_.add_line({data, size}, has_body);
                 })
             ? size
             : 0;
}

size_t Transfer::on_body(char* data, size_t, size_t size, void* self) {
  Answer& answer = static_cast<Transfer*>(self)->answer_;
  return guarded(false, [&] { return answer.add_body({data, size}); }) ? size : 0;
}

// What follows is the end of a hop.

bool Transfer::finish(CURLcode code) noexcept {
  try {
    return !answered_ && end_hop(code);
  } catch (...) {
    if (!std::exchange(answered_, true)) reply_.fail("there is no memory for the answer");
    return false;
  }
}

bool Transfer::end_hop(CURLcode code) {
  if (code != CURLE_OK) {
    fail(explain(code));
    return false;
  }
  const auto location = answer_.header("location");
  if (!request_.follow || !is_redirect(answer_.status()) || !location) {
    succeed();
    return false;
  }
  if (++redirects_ > settings_.max_redirects) {
    fail("more than " + std::to_string(settings_.max_redirects) +
         " redirects ('max_redirects'); the last is by '" + request_.url.target().host + "'");
    return false;
  }
  try {
    redirect(request_, answer_.status(), *location, settings_);
  } catch (const Failure& failure) {
    fail(failure.what());
    return false;
  }
  return true;
}

void Transfer::succeed() {
  const std::string json = answer_.json(request_.url.text());
  if (json.size() > settings_.max_answer_bytes)
    return fail("the answer has " + std::to_string(json.size()) + " bytes as JSON; at most " +
                std::to_string(settings_.max_answer_bytes) + " are taken ('max_answer_bytes')");
  answered_ = true;
  reply_.succeed(json);
}

void Transfer::fail(const std::string& message) {
  if (std::exchange(answered_, true)) return;
  reply_.fail(message);
}

bool Transfer::give_up(Clock::time_point now) {
  if (answered_) return true;
  const std::string& host = request_.url.target().host;
  if (now >= until_) {
    const auto passed = std::chrono::duration_cast<milliseconds>(until_ - begin_);
    fail("timed out after " + std::to_string(passed.count()) + " ms, " + stage_name() + " '" +
         host + "'");
  } else if (reply_.abandoned()) {
    fail("nobody waits for the answer any more");
  } else if (stage_ == Stage::kConnecting && now >= connect_until_) {
    fail("no connection to '" + host + "' within " +
         std::to_string(settings_.connect_timeout.count()) + " ms ('connect_timeout')");
  }
  return answered_;
}

const char* Transfer::stage_name() const {
  switch (stage_) {
    case Stage::kWaiting:
      return "before a connection was free to";
    case Stage::kLookup:
      return "looking up the name";
    case Stage::kConnecting:
      return "connecting to";
    case Stage::kConnected:
      return "waiting for the answer of";
  }
  return "asking";
}

std::string Transfer::explain(CURLcode code) const {
  if (!refused_.empty()) return refused_;
  if (!answer_.problem().empty()) return answer_.problem();
  const std::string host = "'" + request_.url.target().host + "'";
  const std::string detail =
      std::string(": ") + (detail_[0] != '\0' ? detail_ : curl_easy_strerror(code));
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return "could not resolve the name " + host;
    case CURLE_COULDNT_RESOLVE_PROXY:
      return "could not resolve the name of the proxy";
    case CURLE_COULDNT_CONNECT:
      return "could not connect to " + request_.url.target().authority() +
             ": refused, or not reachable";
    case CURLE_PEER_FAILED_VERIFICATION:
      return "the certificate of " + host + " is not trusted" + detail;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
      return "no secure connection to " + host + detail;
    case CURLE_GOT_NOTHING:
      return host + " closed the connection without an answer";
    case CURLE_PARTIAL_FILE:
      return "the answer of " + host + " broke off";
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_ABORTED_BY_CALLBACK:  // not sent again
      return "the connection to " + host + " broke off; the request may have arrived";
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_HTTP2:
      return host + " answers with something that is no HTTP/1.1";
    default:
      return "the request to " + host + " failed" + detail;
  }
}

}  // namespace sluice::http
