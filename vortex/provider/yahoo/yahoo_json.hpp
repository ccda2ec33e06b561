// Small reads on simdjson's on-demand walk, shared by the sources of this folder. A member of
// another type is as good as absent; any other error ends the walk, for after it simdjson must not
// be asked again.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <simdjson.h>

#include "vortex/base/error.hpp"
#include "vortex/codec/bar_batch_builder.hpp"
#include "vortex/provider/yahoo/yahoo_errors.hpp"

namespace vortex::yahoo_json {

namespace json = simdjson::ondemand;
using simdjson::error_code;

inline error_code unless_other_type(error_code error) {
  const bool other = error == simdjson::INCORRECT_TYPE || error == simdjson::NUMBER_ERROR ||
                     error == simdjson::NUMBER_OUT_OF_RANGE;
  return other ? simdjson::SUCCESS : error;
}

inline error_code read_text(json::value& value, std::string& out) {
  constexpr std::size_t kTextMax = 300;
  std::string_view text;
  const error_code error = value.get_string().get(text);
  if (!error) out = untrusted(text, kTextMax);
  return unless_other_type(error);
}

inline error_code read_integer(json::value& value, std::optional<std::int64_t>& out) {
  std::int64_t number = 0;
  const error_code error = value.get_int64().get(number);
  if (!error) out = number;
  return unless_other_type(error);
}

// A number that is not written as one: null, "NaN", "Infinity" are missing, "12.5" is 12.5.
[[gnu::noinline]] inline error_code read_odd_number(json::value& value, double& out) {
  out = BarBatchBuilder::kMissing;
  json::json_type type{};
  if (const auto error = value.type().get(type)) return error;
  if (type == json::json_type::null) {
    bool is_null = false;
    if (const auto error = value.is_null().get(is_null)) return error;
    return is_null ? simdjson::SUCCESS : simdjson::N_ATOM_ERROR;
  }
  if (type == json::json_type::number) return simdjson::NUMBER_ERROR;
  std::string_view text;
  if (const auto error = value.get_string().get(text)) return error;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (ec != std::errc{} || end != text.data() + text.size()) return simdjson::NUMBER_ERROR;
  return simdjson::SUCCESS;  // an infinity counts as missing in the builder
}

// Inlined into the loop over a column: a call for each of five million values is a tenth of the
// time.
[[gnu::always_inline]] inline error_code read_number(json::value& value, double& out) {
  if (value.get_double().get(out) == simdjson::SUCCESS) [[likely]] {
    return simdjson::SUCCESS;
  }
  return read_odd_number(value, out);
}

// Calls use(key, value) for each member; the first error, from JSON or from `use`, ends it.
template <class Use>
error_code each_member(json::object& object, Use use) {
  for (auto field : object) {
    std::string_view key;
    json::value value;
    if (const auto error = field.unescaped_key().get(key)) return error;
    if (const auto error = field.value().get(value)) return error;
    if (const error_code error = use(key, value)) return error;
  }
  return simdjson::SUCCESS;
}

// The same for a value that should be an object and is skipped where it is none.
template <class Use>
error_code each_member(json::value& value, Use use) {
  json::object object;
  if (const auto error = value.get_object().get(object)) return unless_other_type(error);
  return each_member(object, use);
}

inline error_code read_error_text(json::object& object, YahooErrorText& out) {
  return each_member(object, [&](std::string_view key, json::value& value) {
    if (key == "code") return read_text(value, out.code);
    if (key == "description") return read_text(value, out.description);
    return simdjson::SUCCESS;
  });
}

}  // namespace vortex::yahoo_json
