// What was typed, taken apart: the command, its flags and arguments, and typed reading of them.
// Errors are one line that names what was typed and the nearest valid thing.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vortex/base/error.hpp"
#include "vortex/model/interval.hpp"
#include "vortex/model/symbol.hpp"

#include "apps/cli/command_table.hpp"

namespace vortex::cli {

struct Arguments {
  const CommandSpec* command = nullptr;  // null: none was typed
  std::map<std::string, std::vector<std::string>, std::less<>>
      flags;  // "--since" → values, in order
  std::vector<std::string> positional;

  bool has(std::string_view flag) const { return flags.contains(flag); }
  int count(std::string_view flag) const;
  // The last value given; none when the flag is absent.
  std::optional<std::string> value(std::string_view flag) const;
  std::string value_or(std::string_view flag, std::string_view fallback) const;

  Result<std::optional<Interval>> interval() const;
  Result<std::optional<TimePoint>> since() const;
  Result<std::optional<TimePoint>> until() const;  // also checks that it lies after since
  Result<std::vector<Symbol>> symbols() const;     // the positional ones, checked, doubles dropped
  // --provider a,b checked against the known names; empty when absent.
  Result<std::vector<std::string>> providers(const std::vector<std::string_view>& known,
                                             std::string_view flag = "--provider") const;
  Result<std::optional<std::int64_t>> integer(std::string_view flag, std::int64_t min,
                                              std::int64_t max) const;
  Result<std::optional<double>> number(std::string_view flag, double min, double max) const;
};

// An argument that is none of the choices: usage error with the nearest one.
Result<void> check_choice(std::string_view what, std::string_view typed,
                          const std::vector<std::string_view>& choices);

// A date or a stamp with zone; the error proposes the nearest date.
Result<TimePoint> parse_moment(std::string_view flag, std::string_view text);

std::vector<std::string_view> words_of(std::string_view text);  // split at blanks

}  // namespace vortex::cli
