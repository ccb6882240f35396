#include "test/support/http.h"

#include <arpa/inet.h>
#include <cjson/cJSON.h>
#include <curl/curl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <memory>

#include "base/hash.h"

namespace sluice::test {
namespace {

size_t on_body(char* data, size_t size, size_t count, void* to) {
  static_cast<std::string*>(to)->append(data, size * count);
  return size * count;
}

size_t on_header(char* data, size_t size, size_t count, void* to) {
  const std::string line(data, size * count);
  const size_t colon = line.find(':');
  if (colon != std::string::npos) {
    std::string name = line.substr(0, colon);
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    const size_t begin = line.find_first_not_of(" \t", colon + 1);
    const size_t end = line.find_last_not_of(" \r\n");
    (*static_cast<std::map<std::string, std::string>*>(to))[name] =
        begin == std::string::npos || end < begin ? "" : line.substr(begin, end - begin + 1);
  }
  return size * count;
}

}  // namespace

std::string Reply::header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? "" : found->second;
}

std::string Reply::invocation_id() const {
  const std::string id = json_member(body, "InvocationId");
  return id.empty() ? header("x-invocation-id") : id;
}

Http::Http(std::string base_url) : curl_(curl_easy_init()), base_(std::move(base_url)) {}
Http::~Http() {
  curl_easy_cleanup(curl_);
}

Reply Http::request(const std::string& method, const std::string& path, const std::string& body,
                    std::vector<std::string> headers) {
  Reply reply;
  curl_slist* list = nullptr;
  for (const std::string& header : headers) list = curl_slist_append(list, header.c_str());
  list = curl_slist_append(list, "Expect:");
  curl_easy_reset(curl_);
  curl_easy_setopt(curl_, CURLOPT_URL, (base_ + path).c_str());
  curl_easy_setopt(curl_, CURLOPT_CUSTOMREQUEST, method.c_str());
  if (method != "GET") {
    curl_easy_setopt(curl_, CURLOPT_POSTFIELDS, body.data());
    curl_easy_setopt(curl_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
  }
  curl_easy_setopt(curl_, CURLOPT_HTTPHEADER, list);
  curl_easy_setopt(curl_, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(curl_, CURLOPT_WRITEDATA, &reply.body);
  curl_easy_setopt(curl_, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(curl_, CURLOPT_HEADERDATA, &reply.headers);
  curl_easy_setopt(curl_, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl_, CURLOPT_TIMEOUT, 120L);
  if (curl_easy_perform(curl_) == CURLE_OK) {
    long status = 0;
    curl_easy_getinfo(curl_, CURLINFO_RESPONSE_CODE, &status);
    reply.status = static_cast<int>(status);
  }
  curl_slist_free_all(list);
  return reply;
}

std::string with_member(std::string body, const std::string& name, int value) {
  body.insert(body.rfind('}'), ",\"" + name + "\":" + std::to_string(value));
  return body;
}

std::string action_body(const std::string& name, const std::string& source, int timeout_ms,
                        int maxmem_kb) {
  return R"({"name":")" + name + R"(","timeout":)" + std::to_string(timeout_ms) + R"(,"maxmem":)" +
         std::to_string(maxmem_kb) + R"(,"code":")" + base64_encode(source) + R"("})";
}

Reply Http::create(const std::string& name, const std::string& source, int timeout_ms,
                   int maxmem_kb) {
  return post("/actions", action_body(name, source, timeout_ms, maxmem_kb));
}

Reply Http::resolve(const std::string& id) {
  for (int tries = 0; tries < 60; ++tries) {
    Reply reply = get("/invocation/" + id + "?wait=2000");
    if (reply.status != 202) return reply;
  }
  return {};
}

std::string json_member(const std::string& json, const std::string& name) {
  const std::unique_ptr<cJSON, void (*)(cJSON*)> doc(cJSON_Parse(json.c_str()), cJSON_Delete);
  const cJSON* member = doc ? cJSON_GetObjectItemCaseSensitive(doc.get(), name.c_str()) : nullptr;
  if (!member) return "";
  if (cJSON_IsString(member)) return member->valuestring;
  const std::unique_ptr<char, void (*)(void*)> text(cJSON_PrintUnformatted(member), cJSON_free);
  return text.get();
}

std::string exchange_raw(int port, const std::string& bytes) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<uint16_t>(port));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0);
  REQUIRE(send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size()));
  std::string answer;
  char buffer[4096];
  for (ssize_t got; (got = recv(fd, buffer, sizeof buffer, 0)) > 0;)
    answer.append(buffer, static_cast<size_t>(got));
  close(fd);
  return answer;
}

}  // namespace sluice::test
