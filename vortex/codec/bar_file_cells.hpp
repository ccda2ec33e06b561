// Cells of a bar file's text: numbers, missing values, yes and no. Pure.
#pragma once

#include <optional>
#include <string_view>

namespace vortex {

std::string_view trimmed(std::string_view text);

// Empty, or one of the words other tools write for nothing: nan, na, n/a, null, none, "-".
bool is_missing_cell(std::string_view text);

// A decimal number as the nearest double; inf and infinity as they are. Nothing for anything else,
// for thousands separators, and for numbers beyond double's range (1e400), which are never rounded
// to infinity. Missing cells are kNoNumber.
std::optional<double> read_number_cell(std::string_view text);

std::optional<bool> read_flag_cell(std::string_view text);  // true/false, 1/0, yes/no in any case

}  // namespace vortex
