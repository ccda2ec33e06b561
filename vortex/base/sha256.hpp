// SHA-256 of bytes, by OpenSSL (which uses the processor's instructions for it).
#pragma once

#include <string>
#include <string_view>

namespace vortex {

std::string sha256_hex(std::string_view bytes);  // 64 lower-case hexadecimal digits

}  // namespace vortex
