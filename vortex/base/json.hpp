// A small JSON reader and writer for our own files: commit logs, reports, configuration. Provider
// bodies do not come this way; adapters walk them in place with simdjson.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "vortex/base/error.hpp"

namespace vortex {

// A JSON value. Objects keep the order of their members; a repeated key is refused by the reader.
class Json {
 public:
  using Array = std::vector<Json>;
  using Member = std::pair<std::string, Json>;
  using Object = std::vector<Member>;
  using Value =
      std::variant<std::nullptr_t, bool, std::int64_t, double, std::string, Array, Object>;

  Json() = default;
  explicit Json(Value value) : value_(std::move(value)) {}

  // At most 64 levels deep; the error names the byte where reading stopped.
  static Result<Json> parse(std::string_view text);

  bool is_null() const { return std::holds_alternative<std::nullptr_t>(value_); }
  const bool* as_bool() const { return std::get_if<bool>(&value_); }
  const std::int64_t* as_int() const { return std::get_if<std::int64_t>(&value_); }
  std::optional<double> as_number() const;  // either kind of number
  const std::string* as_string() const { return std::get_if<std::string>(&value_); }
  const Array* as_array() const { return std::get_if<Array>(&value_); }
  const Object* as_object() const { return std::get_if<Object>(&value_); }

  // The member of that name; null when this is no object or has none.
  const Json* find(std::string_view key) const;
  std::optional<std::string_view> string_at(std::string_view key) const;
  std::optional<std::int64_t> int_at(std::string_view key) const;
  std::optional<bool> bool_at(std::string_view key) const;

  std::string dump() const;  // compact

 private:
  Value value_ = nullptr;
};

// Writes JSON straight to a string. Numbers are shortest round-trip; NaN and infinities become
// null.
//   JsonWriter w; w.begin_object(); w.key("rows"); w.value(3); w.end_object(); w.take()
class JsonWriter {
 public:
  void begin_object();
  void end_object();
  void begin_array();
  void end_array();
  void key(std::string_view name);
  void value(std::string_view text);
  void value(const char* text) { value(std::string_view(text)); }
  void value(bool flag);
  void value(double number);
  void value(std::int64_t number);
  void value(int number) { value(std::int64_t{number}); }
  void value(std::uint64_t number);
  void null();
  void raw(std::string_view json);  // already JSON

  template <class T>
  void member(std::string_view name, const T& v) {
    key(name);
    value(v);
  }
  void member_or_null(std::string_view name, std::string_view text) {
    key(name);
    if (text.empty())
      null();
    else
      value(text);
  }
  std::string take() { return std::move(text_); }
  const std::string& text() const { return text_; }

 private:
  void separate();
  std::string text_;
  bool needs_comma_ = false;
};

// The text in quotes, escaped.
std::string json_quote(std::string_view text);

// Shortest text that reads back as the same double; "-0", "1e+22" as std::to_chars gives them.
void append_double(std::string& out, double number);

}  // namespace vortex
