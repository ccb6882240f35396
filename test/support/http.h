// A small blocking HTTP client for tests, by libcurl.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace sluice::test {

struct Reply {
  int status = 0;  // 0: no answer
  std::string body;
  std::map<std::string, std::string> headers;  // names in lower case

  std::string header(const std::string& name) const;
  std::string invocation_id() const;  // from a body {"InvocationId": …} or the header
};

// One connection, kept alive. One thread at a time.
class Http {
 public:
  explicit Http(std::string base_url);
  ~Http();
  Http(const Http&) = delete;
  Http& operator=(const Http&) = delete;

  Reply get(const std::string& path) { return request("GET", path); }
  Reply post(const std::string& path, const std::string& body = "",
             std::vector<std::string> headers = {}) {
    return request("POST", path, body, std::move(headers));
  }
  Reply request(const std::string& method, const std::string& path, const std::string& body = "",
                std::vector<std::string> headers = {});

  // POST /actions with the source encoded.
  Reply create(const std::string& name, const std::string& source, int timeout_ms = 0,
               int maxmem_kb = 0);
  Reply block(const std::string& action, const std::string& payload = "") {
    return post("/actions/" + action + "/block", payload);
  }
  // Waits for the end of an invocation.
  Reply resolve(const std::string& id);

 private:
  void* curl_;
  const std::string base_;
};

std::string action_body(const std::string& name, const std::string& source, int timeout_ms = 0,
                        int maxmem_kb = 0);
// `body` with one more member, before its last brace.
std::string with_member(std::string body, const std::string& name, int value);

// The value of a string or number member of a flat JSON object, as text.
std::string json_member(const std::string& json, const std::string& name);

// Sends raw bytes on a connection of its own and reads until the server closes it.
std::string exchange_raw(int port, const std::string& bytes);

}  // namespace sluice::test
