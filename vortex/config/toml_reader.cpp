#include "vortex/config/toml_reader.hpp"

#include <sstream>
#include <utility>

#include <fmt/core.h>
#include <toml++/toml.h>

namespace vortex {
namespace {

int line_of(const toml::source_region& source) {
  return static_cast<int>(source.begin.line);
}

template <class Value>
RawDate date_text(const Value& value) {
  std::ostringstream text;
  text << value;
  return RawDate{text.str()};
}

RawValue convert(const toml::node& node);

RawTable convert_table(const toml::table& table) {
  RawTable members;
  members.reserve(table.size());
  for (const auto& [key, child] : table) {
    members.push_back(
        {.name = std::string(key.str()), .value = convert(child), .line = line_of(key.source())});
  }
  return members;
}

RawArray convert_array(const toml::array& array) {
  RawArray elements;
  elements.reserve(array.size());
  for (const auto& child : array) elements.push_back(convert(child));
  return elements;
}

RawValue convert(const toml::node& node) {
  RawValue raw{.value = false, .line = line_of(node.source())};
  switch (node.type()) {
    case toml::node_type::table: raw.value = convert_table(*node.as_table()); break;
    case toml::node_type::array: raw.value = convert_array(*node.as_array()); break;
    case toml::node_type::string: raw.value = node.as_string()->get(); break;
    case toml::node_type::integer: raw.value = node.as_integer()->get(); break;
    case toml::node_type::floating_point: raw.value = node.as_floating_point()->get(); break;
    case toml::node_type::boolean: raw.value = node.as_boolean()->get(); break;
    case toml::node_type::date: raw.value = date_text(node.as_date()->get()); break;
    case toml::node_type::time: raw.value = date_text(node.as_time()->get()); break;
    case toml::node_type::date_time: raw.value = date_text(node.as_date_time()->get()); break;
    case toml::node_type::none: break;
  }
  return raw;
}

}  // namespace

Result<RawValue> read_toml(std::string_view text, const std::string& name) {
  try {
    return convert(toml::parse(text));
  } catch (const toml::parse_error& e) {
    const auto& at = e.source().begin;
    const bool repeated = e.description().find("redefine") != std::string_view::npos;
    Error error{
        .code = ErrorCode::config,
        .message = fmt::format("{}:{}:{}: {}", name, static_cast<unsigned>(at.line),
                               static_cast<unsigned>(at.column), untrusted(e.description(), 160)),
        .hint = repeated ? "write each key once" : ""};
    return std::unexpected(std::move(error));
  }
}

RawValue read_toml_value(const std::string& text) {
  RawValue verbatim{.value = text};
  try {
    toml::table table = toml::parse("v = " + text);
    if (table.size() != 1) return verbatim;
    RawValue value = convert(*table.get("v"));
    value.line = 0;
    return value;
  } catch (const toml::parse_error&) {
    return verbatim;
  }
}

std::vector<std::string> read_toml_key(const std::string& text) {
  std::vector<std::string> segments;
  if (text.find_first_of("\n\r=#") != std::string::npos) return segments;
  try {
    const toml::table root = toml::parse(text + " = 1");
    const toml::table* table = &root;
    while (table != nullptr && table->size() == 1) {
      segments.emplace_back(table->begin()->first.str());
      table = table->begin()->second.as_table();
    }
  } catch (const toml::parse_error&) {
    segments.clear();
  }
  return segments;
}

}  // namespace vortex
