// Client: the port through which commands reach a server. One implementation speaks HTTP
// (curl_client.h); tests have their own.
#pragma once

#include <chrono>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice::cli {

struct Request {
  std::string method = "GET";
  std::string path;                      // "/actions/hello", already percent-encoded (path_of)
  std::string query = {};                // "wait=0"; empty for none
  std::optional<std::string> body = {};  // JSON
  std::map<std::string, std::string> headers = {};
  std::chrono::milliseconds patience = std::chrono::seconds(30);  // for the whole exchange
};

struct Response {
  int status = 0;
  std::string body;
  std::map<std::string, std::string> headers;  // names in lower case

  bool ok() const { return status >= 200 && status < 300; }
  // Empty when there is none.
  std::string header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string() : found->second;
  }
};

class Client {
 public:
  virtual ~Client() = default;

  // Any HTTP answer is a Response, whatever its status. An error (kUnavailable) means that none
  // came. Blocks up to `request.patience`.
  virtual Result<Response> send(const Request& request) = 0;
};

// "/actions/a%20b": each segment percent-encoded, so that a name cannot change the route.
std::string path_of(std::initializer_list<std::string_view> segments);

}  // namespace sluice::cli
