// Errors as values. Every function that can fail for reasons outside the program returns Result<T>;
// nothing expected is thrown. An Error says what happened, with evidence, and what to do next.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "vortex/base/error_codes.hpp"
#include "vortex/base/time.hpp"

namespace vortex {

struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string message;  // one line, outermost context first: "yahoo: AAPL 1d: cut at byte 812"
  std::string
      evidence;      // what was seen: status, first bytes. Untrusted text, cleaned by `untrusted`.
  std::string hint;  // what to try; empty means the table's next step
  std::string provider;
  std::string call;  // the redacted request line
  int attempt = 0;   // 0: no attempt was made
  int attempts_max = 0;
  int http_status = 0;                // 0: no HTTP answer
  std::optional<TimePoint> retry_at;  // not before this moment

  ErrorClass error_class() const { return error_entry(code).error_class; }
  bool retryable() const { return error_entry(code).retryable; }
  std::string_view next_step() const { return hint.empty() ? error_entry(code).next_step : hint; }

  // Adds context on the way up, outermost first: std::move(e).in("yahoo: AAPL 1d").
  Error in(std::string_view context) &&;
  Error with_hint(std::string text) &&;
  Error with_evidence(std::string_view text) &&;  // cleaned and cut

  // "VX-4002 yahoo: AAPL 1d: cut at byte 812": one line for people, without evidence.
  std::string to_line() const;
};

template <class T>
using Result = std::expected<T, Error>;

[[nodiscard]] inline std::unexpected<Error> fail(ErrorCode code, std::string message) {
  return std::unexpected(Error{.code = code, .message = std::move(message)});
}

// Text from outside, fit for a message: at most `size_max` bytes, control characters as spaces,
// bidirectional overrides removed, secrets in query strings masked.
std::string untrusted(std::string_view text, std::size_t size_max = 300);

}  // namespace vortex

#define VORTEX_CONCAT_INNER(a, b) a##b
#define VORTEX_CONCAT(a, b) VORTEX_CONCAT_INNER(a, b)

// NOLINTBEGIN(bugprone-macro-parentheses): a declaration cannot stand in parentheses

// VORTEX_TRY(auto x, f()); — binds the value, or returns the error. For a Result<void>:
// VORTEX_TRY_VOID.
#define VORTEX_TRY(declaration, expression)                                          \
  auto VORTEX_CONCAT(vortex_try_, __LINE__) = (expression);                          \
  if (!VORTEX_CONCAT(vortex_try_, __LINE__)) {                                       \
    return std::unexpected(std::move(VORTEX_CONCAT(vortex_try_, __LINE__)).error()); \
  }                                                                                  \
  declaration = std::move(*VORTEX_CONCAT(vortex_try_, __LINE__))

// The same inside a coroutine.
#define VORTEX_CO_TRY(declaration, expression)                                          \
  auto VORTEX_CONCAT(vortex_try_, __LINE__) = (expression);                             \
  if (!VORTEX_CONCAT(vortex_try_, __LINE__)) {                                          \
    co_return std::unexpected(std::move(VORTEX_CONCAT(vortex_try_, __LINE__)).error()); \
  }                                                                                     \
  declaration = std::move(*VORTEX_CONCAT(vortex_try_, __LINE__))

// NOLINTEND(bugprone-macro-parentheses)

#define VORTEX_TRY_VOID(expression)                             \
  if (auto vortex_try_void = (expression); !vortex_try_void) {  \
    return std::unexpected(std::move(vortex_try_void).error()); \
  }

#define VORTEX_CO_TRY_VOID(expression)                             \
  if (auto vortex_try_void = (expression); !vortex_try_void) {     \
    co_return std::unexpected(std::move(vortex_try_void).error()); \
  }
