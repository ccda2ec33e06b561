// TOML text → RawValue trees. The only door to toml++; its exceptions end here.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "vortex/base/error.hpp"
#include "vortex/config/raw_value.hpp"

namespace vortex {

// A whole file. The error's message begins "NAME:LINE:COLUMN: ".
Result<RawValue> read_toml(std::string_view text, const std::string& name);

// The value of `--set KEY=VALUE` and of environment variables: TOML where it reads as one TOML
// value, else the text itself.
RawValue read_toml_value(const std::string& text);

// A dotted key with TOML's quoting: `symbols."BRK-B".yahoo` has three segments. Empty when
// malformed.
std::vector<std::string> read_toml_key(const std::string& text);

}  // namespace vortex
