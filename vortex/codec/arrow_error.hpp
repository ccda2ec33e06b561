// Arrow's Status and Result as our Error: the only place where the two meet. Include it in sources,
// not in headers. Arrow's own macros return Status and are of no use in a coroutine.
#pragma once

#include <memory>
#include <utility>

#include <arrow/result.h>
#include <arrow/status.h>

#include "vortex/base/error.hpp"

namespace vortex {

// Arrow's text becomes evidence; it may quote file contents, so it is cleaned and cut.
inline Error from_arrow(const arrow::Status& status, ErrorCode code) {
  Error error{.code = code, .message = "arrow: " + status.CodeAsString()};
  return std::move(error).with_evidence(status.message());
}

inline Result<void> to_result(const arrow::Status& status, ErrorCode code) {
  if (status.ok()) return {};
  return std::unexpected(from_arrow(status, code));
}

template <class T>
Result<T> to_result(arrow::Result<T> result, ErrorCode code) {
  if (result.ok()) return std::move(result).ValueUnsafe();
  return std::unexpected(from_arrow(result.status(), code));
}

}  // namespace vortex
