#include "cli/layout.h"

#include <algorithm>
#include <cstdio>

namespace sluice::cli {
namespace {

constexpr std::string_view kGap = "  ";

// In characters; what an action may be called is narrow.
size_t width(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

std::string padded(const std::string& text, size_t to, bool right) {
  const std::string space(to - std::min(to, width(text)), ' ');
  return right ? space + text : text + space;
}

using Line = std::pair<std::string, std::string>;

void flatten(const std::string& prefix, const JsonView& object,
             const std::vector<std::string>& whole, std::vector<Line>& lines) {
  for (const auto& [name, value] : object.members()) {
    const std::string key = prefix + harmless(name);
    const bool stays_whole = std::find(whole.begin(), whole.end(), key) != whole.end();
    if (value.kind() == JsonView::Kind::kObject && !stays_whole && !value.members().empty())
      flatten(key + ".", value, whole, lines);
    else if (value.kind() == JsonView::Kind::kString && !stays_whole)
      lines.emplace_back(key, harmless(value.string()));
    else
      lines.emplace_back(key, value.kind() == JsonView::Kind::kNull && !stays_whole
                                  ? "-"
                                  : harmless(value.compact()));
  }
}

std::string hanging(std::string text, size_t indent) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  for (size_t at = text.find('\n'); at != std::string::npos; at = text.find('\n', at + 1))
    text.insert(at + 1, indent, ' ');
  return text;
}

}  // namespace

std::string harmless(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  const auto show = [&](unsigned char c) {
    char escaped[8];
    std::snprintf(escaped, sizeof escaped, "\\x%02x", c);
    out += escaped;
  };
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const auto next = static_cast<unsigned char>(i + 1 < text.size() ? text[i + 1] : 0);
    if (c == 0xC2 && next >= 0x80 && next < 0xA0) {  // U+0080 to U+009F
      show(next);
      ++i;
    } else if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f) {
      show(c);
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string table(const std::vector<Column>& columns,
                  const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths;
  for (size_t i = 0; i < columns.size(); ++i) {
    widths.push_back(width(columns[i].title));
    for (const auto& row : rows) widths[i] = std::max(widths[i], width(row[i]));
  }
  std::string out;
  const auto add_line = [&](const auto& cell_at) {
    std::string line;
    for (size_t i = 0; i < columns.size(); ++i) {
      if (i > 0) line += kGap;
      line += padded(cell_at(i), widths[i], columns[i].right);
    }
    out += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  };
  add_line([&](size_t i) { return columns[i].title; });
  for (const auto& row : rows) add_line([&](size_t i) { return row[i]; });
  return out;
}

std::string fields(const JsonView& object, const std::vector<std::string>& whole) {
  std::vector<Line> lines;
  flatten("", object, whole, lines);
  size_t widest = 0;
  for (const auto& [key, value] : lines) widest = std::max(widest, width(key));
  std::string out;
  for (const auto& [key, value] : lines)
    out += padded(key, widest, false) + std::string(kGap) + hanging(value, widest + kGap.size()) +
           "\n";
  return out;
}

}  // namespace sluice::cli
