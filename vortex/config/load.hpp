// Reads settings: default < file < environment < --set < flag, every key known and typed. Unknown
// keys, wrong types and impossible values are errors that name file, line, key and the nearest
// valid key.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vortex/base/error.hpp"
#include "vortex/config/config_documents.hpp"
#include "vortex/config/rate_limit.hpp"
#include "vortex/config/secret_source.hpp"
#include "vortex/config/settings.hpp"

namespace vortex {

struct ConfigSources {
  using Pairs = std::vector<std::pair<std::string, std::string>>;

  std::string file;         // --config; empty: ./vortex.toml, then ~/.config/vortex/vortex.toml
  Pairs sets;               // --set a.b=c, in order; a value is TOML, else a string
  Pairs flags;              // (flag, value) of flags that stand for a key: {"--store", "./data"}
  Environment environment;  // getenv, or a test's map
  std::vector<std::string> environment_names;  // all set names, to find VORTEX__… ones
  std::vector<KnownProvider> providers;
  std::string working_directory;  // where ./vortex.toml is looked for; "" is the process's
};

// One key as it is in force, for `config show`.
struct ConfigValue {
  std::string key;     // "providers.yahoo.base_url"
  std::string value;   // TOML text; secrets of the environment as "***"
  std::string origin;  // "default", "vortex.toml:12", "VORTEX__…", "--set", "--store"
};

struct LoadedSettings {
  Settings settings;
  std::vector<ConfigValue> values;
  std::string file;  // the file in force; empty when none
};

// The settings, or the first problem.
Result<LoadedSettings> load_settings(const ConfigSources& sources);

// The same with every problem; the settings are whole only where there is none.
struct CheckedSettings {
  LoadedSettings loaded;
  std::vector<Error> problems;
};
CheckedSettings check_settings(const ConfigSources& sources);

}  // namespace vortex
