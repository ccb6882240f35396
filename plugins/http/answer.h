// What a server sent, bounded while it arrives, and what the caller is given of it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::http {

class Answer {
 public:
  Answer(size_t max_header_bytes, size_t max_body_bytes)
      : max_header_bytes_(max_header_bytes), max_body_bytes_(max_body_bytes) {}

  // A line of the head, its end included. False: it is too much, see problem().
  bool add_line(std::string_view line, bool has_body);
  // A piece of the body. False: it is too much.
  bool add_body(std::string_view piece);

  const std::string& problem() const { return problem_; }
  long status() const { return status_; }
  std::optional<std::string> header(const std::string& name) const;  // its first value

  // {"status":…,"headers":{…},"body":…,"url":…}; a body that is no UTF-8 as "body_base64".
  std::string json(std::string_view url) const;

 private:
  void begin(std::string_view status_line);
  bool end_of_head(bool has_body);
  bool refuse_body(const std::string& size);

  size_t max_header_bytes_, max_body_bytes_;
  size_t header_bytes_ = 0;
  bool in_head_ = false;
  long status_ = 0;
  std::map<std::string, std::vector<std::string>> headers_;  // names in lower case
  std::vector<std::string>* last_ = nullptr;                 // what a folded line goes on with
  std::string body_;
  std::string problem_;
};

// RFC 4648, with padding.
std::string base64(std::string_view bytes);

}  // namespace sluice::http
