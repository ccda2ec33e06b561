// Every key a vortex.toml may hold: its type, bounds, default, meaning, and where it goes. Typed
// reading, environment twins, `config show`, the JSON schema and the file of `vortex init` all come
// from here.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vortex/config/settings.hpp"
#include "vortex/config/value_reader.hpp"

namespace vortex {

// What a value is written into; `provider` and `job` are set for keys of theirs.
struct SettingsTarget {
  Settings* settings = nullptr;
  ProviderSettings* provider = nullptr;
  JobSettings* job = nullptr;
};

inline constexpr std::span<const std::string_view> kNoChoices;

struct KeySpec {
  std::string_view pattern;  // "providers.*.base_url"; "jobs.*.name" for the tables of [[jobs]]
  KeyType type = KeyType::text;
  KeyBounds bounds;
  std::string_view fallback;  // TOML text; empty: unset by default
  std::string_view meaning;
  void (*apply)(const SettingsTarget& target, const TypedValue& value) = nullptr;
  std::span<const std::string_view> choices = kNoChoices;  // of a KeyType::choice
};

// In the order in which the file of `vortex init` shows them.
std::span<const KeySpec> key_table();

// The segments of a pattern or plain key.
std::vector<std::string_view> segments_of(std::string_view key);

}  // namespace vortex
