// What the key table says to people and editors: the commented vortex.toml of `vortex init` and the
// JSON schema of `vortex config schema`.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vortex {

// A provider of this build, as far as settings care.
struct KnownProvider {
  std::string_view name;
  std::string_view base_url;             // in force when the setting is unset
  std::vector<std::string_view> limits;  // likewise
  std::string_view auth = "none";        // "api_key": the file of `vortex init` shows that key
};

// Documentation of one key.
struct ConfigKey {
  std::string_view pattern;   // "providers.*.base_url"
  std::string_view type;      // "string", "integer", "duration", "string list", …
  std::string_view fallback;  // TOML text; empty: unset
  std::string_view meaning;
};
std::vector<ConfigKey> config_keys();

std::string config_json_schema(std::span<const KnownProvider> providers);  // draft 2020-12

// Every key with its meaning and default, all commented out where the default is unset: loading it
// gives the defaults.
std::string commented_config(std::span<const KnownProvider> providers);

}  // namespace vortex
