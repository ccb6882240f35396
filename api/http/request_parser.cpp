#include "api/http/request_parser.h"

#include <algorithm>

namespace sluice::api {
namespace {

constexpr int kGoOn = 0;
constexpr int kStop = -1;

Method method_of(uint8_t method) {
  switch (method) {
    case HTTP_GET:
      return Method::kGet;
    case HTTP_HEAD:
      return Method::kHead;
    case HTTP_POST:
      return Method::kPost;
    case HTTP_PUT:
      return Method::kPut;
    case HTTP_DELETE:
      return Method::kDelete;
    default:
      return Method::kOther;
  }
}

}  // namespace

RequestParser& RequestParser::self(llhttp_t* parser) {
  return *static_cast<RequestParser*>(parser->data);
}

const llhttp_settings_t* RequestParser::settings() {
  static const llhttp_settings_t settings = [] {
    llhttp_settings_t calls;
    llhttp_settings_init(&calls);
    calls.on_url = [](llhttp_t* p, const char* at, size_t n) { return self(p).on_target({at, n}); };
    calls.on_header_field = [](llhttp_t* p, const char* at, size_t n) {
      return self(p).on_header_name({at, n});
    };
    calls.on_header_value = [](llhttp_t* p, const char* at, size_t n) {
      return self(p).on_header_value({at, n});
    };
    // A header without a value has no value piece.
    calls.on_header_value_complete = [](llhttp_t* p) {
      self(p).in_value_ = true;
      return kGoOn;
    };
    calls.on_headers_complete = [](llhttp_t* p) { return self(p).on_head_complete(); };
    calls.on_body = [](llhttp_t* p, const char* at, size_t n) { return self(p).on_body({at, n}); };
    calls.on_message_complete = [](llhttp_t* p) { return self(p).on_complete(); };
    return calls;
  }();
  return &settings;
}

RequestParser::RequestParser(const HttpLimits& limits) : limits_(limits) {
  llhttp_init(&llhttp_, HTTP_REQUEST, settings());
  llhttp_.data = this;
}

RequestParser::Step RequestParser::feed(std::string_view& bytes) {
  if (faulted_) return Step::kFault;
  if (bytes.empty()) return Step::kMore;
  started_ = true;
  const bool was_in_head = !in_body_;
  const llhttp_errno_t error = llhttp_execute(&llhttp_, bytes.data(), bytes.size());
  if (error == HPE_PAUSED) {  // on_complete's doing
    bytes.remove_prefix(static_cast<size_t>(llhttp_get_error_pos(&llhttp_) - bytes.data()));
    return Step::kRequest;
  }
  if (error != HPE_OK) {
    explain(error);
    return Step::kFault;
  }
  // Counted by what has come, not by what llhttp handed over: blanks cost reading, too.
  if ((was_in_head && !in_body_) || trailer_) head_bytes_ += bytes.size();
  bytes = {};
  if (head_bytes_ > limits_.head_bytes) {
    refuse(431, "head_too_large",
           "the request line and headers must not exceed " + std::to_string(limits_.head_bytes) +
               " bytes");
    return Step::kFault;
  }
  return Step::kMore;
}

void RequestParser::next() {
  llhttp_resume(&llhttp_);
  request_.clear();
  head_bytes_ = target_bytes_ = 0;
  in_value_ = started_ = in_body_ = trailer_ = false;
  expects_continue_ = false;
}

bool RequestParser::take_continue() {
  return in_body_ && request_.body.empty() && std::exchange(expects_continue_, false);
}

int RequestParser::refuse(int status, std::string code, std::string message, std::string where) {
  if (!faulted_) fault_ = {status, std::move(code), std::move(message), std::move(where)};
  faulted_ = true;
  return kStop;
}

// ── llhttp's callbacks ──

int RequestParser::on_target(std::string_view piece) {
  target_bytes_ += piece.size();
  if (target_bytes_ > limits_.target_bytes) {
    return refuse(
        414, "target_too_long",
        "the request target must not exceed " + std::to_string(limits_.target_bytes) + " bytes");
  }
  request_.head_ += piece;
  return kGoOn;
}

int RequestParser::on_header_name(std::string_view piece) {
  if (in_body_) {
    trailer_ = true;
    return kGoOn;
  }
  if (request_.headers_.empty() || in_value_) {
    if (request_.headers_.size() == limits_.headers) {
      return refuse(431, "too_many_headers",
                    "at most " + std::to_string(limits_.headers) + " headers are read");
    }
    request_.headers_.push_back({{static_cast<uint32_t>(request_.head_.size()), 0}, {}});
    in_value_ = false;
  }
  request_.head_ += piece;
  request_.headers_.back().name.size += static_cast<uint32_t>(piece.size());
  return request_.head_.size() > limits_.head_bytes
             ? refuse(431, "head_too_large",
                      "the request line and headers must not exceed " +
                          std::to_string(limits_.head_bytes) + " bytes")
             : kGoOn;
}

int RequestParser::on_header_value(std::string_view piece) {
  if (in_body_ || request_.headers_.empty()) return kGoOn;
  Request::Header& header = request_.headers_.back();
  if (header.value.size == 0) header.value.at = static_cast<uint32_t>(request_.head_.size());
  in_value_ = true;
  request_.head_ += piece;
  header.value.size += static_cast<uint32_t>(piece.size());
  return request_.head_.size() > limits_.head_bytes
             ? refuse(431, "head_too_large",
                      "the request line and headers must not exceed " +
                          std::to_string(limits_.head_bytes) + " bytes")
             : kGoOn;
}

int RequestParser::on_head_complete() {
  request_.method = method_of(llhttp_get_method(&llhttp_));
  if (llhttp_.http_major != 1)
    return refuse(505, "http_version", "only HTTP/1.0 and HTTP/1.1 are spoken here");
  http_1_0_ = llhttp_.http_minor == 0;
  if (Status target = request_.set_target(0, target_bytes_); !target)
    return refuse(400, "bad_request", target.error().message, target.error().operation);
  if (check_headers() == kStop) return kStop;
  llhttp_.upgrade = 0;  // an offer that a server may ignore

  const bool has_length = (llhttp_.flags & F_CONTENT_LENGTH) != 0;
  if (has_length && llhttp_.content_length > limits_.body_bytes) {
    return refuse(413, "body_too_large",
                  "the body must not exceed " + std::to_string(limits_.body_bytes) + " bytes",
                  "header Content-Length");
  }
  if (has_length) request_.body.reserve(llhttp_.content_length);
  in_body_ = true;
  in_value_ = false;
  return kGoOn;
}

// What llhttp leaves to us. One pass, told apart by length first: most headers are none of these.
int RequestParser::check_headers() {
  size_t hosts = 0;
  for (const Request::Header& header : request_.headers_) {
    const std::string_view name = request_.text(header.name);
    switch (name.size()) {
      case 4:
        if (equal_ignoring_case(name, "host")) ++hosts;
        break;
      case 6:
        if (!equal_ignoring_case(name, "expect")) break;
        if (!equal_ignoring_case(request_.text(header.value), "100-continue")) {
          return refuse(417, "expectation", "only 100-continue can be expected", "header Expect");
        }
        expects_continue_ = !http_1_0_;
        break;
      case 17:
        if (!equal_ignoring_case(name, "transfer-encoding")) break;
        if (!equal_ignoring_case(request_.text(header.value), "chunked")) {
          return refuse(501, "transfer_coding", "the only transfer coding read here is chunked",
                        "header Transfer-Encoding");
        }
        if (http_1_0_) {
          return refuse(400, "bad_request", "HTTP/1.0 has no transfer codings",
                        "header Transfer-Encoding");
        }
        break;
      default:
        break;
    }
  }
  if (hosts > 1 || (hosts == 0 && !http_1_0_))
    return refuse(400, "bad_request", "exactly one Host header is required", "header Host");
  return kGoOn;
}

int RequestParser::on_body(std::string_view piece) {
  if (piece.size() > limits_.body_bytes - request_.body.size()) {
    return refuse(413, "body_too_large",
                  "the body must not exceed " + std::to_string(limits_.body_bytes) + " bytes",
                  "body");
  }
  request_.body += piece;
  return kGoOn;
}

int RequestParser::on_complete() {
  keep_alive_ = llhttp_should_keep_alive(&llhttp_) != 0;
  return HPE_PAUSED;
}

void RequestParser::explain(llhttp_errno_t error) {
  if (faulted_) return;
  const char* reason = llhttp_get_error_reason(&llhttp_);
  const std::string why = reason && *reason ? reason : llhttp_errno_name(error);
  switch (error) {
    case HPE_PAUSED_H2_UPGRADE:
    case HPE_INVALID_VERSION:
      refuse(505, "http_version", "only HTTP/1.0 and HTTP/1.1 are spoken here");
      return;
    case HPE_INVALID_TRANSFER_ENCODING:
      refuse(501, "transfer_coding", "the only transfer coding read here is chunked",
             "header Transfer-Encoding");
      return;
    default:
      refuse(400, "bad_request", "not HTTP: " + why);
  }
}

}  // namespace sluice::api
