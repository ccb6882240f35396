#include "cli/server_url.h"

#include "base/secrets.h"
#include "cli/client.h"
#include "cli/curl_handles.h"

namespace sluice::cli {
namespace {

std::string part(CURLU* url, CURLUPart which) {
  char* text = nullptr;
  if (curl_url_get(url, which, &text, 0) != CURLUE_OK) return {};
  return CurlText(text).get();
}

std::string without_trailing_slashes(std::string text) {
  while (!text.empty() && text.back() == '/') text.pop_back();
  return text;
}

bool is_loopback_host(const std::string& host) {
  const bool is_number = host.find_first_not_of("0123456789.") == std::string::npos;
  return host == "localhost" || host == "[::1]" || (is_number && host.starts_with("127."));
}

Error bad_url(std::string_view text, const std::string& why) {
  return {Code::kInvalid, "",
          "'" + without_secrets(text) + "' is no server address: " + why +
              " (it should look like http://127.0.0.1:8080)"};
}

}  // namespace

Result<ServerUrl> ServerUrl::parse(std::string_view text) {
  if (text.empty()) return bad_url(text, "it is empty");
  const bool has_scheme = text.find("://") != std::string_view::npos;
  const std::string full = (has_scheme ? "" : "http://") + std::string(text);

  const CurlUrl url(curl_url());
  if (!url) return Error{Code::kInternal, "curl", "out of memory"};
  if (full.find('\0') != std::string::npos) return bad_url(text, "it holds a zero byte");
  const CURLUcode code = curl_url_set(url.get(), CURLUPART_URL, full.c_str(), 0);
  if (code != CURLUE_OK) return bad_url(text, curl_url_strerror(code));
  const std::string scheme = part(url.get(), CURLUPART_SCHEME);
  if (scheme != "http" && scheme != "https")
    return bad_url(text, "the scheme is " + scheme + ", not http or https");
  if (!part(url.get(), CURLUPART_QUERY).empty() || !part(url.get(), CURLUPART_FRAGMENT).empty())
    return bad_url(text, "it has a part after '?' or '#'");

  ServerUrl server;
  const std::string host = part(url.get(), CURLUPART_HOST);
  server.loopback_ = is_loopback_host(host);
  server.text_ = without_trailing_slashes(part(url.get(), CURLUPART_URL));
  curl_url_set(url.get(), CURLUPART_PASSWORD, nullptr, 0);
  server.shown_ = without_trailing_slashes(part(url.get(), CURLUPART_URL));
  return server;
}

std::string path_of(std::initializer_list<std::string_view> segments) {
  std::string path;
  for (const std::string_view segment : segments) {
    const CurlText encoded(
        curl_easy_escape(nullptr, segment.data(), static_cast<int>(segment.size())));
    path += '/';
    if (encoded && !segment.empty()) path += encoded.get();
  }
  return path;
}

}  // namespace sluice::cli
