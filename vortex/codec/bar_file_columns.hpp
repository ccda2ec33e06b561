// Which column of somebody's bar file means what, by its name.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "vortex/base/error.hpp"
#include "vortex/codec/bar_schema.hpp"

namespace vortex {

struct FileColumns {
  std::array<std::optional<std::size_t>, kBarColumns> at;  // of each bar column: its position
  std::optional<std::size_t> time_of_day;  // where the date and the time are two columns
  std::vector<std::string> ignored;        // names without a meaning here
};

// Names are compared without case, spaces, '_' and '-'; "close" wins over "last", "timestamp" over
// "date". Schema error for a required column that is missing (with the nearest name) or there
// twice.
Result<FileColumns> recognise_columns(const std::vector<std::string>& names);

}  // namespace vortex
