#include "vortex/config/key_table.hpp"

#include <algorithm>

#include "vortex/config/key_groups.hpp"

namespace vortex {
namespace {

std::vector<KeySpec> every_key() {
  std::vector<KeySpec> keys;
  for (const auto group : {run_keys(), provider_keys(), job_keys()})
    keys.insert(keys.end(), group.begin(), group.end());
  return keys;
}

}  // namespace

std::span<const KeySpec> key_table() {
  static const std::vector<KeySpec> kKeys = every_key();
  return kKeys;
}

std::vector<std::string_view> segments_of(std::string_view key) {
  std::vector<std::string_view> segments;
  for (std::size_t start = 0; start <= key.size();) {
    const std::size_t end = std::min(key.find('.', start), key.size());
    segments.push_back(key.substr(start, end - start));
    start = end + 1;
  }
  return segments;
}

}  // namespace vortex
