// A setting as it was written, before its key gives it a type: a small tree that owns its text and
// knows its line. The TOML reader makes it, so that toml++ stays in one source.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace vortex {

struct RawMember;
struct RawValue;
using RawArray = std::vector<RawValue>;
using RawTable = std::vector<RawMember>;  // in the order of the file

// A TOML date or time literal, as text.
struct RawDate {
  std::string text;
};

struct RawValue {
  std::variant<bool, std::int64_t, double, std::string, RawDate, RawArray, RawTable> value;
  int line = 0;  // 0: not from a file

  bool is_table() const { return std::holds_alternative<RawTable>(value); }
  const RawTable* as_table() const { return std::get_if<RawTable>(&value); }
  const RawArray* as_array() const { return std::get_if<RawArray>(&value); }
  const std::string* as_string() const { return std::get_if<std::string>(&value); }
};

struct RawMember {
  std::string name;
  RawValue value;
  int line = 0;
};

// The value as TOML text on one line.
std::string to_toml(const RawValue& value);
// A string in TOML's quotes, escaped.
std::string toml_quote(const std::string& text);
// One segment of a dotted key, quoted where TOML asks for it.
std::string toml_key(const std::string& name);

}  // namespace vortex
