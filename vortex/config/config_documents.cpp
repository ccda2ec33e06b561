#include "vortex/config/config_documents.hpp"

#include <algorithm>

#include <fmt/core.h>

#include "vortex/base/json.hpp"
#include "vortex/config/key_names.hpp"
#include "vortex/config/key_table.hpp"
#include "vortex/config/toml_reader.hpp"
#include "vortex/model/interval.hpp"

namespace vortex {
namespace {

constexpr std::string_view kSchemaDialect = "https://json-schema.org/draft/2020-12/schema";

// --- JSON schema

void write_pattern(JsonWriter& json, std::string_view pattern) {
  json.member("type", "string");
  json.member("pattern", pattern);
}

void write_list(JsonWriter& json, void (*element)(JsonWriter&)) {
  json.member("type", "array");
  json.key("items");
  json.begin_object();
  element(json);
  json.end_object();
}

void write_intervals(JsonWriter& json) {
  json.key("enum");
  json.begin_array();
  for (const Interval interval : kIntervals) json.value(to_string(interval));
  json.end_array();
}

void write_choices(JsonWriter& json, std::span<const std::string_view> choices) {
  json.key("enum");
  json.begin_array();
  for (const std::string_view choice : choices) json.value(choice);
  json.end_array();
}

void write_depth(JsonWriter& json) {
  json.member("type", "object");
  json.key("propertyNames");
  json.begin_object();
  write_intervals(json);
  json.end_object();
  json.key("additionalProperties");
  json.begin_object();
  write_pattern(json, "^[0-9]+(ms|s|m|h|d|y)$");
  json.end_object();
}

void write_bounds(JsonWriter& json, const KeyBounds& bounds) {
  json.member("minimum", bounds.min);
  json.member("maximum", bounds.max);
}

void write_type(JsonWriter& json, const KeySpec& spec) {
  switch (spec.type) {
    case KeyType::boolean: return json.member("type", "boolean");
    case KeyType::integer: json.member("type", "integer"); return write_bounds(json, spec.bounds);
    case KeyType::number: json.member("type", "number"); return write_bounds(json, spec.bounds);
    case KeyType::duration: return write_pattern(json, "^[0-9]+(ms|s|m|h|d)$");
    case KeyType::size: return write_pattern(json, "^[0-9]+(B|KiB|MiB|GiB)$");
    case KeyType::secret: return write_pattern(json, "^((env|file|vault):.+)?$");
    case KeyType::choice: return write_choices(json, spec.choices);
    case KeyType::url: return write_pattern(json, "^(https?://.+)?$");
    case KeyType::urls:
      return write_list(json, [](JsonWriter& item) { write_pattern(item, "^https?://.+$"); });
    case KeyType::interval: return write_intervals(json);
    case KeyType::depth: return write_depth(json);
    case KeyType::limits:
      return write_list(
          json, [](JsonWriter& item) { write_pattern(item, "^[0-9]+/([0-9]*(s|min|h)|day@.+)$"); });
    case KeyType::texts:
    case KeyType::symbols:
    case KeyType::providers:
      return write_list(json, [](JsonWriter& item) { item.member("type", "string"); });
    default: return json.member("type", "string");
  }
}

bool begins_with(std::string_view pattern, std::string_view section) {
  return section.empty() || (pattern.starts_with(section) && pattern.size() > section.size() &&
                             pattern[section.size()] == '.');
}

void write_section(JsonWriter& json, const std::string& section,
                   std::span<const KnownProvider> providers);

void write_key(JsonWriter& json, const KeySpec& spec) {
  json.begin_object();
  write_type(json, spec);
  json.member("description", spec.meaning);
  if (!spec.fallback.empty()) {
    const RawValue raw = read_toml_value(std::string(spec.fallback));
    json.key("default");
    json.raw(
        to_toml(raw));  // the defaults are strings, numbers, booleans and lists: the same in JSON
  }
  json.end_object();
}

void write_child(JsonWriter& json, const std::string& path,
                 std::span<const KnownProvider> providers) {
  const auto spec = std::ranges::find(key_table(), path, &KeySpec::pattern);
  if (spec != key_table().end()) return write_key(json, *spec);
  json.begin_object();
  if (path == "jobs") {
    json.member("type", "array");
    json.key("items");
    json.begin_object();
    write_section(json, "jobs.*", providers);
    json.end_object();
  } else {
    write_section(json, path, providers);
  }
  json.end_object();
}

// The body of an object schema for the keys below a section.
void write_section(JsonWriter& json, const std::string& section,
                   std::span<const KnownProvider> providers) {
  json.member("type", "object");
  std::vector<std::string> names;
  for (const KeySpec& spec : key_table()) {
    if (!begins_with(spec.pattern, section)) continue;
    const std::string_view rest = spec.pattern.substr(section.empty() ? 0 : section.size() + 1);
    std::string name(rest.substr(0, rest.find('.')));
    if (std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
  }
  const std::string prefix = section.empty() ? "" : section + ".";
  if (section == "symbols") {
    json.key("additionalProperties");
    return write_child(json, prefix + "*", providers);
  }
  json.key("properties");
  json.begin_object();
  for (const std::string& name : names) {
    if (name != "*") {
      json.key(name);
      write_child(json, prefix + name, providers);
      continue;
    }
    for (const KnownProvider& provider : providers) {
      json.key(provider.name);
      write_child(json, prefix + name, providers);
    }
  }
  json.end_object();
  json.member("additionalProperties", false);
}

// --- the commented file

constexpr std::string_view kHead =
    R"(# vortex.toml: the settings of Vortex. Every key stands here with its meaning and default;
# keys without a default are commented out (#key). Delete what you do not change.
# A key can also be an environment variable (VORTEX__STORE__URI) or --set store.uri=./data, which
# go before this file; flags go before all. `vortex config show` says what is in force and why.

)";

constexpr std::string_view kTail = R"(
# How a provider writes a symbol of yours, where Vortex does not know it.
#[symbols."BRK-B"]
#yahoo = "BRK-B"

# What `vortex sync` brings up to date when no symbol is given.
#[[jobs]]
#name = "us-daily"
#symbols = ["AAPL", "MSFT"]
#providers = ["yahoo"]           # in the order of asking
#interval = "1d"                 # 1m 5m 15m 30m 1h 4h 1d 1wk 1mo
#since = "2015-01-01"
#schedule = "30 22 * * 1-5"      # used by the daemon
#timezone = "America/New_York"
)";

std::string example_of(const KeySpec& spec, const KnownProvider& provider) {
  switch (spec.type) {
    case KeyType::url: return toml_quote(std::string(provider.base_url));
    case KeyType::secret: {
      std::string twin = environment_twin(provider.name).substr(sizeof("VORTEX__") - 1);
      return toml_quote("env:" + twin + "_API_KEY");
    }
    case KeyType::depth: return R"({ "1d" = "20y" })";
    case KeyType::limits: {
      RawArray limits;
      for (const std::string_view limit : provider.limits)
        limits.push_back({.value = std::string(limit)});
      return to_toml(RawValue{.value = std::move(limits)});
    }
    default: return "\"\"";
  }
}

// Keys of a credential are shown where the provider wants that one.
bool concerns(const KeySpec& spec, const KnownProvider& provider) {
  const std::string_view key = spec.pattern;
  if (key == "providers.*.api_key") return provider.auth == "api_key";
  if (key == "providers.*.auth.user" || key == "providers.*.auth.password")
    return provider.auth == "basic";
  return !key.starts_with("providers.*.auth.") || provider.auth == "oauth2";
}

// Keys directly in or dotted below a section: [providers.yahoo] holds `retry.attempts = 4` too.
void append_keys(std::string& text, std::string_view section, const KnownProvider& provider) {
  for (const KeySpec& spec : key_table()) {
    const bool top = section.empty() && spec.pattern.find('.') == std::string_view::npos;
    if (!top && (section.empty() || !begins_with(spec.pattern, section))) continue;
    const std::string_view name = top ? spec.pattern : spec.pattern.substr(section.size() + 1);
    if (!concerns(spec, provider)) continue;
    text += fmt::format("# {}\n", spec.meaning);
    if (spec.fallback.empty())
      text += fmt::format("#{} = {}\n", name, example_of(spec, provider));
    else
      text += fmt::format("{} = {}\n", name, spec.fallback);
  }
}

}  // namespace

std::vector<ConfigKey> config_keys() {
  std::vector<ConfigKey> keys;
  for (const KeySpec& spec : key_table()) {
    keys.push_back({spec.pattern, to_string(spec.type), spec.fallback, spec.meaning});
  }
  return keys;
}

std::string config_json_schema(std::span<const KnownProvider> providers) {
  JsonWriter json;
  json.begin_object();
  json.member("$schema", kSchemaDialect);
  json.member("title", "vortex.toml");
  write_section(json, "", providers);
  json.end_object();
  return json.take();
}

std::string commented_config(std::span<const KnownProvider> providers) {
  std::string text(kHead);
  append_keys(text, "", {});
  for (const std::string_view section : {"store", "sync", "tasks"}) {
    text += fmt::format("\n[{}]\n", section);
    append_keys(text, section, {});
  }
  for (const KnownProvider& provider : providers) {
    text += fmt::format("\n[providers.{}]\n", provider.name);
    append_keys(text, "providers.*", provider);
  }
  text += kTail;
  return text;
}

}  // namespace vortex
