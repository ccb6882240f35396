// Output: everything that slcli says. Results go to standard output, the rest to standard error.
#pragma once

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "cli/failure.h"
#include "cli/json.h"
#include "cli/layout.h"

namespace sluice::cli {

// Where text goes, and whether a person sees it there.
struct Terminal {
  std::ostream& out;
  std::ostream& err;
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  bool no_colour = false;  // NO_COLOR
};

enum class Format {
  kAuto,  // for people on a terminal, for programs in a pipe
  kText,  // for people
  kJson,  // everything as JSON: results, strings, errors; no `info:` lines
};

class Output {
 public:
  Output(const Terminal& terminal, Format format) : terminal_(terminal), format_(format) {}

  // `info: …`
  void info(std::string_view text);
  // `error: …`, then what the server said and what to do about it; or {"error":{…}}.
  void error(const Failure& failure);
  // The request has been carried out, and there is nothing to show but that; `answer` is the
  // server's.
  void success(std::string_view answer);

  // A job's result, or any other answer: a string without its quotes, other JSON laid out for a
  // person or on one line, and what is no JSON as it is.
  void result(std::string_view answer);
  // A list: `answer` for programs, a table for people.
  void list(const JsonView& answer, const std::vector<Column>& columns,
            const std::vector<std::vector<std::string>>& rows);
  // A record: `answer` for programs, for people fields(), which says what `whole` is.
  void record(const JsonView& answer, const std::vector<std::string>& whole);
  // Exactly this: help, scripts, names one a line.
  void verbatim(std::string_view text);

  Format format() const { return format_; }
  // Whether everything written so far has reached standard output.
  bool delivered();

 private:
  bool for_people() const;
  void line(std::string_view text);
  std::string level(std::string_view word, std::string_view colour) const;

  Terminal terminal_;
  Format format_;
};

}  // namespace sluice::cli
