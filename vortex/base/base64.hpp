// Base64 (RFC 4648 §4), for headers that want bytes as text. Pure.
#pragma once

#include <string>
#include <string_view>

namespace vortex {

std::string base64_encode(std::string_view bytes);

}  // namespace vortex
