#include "vortex/sim/web_form.hpp"

#include <algorithm>
#include <string>

namespace vortex {
namespace {

constexpr std::size_t kFormFieldsMax = 100;

std::string form_decode(std::string_view text) {
  std::string spaced(text);
  std::ranges::replace(spaced, '+', ' ');
  return percent_decode(spaced).value_or(std::string());
}

}  // namespace

QueryParams read_form(std::string_view body) {
  QueryParams form;
  while (!body.empty() && form.size() < kFormFieldsMax) {
    const std::size_t end = body.find('&');
    const std::string_view pair = body.substr(0, end);
    body.remove_prefix(end == std::string_view::npos ? body.size() : end + 1);
    const std::size_t equals = pair.find('=');
    const std::string_view value = equals == std::string_view::npos ? "" : pair.substr(equals + 1);
    form.emplace_back(form_decode(pair.substr(0, equals)), form_decode(value));
  }
  return form;
}

}  // namespace vortex
