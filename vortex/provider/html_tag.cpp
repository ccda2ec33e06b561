#include "vortex/provider/html_tag.hpp"

#include <string>

#include "vortex/base/ascii.hpp"

namespace vortex {
namespace {

constexpr std::size_t kPageMax = std::size_t{1} << 20;
constexpr std::size_t kTagMax = 1024;

// A quoted attribute of a tag; empty where there is none. "name" is no part of "data-name".
std::string_view attribute_of(std::string_view tag, std::string_view name) {
  for (const char quote : {'"', '\''}) {
    const std::string start = std::string(name) + "=" + quote;
    for (std::size_t at = tag.find(start); at != std::string_view::npos;
         at = tag.find(start, at + 1)) {
      const char before = at == 0 ? '-' : tag[at - 1];
      if (is_alnum(before) || before == '-' || before == '_') continue;
      const std::string_view rest = tag.substr(at + start.size());
      return rest.substr(0, rest.find(quote));
    }
  }
  return {};
}

}  // namespace

std::string_view find_tag_attribute(std::string_view html, std::string_view tag,
                                    std::string_view name, std::string_view wanted) {
  html = html.substr(0, kPageMax);
  for (std::size_t at = html.find(tag); at != std::string_view::npos; at = html.find(tag, at + 1)) {
    std::string_view one = html.substr(at, kTagMax);
    one = one.substr(0, one.find('>'));
    if (attribute_of(one, "name") == name) return attribute_of(one, wanted);
  }
  return {};
}

}  // namespace vortex
