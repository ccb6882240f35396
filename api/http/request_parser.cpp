#include "api/http/request_parser.h"

#include <algorithm>
#include <utility>

namespace sluice::api {
namespace {

constexpr int kGoOn = 0;
constexpr int kStop = -1;
constexpr size_t kBodyReserved = 64 << 10;

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
    calls.on_url = [](llhttp_t* p, const char* at, size_t n) {
      self(p).on_target({at, n});
      return kGoOn;
    };
    calls.on_header_field = [](llhttp_t* p, const char* at, size_t n) {
      self(p).on_header_name({at, n});
      return kGoOn;
    };
    calls.on_header_value = [](llhttp_t* p, const char* at, size_t n) {
      self(p).on_header_value({at, n});
      return kGoOn;
    };
    calls.on_header_value_complete = [](llhttp_t* p) {
      self(p).on_header_value_end();
      return kGoOn;
    };
    calls.on_headers_complete = [](llhttp_t* p) { return self(p).on_head_complete(); };
    calls.on_body = [](llhttp_t* p, const char* at, size_t n) { return self(p).on_body({at, n}); };
    calls.on_message_complete = [](llhttp_t* p) { return self(p).on_complete(); };
    return calls;
  }();
  return &settings;
}

RequestParser::RequestParser(const HttpLimits& limits)
    : limits_(limits), scanner_(limits), chunks_(limits) {
  llhttp_init(&llhttp_, HTTP_REQUEST, settings());
  llhttp_.data = this;
}

RequestParser::Step RequestParser::feed(std::string_view& bytes) {
  if (faulted_) return Step::kFault;
  if (bytes.empty()) return Step::kMore;
  started_ = true;
  if (!in_body_) {
    const Step step = feed_head(bytes);
    if (step != Step::kMore || !in_body_ || bytes.empty()) return step;
  }
  if (in_trailers_) return feed_trailers(bytes);
  if (facts_.chunked) return feed_chunks(bytes);
  const size_t left = static_cast<size_t>(facts_.length.value_or(0)) - request_.body.size();
  const std::string_view body = bytes.substr(0, left);
  bytes.remove_prefix(body.size());
  return parse(body);
}

RequestParser::Step RequestParser::feed_head(std::string_view& bytes) {
  size_t used = 0;
  const HeadScanner::Step step = scanner_.scan(bytes, used);
  if (step == HeadScanner::Step::kFault) return refuse(scanner_.fault());
  std::string_view head = bytes.substr(0, used);
  bytes.remove_prefix(used);
  if (step == HeadScanner::Step::kMore || !head_.empty()) {
    head_ += head;
    head = head_;
  }
  if (step == HeadScanner::Step::kMore) return Step::kMore;

  if (std::optional<HttpFault> fault = read_head(head, facts_)) {
    // The path tells in which shape its route answers errors.
    request_.head_ = facts_.target;
    static_cast<void>(request_.set_target(0, facts_.target.size()));
    return refuse(*std::move(fault));
  }
  return parse(head);
}

RequestParser::Step RequestParser::feed_chunks(std::string_view& bytes) {
  size_t used = 0;
  const ChunkScanner::Step step = chunks_.scan(bytes, used);
  if (step == ChunkScanner::Step::kFault) return refuse(chunks_.fault());
  const std::string_view framed = bytes.substr(0, used);
  bytes.remove_prefix(used);
  const Step parsed = parse(framed);
  if (parsed != Step::kMore || step != ChunkScanner::Step::kLast) return parsed;
  in_trailers_ = true;
  scanner_.begin_trailers();
  return bytes.empty() ? Step::kMore : feed_trailers(bytes);
}

// Trailers are read over. llhttp is told of their end only, since it would let a Content-Length
// among them count.
RequestParser::Step RequestParser::feed_trailers(std::string_view& bytes) {
  size_t used = 0;
  const HeadScanner::Step step = scanner_.scan(bytes, used);
  if (step == HeadScanner::Step::kFault) return refuse(scanner_.fault());
  bytes.remove_prefix(used);
  return step == HeadScanner::Step::kMore ? Step::kMore : parse("\r\n");
}

RequestParser::Step RequestParser::parse(std::string_view bytes) {
  const llhttp_errno_t error = llhttp_execute(&llhttp_, bytes.data(), bytes.size());
  if (error == HPE_OK) return Step::kMore;
  if (error != HPE_PAUSED) return explain(error);
  // on_complete's doing. What it has not read would be lost: the scanners see to it that there is
  // nothing of the kind.
  if (llhttp_get_error_pos(&llhttp_) == bytes.data() + bytes.size()) return Step::kRequest;
  return refuse({400, "bad_request", "not HTTP: the request ends before its end", {}});
}

