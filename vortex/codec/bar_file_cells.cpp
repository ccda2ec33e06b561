#include "vortex/codec/bar_file_cells.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <system_error>

#include <fast_float/fast_float.h>

#include "vortex/codec/bar_file_rows.hpp"

namespace vortex {
namespace {

bool same_word(std::string_view text, std::string_view lower) {
  return std::ranges::equal(text, lower, [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
  });
}

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::ranges::any_of(words, [&](std::string_view word) { return same_word(text, word); });
}

// A zero that has another digit before its exponent was too small for a double.
bool is_below_range(std::string_view digits) {
  return digits.substr(0, digits.find_first_of("eE")).find_first_of("123456789") !=
         std::string_view::npos;
}

bool is_space(char c) {
  return c == ' ' || c == '\t';
}

}  // namespace

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

bool is_missing_cell(std::string_view text) {
  if (text.empty()) return true;
  if (text.size() > 4) return false;
  return is_one_of(text, {"nan", "na", "n/a", "null", "none", "-"});
}

std::optional<double> read_number_cell(std::string_view text) {
  text = trimmed(text);
  double number = kNoNumber;
  std::string_view digits = text;
  if (digits.starts_with('+')) digits.remove_prefix(1);
  const auto parsed = fast_float::from_chars(digits.data(), digits.data() + digits.size(), number);
  const bool whole = parsed.ec == std::errc{} && parsed.ptr == digits.data() + digits.size();
  if (text.starts_with('+') && digits.starts_with('-')) return std::nullopt;
  if (whole && number == 0 && is_below_range(digits)) return std::nullopt;
  if (whole && std::isfinite(number)) return number;
  if (is_missing_cell(text)) return kNoNumber;
  if (is_one_of(digits, {"inf", "infinity"})) return std::numeric_limits<double>::infinity();
  if (is_one_of(digits, {"-inf", "-infinity"})) return -std::numeric_limits<double>::infinity();
  return std::nullopt;
}

std::optional<bool> read_flag_cell(std::string_view text) {
  if (is_one_of(text, {"true", "1", "yes"})) return true;
  if (is_one_of(text, {"false", "0", "no"})) return false;
  return std::nullopt;
}

}  // namespace vortex
