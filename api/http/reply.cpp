#include "api/http/reply.h"

#include <charconv>

#include "base/json_doc.h"

namespace sluice::api {
namespace {

constexpr std::string_view kRetryAfterSeconds = "1";

std::string_view status_line(int status) {
  switch (status) {
    case 200:
      return "HTTP/1.1 200 OK\r\n";
    case 202:
      return "HTTP/1.1 202 Accepted\r\n";
    case 400:
      return "HTTP/1.1 400 Bad Request\r\n";
    case 401:
      return "HTTP/1.1 401 Unauthorized\r\n";
    case 403:
      return "HTTP/1.1 403 Forbidden\r\n";
    case 404:
      return "HTTP/1.1 404 Not Found\r\n";
    case 405:
      return "HTTP/1.1 405 Method Not Allowed\r\n";
    case 408:
      return "HTTP/1.1 408 Request Timeout\r\n";
    case 409:
      return "HTTP/1.1 409 Conflict\r\n";
    case 413:
      return "HTTP/1.1 413 Content Too Large\r\n";
    case 414:
      return "HTTP/1.1 414 URI Too Long\r\n";
    case 417:
      return "HTTP/1.1 417 Expectation Failed\r\n";
    case 429:
      return "HTTP/1.1 429 Too Many Requests\r\n";
    case 431:
      return "HTTP/1.1 431 Request Header Fields Too Large\r\n";
    case 501:
      return "HTTP/1.1 501 Not Implemented\r\n";
    case 503:
      return "HTTP/1.1 503 Service Unavailable\r\n";
    case 505:
      return "HTTP/1.1 505 HTTP Version Not Supported\r\n";
    default:
      return "HTTP/1.1 500 Internal Server Error\r\n";
  }
}

std::string_view type_line(ContentType type) {
  switch (type) {
    case ContentType::kText:
      return "Content-Type: text/plain; charset=utf-8\r\nContent-Length: ";
    case ContentType::kMetrics:
      return "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: ";
    case ContentType::kJson:
      break;
  }
  return "Content-Type: application/json\r\nContent-Length: ";
}

void append_without_line_ends(std::string& to, std::string_view text) {
  for (char c : text) {
    if (c != '\r' && c != '\n') to += c;
  }
}

}  // namespace

Reply& Reply::with(std::string_view name, std::string_view value) {
  append_without_line_ends(headers, name);
  headers += ": ";
  append_without_line_ends(headers, value);
  headers += "\r\n";
  return *this;
}

Reply text_reply(int status, std::string body) {
  return {status, ContentType::kText, std::move(body), {}};
}

Reply json_reply(int status, std::string body) {
  return {status, ContentType::kJson, std::move(body), {}};
}

Reply error_reply(ErrorShape shape, int status, std::string_view code, std::string_view message,
                  std::string_view where) {
  Reply reply;
  reply.status = status;
  if (shape == ErrorShape::kText) {
    reply.type = ContentType::kText;
    if (!where.empty()) reply.body.append(where).append(": ");
    reply.body += message;
  } else {
    reply.body = "{\"code\":" + json_quoted(code) + ",\"message\":" + json_quoted(message) +
                 ",\"where\":" + json_quoted(where) + "}";
  }
  if (status == 429 || status == 503) reply.with("Retry-After", kRetryAfterSeconds);
  return reply;
}

Reply error_reply(ErrorShape shape, const Error& error) {
  const bool about_input = error.code == Code::kInvalid;
  // What is ours to mend is in the log; clients get no more of it than they need.
  const std::string_view message = error.code == Code::kInternal
                                       ? "internal error; the server's log has the details"
                                       : std::string_view(error.message);
  return error_reply(shape, http_status(error.code), to_string(error.code), message,
                     about_input ? std::string_view(error.operation) : std::string_view());
}

int http_status(Code code) {
  switch (code) {
    case Code::kInvalid:
      return 400;
    case Code::kNotFound:
      return 404;
    case Code::kConflict:
    case Code::kRefused:
      return 409;
    case Code::kFull:
      return 429;
    case Code::kUnavailable:
      return 503;
    case Code::kInternal:
      break;
  }
  return 500;
}

void write_head(std::string& out, const Reply& reply, std::string_view connection,
                std::string_view date) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, reply.body.size()).ptr;
  out += status_line(reply.status);
  out += date;
  out += type_line(reply.type);
  out.append(digits, static_cast<size_t>(end - digits));
  out += "\r\n";
  out += connection;
  out += reply.headers;
  out += "\r\n";
}

}  // namespace sluice::api
