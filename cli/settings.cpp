#include "cli/settings.h"

#include <unistd.h>

#include <cerrno>
#include <sstream>

#include "base/json_doc.h"
#include "cli/files.h"
#include "cli/json.h"

namespace sluice::cli {

Result<std::optional<Saved>> read_settings(const std::string& path) {
  if (access(path.c_str(), F_OK) != 0 && errno == ENOENT) return std::optional<Saved>();
  std::istringstream nothing;
  Result<std::string> content = read_file(path, nothing);
  if (!content.ok()) return content.error();

  const std::optional<JsonView> document = JsonView::of(*content);
  const std::optional<JsonView> url = document ? document->find("url") : std::nullopt;
  if (!url || url->kind() != JsonView::Kind::kString)
    return Error{
        Code::kInvalid, "",
        path + R"( does not hold {"url": "http://…"}; `slcli connect URL` writes it anew)"};
  const std::optional<JsonView> token = document->find("token");
  const bool has_token = token && token->kind() == JsonView::Kind::kString;
  return std::optional<Saved>({url->string(), has_token ? token->string() : std::string()});
}

Status write_settings(const std::string& path, const Saved& saved) {
  JsonObject object;
  object.text("url", saved.url);
  if (!saved.token.empty()) object.text("token", saved.token);
  return replace_file(path, object.print() + "\n");
}

}  // namespace sluice::cli
