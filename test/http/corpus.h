// The cases of test/http/: what is sent, and what must come of it.
//
//   # Length and coding together: two readers would disagree where the request ends.
//   status: 400               each answer's, in order; "100?" may come or not; empty: no answer
//   closed: yes               whether the server closes behind the last answer
//   handled: GET /ping        requests that reached a handler, ";" between them; empty: none
//   says: Content-Length      what the last answer's body must contain (optional)
//   seconds: 10               pass on the server's clock after the last byte (optional)
//   ---
//   GET / HTTP/1.1\r\n
//   \r\n
//
// A line's end means nothing below "---": bytes are what is written, with \r \n \t \0 \s (a space)
// \\ \xHH and \{COUNT*TEXT} for repetition. A request with a body is handled as "POST /echo 5" (its
// length). The server reads bodies up to 1000 bytes; /ping answers GET, /echo POST with its body.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::test {

struct HttpCase {
  std::string name;
  std::vector<int> statuses;  // without 100
  bool may_continue = false;
  bool must_continue = false;
  bool closed = false;
  std::vector<std::string> handled;
  std::string says;
  int seconds = 0;
  std::string bytes;
};

// Throws std::runtime_error saying what is wrong with the file.
HttpCase read_http_case(const std::string& file);

}  // namespace sluice::test
