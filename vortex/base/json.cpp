#include "vortex/base/json.hpp"

#include <charconv>
#include <cmath>
#include <set>

#include <fmt/format.h>
#include <simdjson.h>

namespace vortex {
namespace {

constexpr std::size_t kDepthMax = 64;

Result<Json> convert(simdjson::dom::element element, std::size_t depth);

Result<Json> convert_array(simdjson::dom::array array, std::size_t depth) {
  Json::Array out;
  out.reserve(array.size());
  for (const simdjson::dom::element item : array) {
    VORTEX_TRY(Json value, convert(item, depth + 1));
    out.push_back(std::move(value));
  }
  return Json(Json::Value(std::move(out)));
}

Result<Json> convert_object(simdjson::dom::object object, std::size_t depth) {
  Json::Object out;
  out.reserve(object.size());
  std::set<std::string_view> seen;
  for (const auto& [key, item] : object) {
    if (!seen.insert(key).second) {
      return fail(ErrorCode::bad_payload,
                  fmt::format("member '{}' stands twice", untrusted(key, 64)));
    }
    VORTEX_TRY(Json value, convert(item, depth + 1));
    out.emplace_back(std::string(key), std::move(value));
  }
  return Json(Json::Value(std::move(out)));
}

Result<Json> convert(simdjson::dom::element element, std::size_t depth) {
  using simdjson::dom::element_type;
  if (depth > kDepthMax) return fail(ErrorCode::bad_payload, "nested too deeply");
  switch (element.type()) {
    case element_type::ARRAY: return convert_array(element.get_array().value_unsafe(), depth);
    case element_type::OBJECT: return convert_object(element.get_object().value_unsafe(), depth);
    case element_type::STRING: {
      const std::string_view text = element.get_string().value_unsafe();
      return Json(Json::Value(std::string(text)));
    }
    case element_type::INT64: return Json(Json::Value(element.get_int64().value_unsafe()));
    case element_type::UINT64:
      return Json(Json::Value(static_cast<double>(element.get_uint64().value_unsafe())));
    case element_type::DOUBLE: return Json(Json::Value(element.get_double().value_unsafe()));
    case element_type::BOOL: return Json(Json::Value(element.get_bool().value_unsafe()));
    case element_type::NULL_VALUE: return Json();
  }
  return Json();
}

void write(JsonWriter& writer, const Json& json) {
  if (const auto* object = json.as_object()) {
    writer.begin_object();
    for (const auto& [key, value] : *object) {
      writer.key(key);
      write(writer, value);
    }
    writer.end_object();
  } else if (const auto* array = json.as_array()) {
    writer.begin_array();
    for (const Json& value : *array) write(writer, value);
    writer.end_array();
  } else if (const auto* text = json.as_string()) {
    writer.value(std::string_view(*text));
  } else if (const auto* flag = json.as_bool()) {
    writer.value(*flag);
  } else if (const auto* integer = json.as_int()) {
    writer.value(*integer);
  } else if (const auto number = json.as_number()) {
    writer.value(*number);
  } else {
    writer.null();
  }
}

}  // namespace

Result<Json> Json::parse(std::string_view text) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  if (const auto error = parser.parse(text.data(), text.size()).get(root)) {
    return fail(ErrorCode::bad_payload,
                fmt::format("no valid JSON: {}", simdjson::error_message(error)));
  }
  return convert(root, 0);
}

std::optional<double> Json::as_number() const {
  if (const auto* integer = as_int()) return static_cast<double>(*integer);
  if (const auto* number = std::get_if<double>(&value_)) return *number;
  return std::nullopt;
}

const Json* Json::find(std::string_view key) const {
  const Object* object = as_object();
  if (object == nullptr) return nullptr;
  for (const auto& [name, value] : *object) {
    if (name == key) return &value;
  }
  return nullptr;
}

std::optional<std::string_view> Json::string_at(std::string_view key) const {
  const Json* value = find(key);
  if (value == nullptr || value->as_string() == nullptr) return std::nullopt;
  return *value->as_string();
}

std::optional<std::int64_t> Json::int_at(std::string_view key) const {
  const Json* value = find(key);
  if (value == nullptr || value->as_int() == nullptr) return std::nullopt;
  return *value->as_int();
}

std::optional<bool> Json::bool_at(std::string_view key) const {
  const Json* value = find(key);
  if (value == nullptr || value->as_bool() == nullptr) return std::nullopt;
  return *value->as_bool();
}

std::string Json::dump() const {
  JsonWriter writer;
  write(writer, *this);
  return writer.take();
}

void JsonWriter::separate() {
  if (needs_comma_) text_ += ',';
  needs_comma_ = true;
}

void JsonWriter::begin_object() {
  separate();
  text_ += '{';
  needs_comma_ = false;
}

void JsonWriter::end_object() {
  text_ += '}';
  needs_comma_ = true;
}

void JsonWriter::begin_array() {
  separate();
  text_ += '[';
  needs_comma_ = false;
}

void JsonWriter::end_array() {
  text_ += ']';
  needs_comma_ = true;
}

void JsonWriter::key(std::string_view name) {
  separate();
  text_ += json_quote(name);
  text_ += ':';
  needs_comma_ = false;
}

void JsonWriter::value(std::string_view text) {
  separate();
  text_ += json_quote(text);
}

void JsonWriter::value(bool flag) {
  separate();
  text_ += flag ? "true" : "false";
}

void JsonWriter::value(double number) {
  separate();
  if (std::isfinite(number))
    append_double(text_, number);
  else
    text_ += "null";
}

void JsonWriter::value(std::int64_t number) {
  separate();
  text_ += fmt::format_int(number).str();
}

void JsonWriter::value(std::uint64_t number) {
  separate();
  text_ += fmt::format_int(number).str();
}

void JsonWriter::null() {
  separate();
  text_ += "null";
}

void JsonWriter::raw(std::string_view json) {
  separate();
  text_ += json;
}

std::string json_quote(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
          out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        } else {
          out += c;
        }
    }
  }
  out += '"';
  return out;
}

void append_double(std::string& out, double number) {
  char digits[32];
  const auto [end, ec] = std::to_chars(digits, digits + sizeof digits, number);
  out.append(digits, end);
}

}  // namespace vortex
