// Names and values as a URL's query and a form carry them. Pure.
#pragma once

#include <string>
#include <string_view>

#include "vortex/base/http_message.hpp"

namespace vortex {

// "a=1&b=two%20words".
std::string encode_params(const QueryParams& params);

// The first value of that name; empty when absent.
std::string_view find_param(const QueryParams& params, std::string_view name);

}  // namespace vortex
