#include "cli/settings.h"

#include <unistd.h>

#include <cerrno>
#include <sstream>

#include "base/json_doc.h"
#include "cli/files.h"
#include "cli/json.h"

namespace sluice::cli {

Result<std::optional<std::string>> read_settings(const std::string& path) {
  if (access(path.c_str(), F_OK) != 0 && errno == ENOENT) return std::optional<std::string>();
  std::istringstream nothing;
  Result<std::string> content = read_file(path, nothing);
  if (!content.ok()) return content.error();

  const std::optional<JsonView> document = JsonView::of(*content);
  const std::optional<JsonView> url = document ? document->find("url") : std::nullopt;
  if (!url || url->kind() != JsonView::Kind::kString)
    return Error{
        Code::kInvalid, "",
        path + R"( does not hold {"url": "http://…"}; `slcli connect URL` writes it anew)"};
  return std::optional<std::string>(url->string());
}

Status write_settings(const std::string& path, const std::string& url) {
  return replace_file(path, JsonObject().text("url", url).print() + "\n");
}

}  // namespace sluice::cli
