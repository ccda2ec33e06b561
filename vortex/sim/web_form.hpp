// The fields of a form that a page sends. Pure.
#pragma once

#include <string_view>

#include "vortex/base/http_message.hpp"

namespace vortex {

// application/x-www-form-urlencoded: "a=1&b=two+words". Fields beyond a bound are dropped, a
// malformed escape empties its field.
QueryParams read_form(std::string_view body);

}  // namespace vortex
