#include "vortex/resilience/verdict.hpp"

namespace vortex {

// No default: a new class must say here what it means.
Verdict verdict_of(ErrorCode code, TimeLimit limit) {
  if (code == ErrorCode::local_resource) return Verdict::ignore;  // our machine's shortage
  switch (error_entry(code).error_class) {
    case ErrorClass::resolve:
    case ErrorClass::network:
    case ErrorClass::timeout:
    case ErrorClass::server: return Verdict::failure;

    case ErrorClass::deadline:
      return limit == TimeLimit::attempt ? Verdict::failure : Verdict::ignore;

    case ErrorClass::bad_payload:
    case ErrorClass::truncated:
    case ErrorClass::schema:
    case ErrorClass::mismatch:
    case ErrorClass::stale:
    case ErrorClass::quality: return Verdict::bad_data;

    case ErrorClass::not_found:
    case ErrorClass::empty: return Verdict::success;

    case ErrorClass::rate_limited:
    case ErrorClass::quota_exhausted:
    case ErrorClass::banned:
    case ErrorClass::authentication:
    case ErrorClass::authorization:
    case ErrorClass::tls:
    case ErrorClass::client:
    case ErrorClass::cancelled:
    case ErrorClass::breaker_open:
    case ErrorClass::bulkhead_full:
    case ErrorClass::draining:
    case ErrorClass::deferred:
    case ErrorClass::usage:
    case ErrorClass::config:
    case ErrorClass::storage:
    case ErrorClass::internal: return Verdict::ignore;
  }
  return Verdict::ignore;
}

}  // namespace vortex
