#include "vortex/config/key_names.hpp"

#include <algorithm>

#include "vortex/base/suggest.hpp"
#include "vortex/config/raw_value.hpp"

namespace vortex {
namespace {

bool is_index(const std::string& text) {
  return !text.empty() && text.size() <= 4 &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

// Does the pattern begin with the path?
bool KeyNames::matches(std::span<const std::string_view> pattern,
                       std::span<const std::string> path) const {
  if (path.size() > pattern.size()) return false;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (pattern[i] == path[i]) continue;
    if (pattern[i] != "*") return false;
    if (pattern[0] == "providers" && std::ranges::find(providers_, path[i]) == providers_.end())
      return false;
    if (pattern[0] == "symbols" && i == 2 &&
        std::ranges::find(providers_, path[i]) == providers_.end())
      return false;
    if (pattern[0] == "jobs" && !is_index(path[i])) return false;
  }
  return true;
}

const KeySpec* KeyNames::find(std::span<const std::string> path) const {
  for (const KeySpec& spec : key_table()) {
    const auto pattern = segments_of(spec.pattern);
    if (pattern.size() == path.size() && matches(pattern, path)) return &spec;
  }
  return nullptr;
}

bool KeyNames::is_section(std::span<const std::string> path) const {
  return std::ranges::any_of(key_table(), [&](const KeySpec& spec) {
    const auto pattern = segments_of(spec.pattern);
    return pattern.size() > path.size() && matches(pattern, path);
  });
}

// What may follow a section; provider names where any provider may.
std::vector<std::string> KeyNames::next_segments(std::span<const std::string> section) const {
  std::vector<std::string> names;
  const auto add = [&](std::string_view name) {
    if (std::ranges::find(names, name) == names.end()) names.emplace_back(name);
  };
  for (const KeySpec& spec : key_table()) {
    const auto pattern = segments_of(spec.pattern);
    if (pattern.size() <= section.size() || !matches(pattern, section)) continue;
    const std::string_view next = pattern[section.size()];
    if (next != "*") {
      add(next);
    } else if (pattern[0] == "providers" || section.size() == 2) {
      std::ranges::for_each(providers_, add);
    }
  }
  return names;
}

std::string KeyNames::nearest(std::span<const std::string> path) const {
  std::size_t known = 0;
  while (known < path.size() && is_section(path.first(known + 1))) ++known;
  if (known == path.size()) return "";
  const auto siblings = next_segments(path.first(known));
  const std::vector<std::string_view> candidates(siblings.begin(), siblings.end());
  const std::string_view sibling = nearest_name(path[known], candidates);
  if (!sibling.empty()) {
    KeyPath meant(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(known));
    meant.emplace_back(sibling);
    meant.insert(meant.end(), path.begin() + static_cast<std::ptrdiff_t>(known) + 1, path.end());
    if (find(meant) != nullptr || is_section(meant)) return key_text(meant);
    meant.resize(known + 1);
    return key_text(meant);
  }
  // The right word in the wrong section: `uri` for `store.uri`.
  for (const KeySpec& spec : key_table()) {
    if (spec.pattern.find('*') == std::string_view::npos &&
        segments_of(spec.pattern).back() == path.back()) {
      return std::string(spec.pattern);
    }
  }
  return "";
}

std::string key_text(std::span<const std::string> path) {
  std::string text;
  for (const std::string& segment : path) {
    if (!text.empty()) text += '.';
    text += toml_key(segment);
  }
  return text;
}

std::string environment_twin(std::string_view key) {
  std::string name = "VORTEX__";
  for (const char c : key) {
    if (c == '.')
      name += "__";
    else
      name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return name;
}

}  // namespace vortex
