// What a failed libcurl transfer means in our terms. Pure: numbers in, a code out.
#pragma once

#include <string_view>

#include "vortex/base/error_codes.hpp"

namespace vortex {

struct CurlFailure {
  int curl_code = 0;       // CURLcode
  bool connected = false;  // a request was, or may have been, sent
  bool answered = false;   // at least one line of an answer came
  int os_error = 0;        // errno of the last failed connect
  int connect_status = 0;  // a proxy's answer to CONNECT
  std::string_view text;   // libcurl's own words
};

ErrorCode curl_error_code(const CurlFailure& failure);

// Errno values that mean that this machine, not the road, ran out of something.
bool is_local_shortage(int os_error);

}  // namespace vortex
