#include "cli/json.h"

#include <simdjson.h>

#include <charconv>

namespace sluice::cli {
namespace {

constexpr std::string_view kWhiteSpace = " \t\r\n";

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(kWhiteSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kWhiteSpace) - first + 1);
}

// Everything below reads text that simdjson has accepted, so no token can be malformed.

// The length of the token at the start of `text`: a string, a number or word, or one punctuation
// mark.
size_t token_length(std::string_view text) {
  if (text.front() == '"') {
    size_t at = 1;
    while (text[at] != '"') at += text[at] == '\\' ? 2 : 1;
    return at + 1;
  }
  constexpr std::string_view kPunctuation = "{}[]:,";
  if (kPunctuation.find(text.front()) != std::string_view::npos) return 1;
  const size_t end = text.find_first_of("{}[]:,\" \t\r\n");
  return end == std::string_view::npos ? text.size() : end;
}

// Takes tokens off the front of a text.
class Tokens {
 public:
  explicit Tokens(std::string_view text) : rest_(text) {}

  // Empty at the end.
  std::string_view next() {
    const size_t first = rest_.find_first_not_of(kWhiteSpace);
    if (first == std::string_view::npos) return {};
    rest_.remove_prefix(first);
    const std::string_view token = rest_.substr(0, token_length(rest_));
    rest_.remove_prefix(token.size());
    return token;
  }

  // A whole value, with all that it holds.
  std::string_view next_value() {
    const std::string_view first = next();
    const char* const begin = first.data();
    int depth = 0;
    std::string_view token = first;
    for (; !token.empty(); token = next()) {
      if (token == "{" || token == "[") ++depth;
      if (token == "}" || token == "]") --depth;
      if (depth <= 0) break;
    }
    return {begin, static_cast<size_t>(token.data() + token.size() - begin)};
  }

 private:
  std::string_view rest_;
};

void new_line(std::string& out, int depth) {
  out += '\n';
  out.append(static_cast<size_t>(depth) * 2, ' ');
}

}  // namespace

std::optional<JsonView> JsonView::of(std::string_view text) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  if (parser.parse(text.data(), text.size()).get(root) != simdjson::SUCCESS) return std::nullopt;
  return JsonView(trimmed(text));
}

JsonView::Kind JsonView::kind() const {
  switch (text_.front()) {
    case '{':
      return Kind::kObject;
    case '[':
      return Kind::kArray;
    case '"':
      return Kind::kString;
    case 't':
    case 'f':
      return Kind::kBool;
    case 'n':
      return Kind::kNull;
    default:
      return Kind::kNumber;
  }
}

std::string JsonView::compact() const {
  std::string out;
  out.reserve(text_.size());
  Tokens tokens(text_);
  for (std::string_view token = tokens.next(); !token.empty(); token = tokens.next()) out += token;
  return out;
}

std::string JsonView::indented() const {
  std::string out;
  int depth = 0;
  Tokens tokens(text_);
  std::string_view before;
  for (std::string_view token = tokens.next(); !token.empty(); token = tokens.next()) {
    const bool after_open = before == "{" || before == "[";
    const bool closes = token == "}" || token == "]";
    if (closes) --depth;
    const bool starts_line = closes ? !after_open : after_open || before == ",";
    if (starts_line) new_line(out, depth);
    out += token;
    if (token == ":") out += ' ';
    if (token == "{" || token == "[") ++depth;
    before = token;
  }
  return out;
}

std::string JsonView::string() const {
  simdjson::dom::parser parser;
  std::string_view decoded;
  if (parser.parse(text_.data(), text_.size()).get(decoded) != simdjson::SUCCESS) return {};
  return std::string(decoded);
}

std::optional<int> JsonView::small_int() const {
  int value = 0;
  const char* const end = text_.data() + text_.size();
  const auto [rest, error] = std::from_chars(text_.data(), end, value);
  if (error != std::errc() || rest != end) return std::nullopt;
  return value;
}

std::vector<std::pair<std::string, JsonView>> JsonView::members() const {
  std::vector<std::pair<std::string, JsonView>> members;
  if (kind() != Kind::kObject) return members;
  Tokens tokens(text_.substr(1, text_.size() - 2));
  for (std::string_view name = tokens.next(); !name.empty(); name = tokens.next()) {
    tokens.next();  // the colon
    members.emplace_back(JsonView(name).string(), JsonView(tokens.next_value()));
    tokens.next();  // the comma, if one follows
  }
  return members;
}

std::optional<JsonView> JsonView::find(std::string_view name) const {
  for (auto& [key, value] : members())
    if (key == name) return value;
  return std::nullopt;
}

std::vector<JsonView> JsonView::elements() const {
  std::vector<JsonView> elements;
  if (kind() != Kind::kArray) return elements;
  Tokens tokens(text_.substr(1, text_.size() - 2));
  for (std::string_view value = tokens.next_value(); !value.empty(); value = tokens.next_value()) {
    elements.push_back(JsonView(value));
    tokens.next();  // the comma, if one follows
  }
  return elements;
}

}  // namespace sluice::cli