void RequestParser::next() {
  llhttp_resume(&llhttp_);
  request_.clear();
  scanner_.begin();
  chunks_.begin();
  if (!head_.empty()) head_ = std::string();
  target_bytes_ = 0;
  in_value_ = started_ = in_body_ = in_trailers_ = false;
}

bool RequestParser::take_continue() {
  return in_body_ && request_.body.empty() && std::exchange(facts_.expects_continue, false);
}

RequestParser::Step RequestParser::refuse(HttpFault fault) {
  if (!faulted_) fault_ = std::move(fault);
  faulted_ = true;
  return Step::kFault;
}

// ── llhttp's callbacks ──

void RequestParser::on_target(std::string_view piece) {
  target_bytes_ += piece.size();
  request_.head_ += piece;
}

void RequestParser::on_header_name(std::string_view piece) {
  if (request_.headers_.empty() || in_value_) {
    request_.headers_.push_back({{static_cast<uint32_t>(request_.head_.size()), 0}, {}});
    in_value_ = false;
  }
  request_.head_ += piece;
  request_.headers_.back().name.size += static_cast<uint32_t>(piece.size());
}

void RequestParser::on_header_value(std::string_view piece) {
  if (request_.headers_.empty()) return;
  Request::Header& header = request_.headers_.back();
  if (header.value.size == 0) header.value.at = static_cast<uint32_t>(request_.head_.size());
  in_value_ = true;
  request_.head_ += piece;
  header.value.size += static_cast<uint32_t>(piece.size());
}

void RequestParser::on_header_value_end() {
  in_value_ = true;  // a header without a value has no value piece
  if (request_.headers_.empty()) return;
  // llhttp takes away the blanks before a value alone.
  Request::Piece& value = request_.headers_.back().value;
  const size_t last = request_.text(value).find_last_not_of(" \t");
  value.size = last == std::string_view::npos ? 0 : static_cast<uint32_t>(last + 1);
}

int RequestParser::on_head_complete() {
  request_.method = method_of(llhttp_get_method(&llhttp_));
  if (Status target = request_.set_target(0, target_bytes_); !target) {
    refuse({400, "bad_request", target.error().message, target.error().operation});
    return kStop;
  }
  llhttp_.upgrade = 0;  // an offer that a server may ignore

  // Both have read the same head. Should they ever differ in where its message ends, neither is
  // believed.
  const bool chunked = (llhttp_.flags & F_CHUNKED) != 0;
  const bool has_length = (llhttp_.flags & F_CONTENT_LENGTH) != 0;
  if (chunked != facts_.chunked || has_length != facts_.length.has_value() ||
      (has_length && llhttp_.content_length != *facts_.length)) {
    refuse({400, "bad_request", "not HTTP: the length of the body is in doubt", {}});
    return kStop;
  }
  if (has_length && *facts_.length > limits_.body_bytes) {
    refuse({413, "body_too_large",
            "the body must not exceed " + std::to_string(limits_.body_bytes) + " bytes",
            "header Content-Length"});
    return kStop;
  }
  // What is only announced is not yet worth its memory.
  if (has_length)
    request_.body.reserve(std::min(static_cast<size_t>(*facts_.length), kBodyReserved));
  in_body_ = true;
  in_value_ = false;
  return kGoOn;
}

int RequestParser::on_body(std::string_view piece) {
  if (piece.size() > limits_.body_bytes - request_.body.size()) {  // unless a scanner is wrong
    refuse({413, "body_too_large",
            "the body must not exceed " + std::to_string(limits_.body_bytes) + " bytes", "body"});
    return kStop;
  }
  request_.body += piece;
  return kGoOn;
}

int RequestParser::on_complete() {
  keep_alive_ = llhttp_should_keep_alive(&llhttp_) != 0;
  return HPE_PAUSED;
}

RequestParser::Step RequestParser::explain(llhttp_errno_t error) {
  if (faulted_) return Step::kFault;
  if (error == HPE_INVALID_METHOD)
    return refuse({501, "unknown_method", "this method is not known here", "request line"});
  const char* reason = llhttp_get_error_reason(&llhttp_);
  return refuse({400,
                 "bad_request",
                 "not HTTP: " + std::string(reason && *reason ? reason : llhttp_errno_name(error)),
                 {}});
}

}  // namespace sluice::api
