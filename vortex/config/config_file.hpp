// The file of the settings as bytes: found or not, and read with a bound.
#pragma once

#include <string>

#include "vortex/base/error.hpp"

namespace vortex {

bool config_file_exists(const std::string& path);  // and can be opened

// `config` error when it cannot be read or is larger than 4 MiB.
Result<std::string> read_config_text(const std::string& path);

}  // namespace vortex
