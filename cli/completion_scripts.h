// The scripts of cli/completion/, built in, so that `slcli completion` works wherever slcli is.
#pragma once

#include <string_view>

namespace sluice::cli {

extern const std::string_view kBashCompletion;
extern const std::string_view kZshCompletion;

}  // namespace sluice::cli
