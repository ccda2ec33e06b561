#include "vortex/config/raw_value.hpp"

#include <algorithm>

#include "vortex/base/json.hpp"

namespace vortex {
namespace {

struct TomlText {
  std::string operator()(bool flag) const { return flag ? "true" : "false"; }
  std::string operator()(std::int64_t number) const { return std::to_string(number); }
  std::string operator()(const RawDate& date) const { return date.text; }
  std::string operator()(const std::string& text) const { return toml_quote(text); }

  std::string operator()(double number) const {
    if (number != number) return "nan";
    std::string text;
    append_double(text, number);
    if (text.find_first_of(".eni") == std::string::npos) text += ".0";
    return text;
  }

  std::string operator()(const RawArray& array) const {
    std::string text = "[";
    for (const RawValue& element : array) {
      if (text.size() > 1) text += ", ";
      text += to_toml(element);
    }
    return text + "]";
  }

  std::string operator()(const RawTable& table) const {
    if (table.empty()) return "{}";
    std::string text = "{ ";
    for (const RawMember& member : table) {
      if (text.size() > 2) text += ", ";
      text += toml_key(member.name) + " = " + to_toml(member.value);
    }
    return text + " }";
  }
};

bool is_bare(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

}  // namespace

std::string to_toml(const RawValue& value) {
  return std::visit(TomlText{}, value.value);
}

// JSON's escapes are all TOML escapes too.
std::string toml_quote(const std::string& text) {
  return json_quote(text);
}

std::string toml_key(const std::string& name) {
  const bool bare = !name.empty() && std::ranges::all_of(name, is_bare);
  return bare ? name : toml_quote(name);
}

}  // namespace vortex
