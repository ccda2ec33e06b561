#include "vortex/discovery/verdict.hpp"

namespace vortex {

EndpointVerdict endpoint_verdict(ErrorClass error_class) {
  switch (error_class) {
    case ErrorClass::resolve:
    case ErrorClass::tls:
    case ErrorClass::network:
    case ErrorClass::timeout:
    case ErrorClass::server:
    case ErrorClass::bad_payload:
    case ErrorClass::truncated: return EndpointVerdict::bad;
    case ErrorClass::authentication:
    case ErrorClass::authorization:
    case ErrorClass::client:
    case ErrorClass::schema:
    case ErrorClass::mismatch:
    case ErrorClass::stale:
    case ErrorClass::quality:
    case ErrorClass::not_found:
    case ErrorClass::empty: return EndpointVerdict::good;
    // The allowance is the account's, on every endpoint; the rest never reached one.
    case ErrorClass::rate_limited:
    case ErrorClass::quota_exhausted:
    case ErrorClass::banned:
    case ErrorClass::deadline:
    case ErrorClass::cancelled:
    case ErrorClass::breaker_open:
    case ErrorClass::bulkhead_full:
    case ErrorClass::draining:
    case ErrorClass::deferred:
    case ErrorClass::usage:
    case ErrorClass::config:
    case ErrorClass::storage:
    case ErrorClass::internal: return EndpointVerdict::ignored;
  }
  return EndpointVerdict::ignored;
}

}  // namespace vortex
