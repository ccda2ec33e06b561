// Finding a key in the table by the words somebody wrote, and the nearest valid key when it is not
// there. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vortex/config/key_table.hpp"

namespace vortex {

using KeyPath = std::vector<std::string>;

class KeyNames {
 public:
  explicit KeyNames(std::vector<std::string_view> providers) : providers_(std::move(providers)) {}

  const KeySpec* find(std::span<const std::string> path) const;  // null when there is no such key
  bool is_section(std::span<const std::string> path) const;      // keys begin with it
  // The nearest valid key or section, in dotted form; empty when none is near.
  std::string nearest(std::span<const std::string> path) const;

 private:
  bool matches(std::span<const std::string_view> pattern, std::span<const std::string> path) const;
  std::vector<std::string> next_segments(std::span<const std::string> section) const;

  std::vector<std::string_view> providers_;
};

std::string key_text(std::span<const std::string> path);  // dotted, quoted where TOML asks for it
std::string environment_twin(std::string_view key);       // "store.uri" → "VORTEX__STORE__URI"

}  // namespace vortex
