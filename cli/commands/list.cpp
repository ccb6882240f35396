#include "cli/command.h"

namespace sluice::cli {
namespace {

std::string cell(const JsonView& action, std::string_view member, const char* unit = "") {
  const std::optional<JsonView> value = action.find(member);
  if (!value) return "-";
  const std::string text =
      value->kind() == JsonView::Kind::kString ? value->string() : std::string(value->text());
  return harmless(text) + unit;
}

std::string limit(const JsonView& action, std::string_view member, const char* unit) {
  const std::string text = cell(action, member);
  if (text == "0") return "default";  // the server's own
  return text == "-" ? text : text + unit;
}

class List final : public Command {
 public:
  Spec spec() override {
    return {"list",
            "Actions",
            "List the actions of the server",
            {},
            {{"--names", "", "only the names, one a line", &only_names_}},
            {}};
  }

  Ending run(Session& session) override {
    Attempt<Response> answer = session.send({.path = path_of({"actions"})});
    if (!answer.ok()) return answer.failure();
    const std::optional<JsonView> actions = JsonView::of(answer->body);
    if (!actions || actions->kind() != JsonView::Kind::kArray) {
      session.output().result(answer->body);  // not what we know, but what there is
      return kDone;
    }
    if (only_names_)
      show_names(session.output(), *actions);
    else
      show_table(session.output(), *actions);
    return kDone;
  }

 private:
  static void show_names(Output& output, const JsonView& actions) {
    std::string lines, json;
    for (const JsonView& action : actions.elements()) {
      const std::optional<JsonView> name = action.find("name");
      if (!name) continue;
      lines += cell(action, "name") + "\n";
      json += (json.empty() ? "" : ",") + std::string(name->text());
    }
    if (output.format() == Format::kJson)
      output.result("[" + json + "]");
    else
      output.verbatim(lines);
  }

  static void show_table(Output& output, const JsonView& actions) {
    const std::vector<Column> columns = {
        {"NAME"}, {"SIZE", true}, {"TIMEOUT", true}, {"MAXMEM", true}};
    std::vector<std::vector<std::string>> rows;
    for (const JsonView& action : actions.elements())
      rows.push_back({cell(action, "name"), cell(action, "size", " B"),
                      limit(action, "timeout", " ms"), limit(action, "maxmem", " KB")});
    output.info("Available actions");
    output.list(actions, columns, rows);
  }

  bool only_names_ = false;
};

}  // namespace

std::unique_ptr<Command> make_list_command() {
  return std::make_unique<List>();
}

}  // namespace sluice::cli
