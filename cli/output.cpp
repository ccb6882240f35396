#include "cli/output.h"

#include "base/json_doc.h"

namespace sluice::cli {
namespace {

constexpr std::string_view kGreen = "\x1b[32m";
constexpr std::string_view kRed = "\x1b[31m";
constexpr std::string_view kPlain = "\x1b[39m";

// Under the text of the `error:` line.
constexpr std::string_view kIndent = "       ";

std::string indented(std::string_view text) {
  while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  std::string out;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    out += std::string(kIndent) + harmless(text.substr(0, end)) + "\n";
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
  return out;
}

// "err 7: memory", "conflict, at name", "invocation 01…": what the server said beside its message.
std::string facts(const Failure& failure) {
  std::string text;
  const auto add = [&](const std::string& fact) {
    if (!text.empty()) text += ", ";
    text += fact;
  };
  if (failure.err) {
    const std::string name = err_name(*failure.err);
    add("err " + std::to_string(*failure.err) + (name.empty() ? "" : " (" + name + ")"));
  }
  if (!failure.reason.empty()) add("code " + failure.reason);
  if (!failure.where.empty()) add("at " + failure.where);
  if (!failure.invocation_id.empty()) add("invocation " + failure.invocation_id);
  return text;
}

std::string as_json(const Failure& failure) {
  JsonObject error;
  error.text("message", failure.message.empty() ? failure.headline : failure.message);
  error.text("headline", failure.headline);
  error.integer("exit", static_cast<int>(failure.exit));
  if (failure.http_status) error.integer("status", failure.http_status);
  if (failure.err) error.integer("err", *failure.err);
  if (!failure.reason.empty()) error.text("code", failure.reason);
  if (!failure.where.empty()) error.text("where", failure.where);
  if (!failure.invocation_id.empty()) error.text("InvocationId", failure.invocation_id);
  if (!failure.hint.empty()) error.text("hint", failure.hint);
  return JsonObject().object("error", std::move(error)).print();
}

}  // namespace

void Output::info(std::string_view text) {
  if (format_ == Format::kJson) return;
  terminal_.err << level("info", kGreen) << ": " << harmless(text) << std::endl;
}

void Output::error(const Failure& failure) {
  terminal_.out.flush();  // what was said before it comes before it
  if (format_ == Format::kJson) {
    terminal_.err << as_json(failure) << std::endl;
    return;
  }
  terminal_.err << level("error", kRed) << ": " << harmless(failure.headline) << "\n"
                << indented(failure.message) << indented(facts(failure)) << indented(failure.hint)
                << std::flush;
}

void Output::success(std::string_view answer) {
  if (format_ == Format::kJson)
    result(answer);
  else
    info("Operation successful");
}

void Output::result(std::string_view answer) {
  if (answer.empty()) return;
  const std::optional<JsonView> json = JsonView::of(answer);
  const bool is_text = !json || json->kind() == JsonView::Kind::kString;
  if (is_text && format_ == Format::kJson) {
    line(json ? json->text() : json_quoted(answer));
  } else if (is_text) {
    const std::string text = json ? json->string() : std::string(answer);
    line(for_people() ? harmless(text) : text);
  } else {
    line(for_people() || (format_ == Format::kJson && terminal_.out_is_terminal) ? json->indented()
                                                                                 : json->compact());
  }
}

void Output::list(const JsonView& answer, const std::vector<Column>& columns,
                  const std::vector<std::vector<std::string>>& rows) {
  if (for_people())
    verbatim(table(columns, rows));
  else
    result(answer.text());
}

void Output::record(const JsonView& answer, const std::vector<std::string>& whole) {
  if (for_people() && answer.kind() == JsonView::Kind::kObject)
    verbatim(fields(answer, whole));
  else
    result(answer.text());
}

void Output::verbatim(std::string_view text) {
  terminal_.out << text;
}

bool Output::delivered() {
  return static_cast<bool>(terminal_.out.flush());
}

bool Output::for_people() const {
  return format_ == Format::kText || (format_ == Format::kAuto && terminal_.out_is_terminal);
}

void Output::line(std::string_view text) {
  terminal_.out << text << '\n';
}

std::string Output::level(std::string_view word, std::string_view colour) const {
  if (!terminal_.err_is_terminal || terminal_.no_colour) return std::string(word);
  return std::string(colour) + std::string(word) + std::string(kPlain);
}

}  // namespace sluice::cli
