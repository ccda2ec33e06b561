// What the outcome of a call says about the provider's health: the circuit breaker's view of an
// error. A refusal of our own, an unknown symbol or a bad key say nothing against the provider.
#pragma once

#include <cstdint>

#include "vortex/base/error_codes.hpp"

namespace vortex {

enum class Verdict : std::uint8_t {
  success,   // the provider answered properly
  failure,   // the road or the provider failed
  bad_data,  // an answer came, and is no good
  ignore,    // nobody learned anything
};

// Whose time was up when a call ended with `deadline`: the caller's says nothing about the
// provider, the attempt's own (call_timeout) says that it hangs.
enum class TimeLimit : std::uint8_t { caller, attempt };

Verdict verdict_of(ErrorCode code, TimeLimit limit = TimeLimit::caller);

}  // namespace vortex
