// JSON as slcli needs it: looked at and laid out anew, with every number exactly as it was sent.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::cli {

// A value within a valid JSON text, which it refers to and does not own.
class JsonView {
 public:
  enum class Kind { kObject, kArray, kString, kNumber, kBool, kNull };

  // nullopt when `text` is not exactly one JSON value.
  static std::optional<JsonView> of(std::string_view text);

  Kind kind() const;
  // As it was sent, without white space around it.
  std::string_view text() const { return text_; }
  // On one line, without white space between tokens.
  std::string compact() const;
  // Two spaces a level; empty objects and arrays stay on their line.
  std::string indented() const;

  // Of a string: its characters; U+0000 included.
  std::string string() const;
  // Of a number that is an int; nullopt otherwise.
  std::optional<int> small_int() const;
  // Of an object, in the order sent; empty for other kinds.
  std::vector<std::pair<std::string, JsonView>> members() const;
  std::optional<JsonView> find(std::string_view name) const;
  // Of an array; empty for other kinds.
  std::vector<JsonView> elements() const;

 private:
  explicit JsonView(std::string_view valid) : text_(valid) {}

  std::string_view text_;
};

}  // namespace sluice::cli
