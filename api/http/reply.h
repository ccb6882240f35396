// Reply: what a handler answers, and the two shapes that errors have.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice::api {

enum class ContentType : uint8_t { kText, kJson, kMetrics };

struct Reply {
  int status = 200;
  ContentType type = ContentType::kJson;
  std::string body;
  std::string headers;  // further header lines, each ended by CRLF

  // Neither may hold anything from outside that was not checked: CR and LF are dropped.
  Reply& with(std::string_view name, std::string_view value);
};

Reply text_reply(int status, std::string body);
Reply json_reply(int status, std::string body);

// The original's routes answer errors as plain text, all others as {"code","message","where"}.
enum class ErrorShape : uint8_t { kJson, kText };

// `code` is a word for programs ("invalid"), `where` the place of the fault ("body.timeout") or
// empty.
Reply error_reply(ErrorShape shape, int status, std::string_view code, std::string_view message,
                  std::string_view where = {});

// By the error's code; `where` is its operation when the input is at fault. Says when to come again
// where that can help.
Reply error_reply(ErrorShape shape, const Error& error);

int http_status(Code code);

// Appends the head of a response. `connection` is a whole header line or empty, `date` a whole
// header line.
void write_head(std::string& out, const Reply& reply, std::string_view connection,
                std::string_view date);

}  // namespace sluice::api
