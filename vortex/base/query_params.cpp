#include "vortex/base/query_params.hpp"

#include <algorithm>

namespace vortex {

std::string encode_params(const QueryParams& params) {
  std::string out;
  for (const auto& [name, value] : params) {
    if (!out.empty()) out += '&';
    out += percent_encode(name);
    out += '=';
    out += percent_encode(value);
  }
  return out;
}

std::string_view find_param(const QueryParams& params, std::string_view name) {
  const auto found = std::ranges::find(params, name, &QueryParams::value_type::first);
  return found == params.end() ? std::string_view() : std::string_view(found->second);
}

}  // namespace vortex
