// Reads settings: default < file < environment < --set < flag, every key known and typed. Unknown keys,
// wrong types and impossible values are errors that name file, line, key and the nearest valid key.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vortex/base/error.hpp"
#include "vortex/config/settings.hpp"

namespace vortex {

struct ConfigSources {
  std::string file;               // --config; empty: ./vortex.toml, then ~/.config/vortex/vortex.toml
  std::vector<std::pair<std::string, std::string>> sets;  // --set a.b=c, in order
  std::function<std::optional<std::string>(const std::string&)> environment;  // getenv, or a test's map
  std::vector<std::string> environment_names;             // all set names, to find VORTEX__… ones
  std::vector<std::string_view> providers;                // known provider names
  std::string working_directory;                          // "" is the process's
};

// One key as it is in force, for `config show`.
struct ConfigValue {
  std::string key;      // "providers.yahoo.base_url"
  std::string value;    // TOML text; secrets as "***"
  std::string origin;   // "default", "vortex.toml:12", "VORTEX__…", "--set"
};

struct LoadedSettings {
  Settings settings;
  std::vector<ConfigValue> values;
  std::string file;     // the file in force; empty when none
};

Result<LoadedSettings> load_settings(const ConfigSources& sources);

// Documentation of every key: name pattern, type, default, one line; the JSON schema and the commented
// vortex.toml of `vortex init` are made from it.
struct ConfigKey {
  std::string_view pattern;   // "providers.*.base_url"
  std::string_view type;      // "string", "int", "duration", "string list", …
  std::string_view fallback;  // TOML text
  std::string_view meaning;
};
const std::vector<ConfigKey>& config_keys();
std::string config_json_schema();
std::string commented_config(const std::vector<std::string_view>& providers);

Result<RateLimit> parse_rate_limit(std::string_view text);  // "5/5s", "5/min", "25/day@Zone"
std::string to_string(const RateLimit& limit);

}  // namespace vortex
