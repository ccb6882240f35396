// Text for a terminal: aligned, and harmless.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/json.h"

namespace sluice::cli {

// Control characters made visible ("\x1b"), so that what an action returns cannot drive the
// terminal. New lines and tabs stay.
std::string harmless(std::string_view text);

struct Column {
  std::string title;
  bool right = false;  // numbers
};

// Rows have as many cells as there are columns. Each line ends in a newline.
std::string table(const std::vector<Column>& columns,
                  const std::vector<std::vector<std::string>>& rows);

// "key  value" lines of an object. Objects in it become "outer.inner", but for the members named in
// `whole`, which stay JSON on one line; texts of several lines keep them.
std::string fields(const JsonView& object, const std::vector<std::string>& whole = {});

}  // namespace sluice::cli
