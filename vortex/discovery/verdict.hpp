// What the end of a call says of the endpoint that was called. Pure.
#pragma once

#include <cstdint>

#include "vortex/base/error_codes.hpp"

namespace vortex {

enum class EndpointVerdict : std::uint8_t {
  good,    // it answered, whatever the answer: an unknown symbol is an answer
  bad,     // it cannot be reached, is too slow, is broken or answers garbage
  ignored  // the end says nothing of it: cancelled, refused by ourselves, the account throttled
};

EndpointVerdict endpoint_verdict(ErrorClass error_class);

}  // namespace vortex
