// Compressed bodies for the tests of this room.
#pragma once

#include <string>
#include <string_view>

namespace vortex::test {

// "gzip", "deflate" (zlib), "raw-deflate", "br", "zstd".
std::string compress_for_test(std::string_view encoding, std::string_view text);

}  // namespace vortex::test
