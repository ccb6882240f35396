#include "cli/curl_client.h"

#include <algorithm>
#include <cctype>

#include "cli/curl_handles.h"

namespace sluice::cli {
namespace {

constexpr long kConnectTimeoutMs = 5000;

std::string trimmed(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())))
    text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())))
    text.remove_suffix(1);
  return std::string(text);
}

size_t receive_body(char* data, size_t size, size_t count, void* response) {
  std::string& body = static_cast<Response*>(response)->body;
  if (body.size() + size * count > kMaxAnswerBytes) return 0;  // makes curl give up
  body.append(data, size * count);
  return size * count;
}

size_t receive_header(char* data, size_t size, size_t count, void* response) {
  const std::string_view line(data, size * count);
  const size_t colon = line.find(':');
  if (colon != std::string_view::npos) {
    std::string name(line.substr(0, colon));
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    static_cast<Response*>(response)->headers[name] = trimmed(line.substr(colon + 1));
  }
  return size * count;
}

class CurlClient final : public Client {
 public:
  explicit CurlClient(const ServerUrl& server) : server_(server), curl_(curl_easy_init()) {}

  Result<Response> send(const Request& request) override {
    if (!curl_) return Error{Code::kUnavailable, "curl", "libcurl could not be started"};
    Response response;
    char reason[CURL_ERROR_SIZE] = "";
    const CurlList headers = headers_of(request);
    prepare(request, headers.get(), response, reason);
    const CURLcode code = curl_easy_perform(curl_.get());
    if (code != CURLE_OK) return transport_error(code, reason, request);
    long status = 0;
    curl_easy_getinfo(curl_.get(), CURLINFO_RESPONSE_CODE, &status);
    response.status = static_cast<int>(status);
    return response;
  }

 private:
  static CurlList headers_of(const Request& request) {
    curl_slist* list = nullptr;
    const auto add = [&](const std::string& line) {
      if (curl_slist* longer = curl_slist_append(list, line.c_str())) list = longer;
    };
    add("Accept: application/json");
    add("Expect:");  // no 100-continue round trip before large bodies
    if (request.body) add("Content-Type: application/json");
    for (const auto& [name, value] : request.headers) add(name + ": " + value);
    return CurlList(list);
  }

  void prepare(const Request& request, curl_slist* headers, Response& response, char* reason) {
    CURL* const curl = curl_.get();
    curl_easy_reset(curl);  // keeps the connection
    const std::string query = request.query.empty() ? "" : "?" + request.query;
    curl_easy_setopt(curl, CURLOPT_URL, (server_.text() + request.path + query).c_str());
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);  // an action may be called ".."
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "slcli/" SLUICE_VERSION);
    if (server_.is_loopback()) curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");

    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, kConnectTimeoutMs);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(request.patience.count()));

    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    if (request.method == "HEAD") curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    if (request.body) {
      curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
                       static_cast<curl_off_t>(request.body->size()));
      curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body->c_str());
    }

    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &response);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, receive_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &response);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, reason);
  }

  static Error transport_error(CURLcode code, const char* reason, const Request& request) {
    std::string message = *reason ? reason : curl_easy_strerror(code);
    if (code == CURLE_WRITE_ERROR)
      message = "the answer is larger than " + std::to_string(kMaxAnswerBytes >> 20) + " MiB";
    if (code == CURLE_OPERATION_TIMEDOUT && message.empty())
      message = "gave up after " + std::to_string(request.patience.count()) + " ms";
    return {Code::kUnavailable, "http", std::move(message)};
  }

  const ServerUrl server_;
  const CurlEasy curl_;
};

}  // namespace

std::unique_ptr<Client> make_curl_client(const ServerUrl& server) {
  return std::make_unique<CurlClient>(server);
}

}  // namespace sluice::cli
