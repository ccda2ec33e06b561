// The stable codes an Error can carry, and what each means to the person who meets it. `vortex
// explain` and docs/error-codes.md print from this table. Numbers are never reused or renumbered.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace vortex {

// What the caller may do about it; kept apart because the next step differs (DESIGN §4).
enum class ErrorClass : std::uint8_t {
  // the road
  resolve,
  tls,
  network,
  timeout,
  deadline,
  cancelled,
  // the provider's no
  rate_limited,
  quota_exhausted,
  banned,
  authentication,
  authorization,
  server,
  client,
  // our own no
  breaker_open,
  bulkhead_full,
  draining,
  deferred,
  // the answer
  bad_payload,
  truncated,
  schema,
  mismatch,
  stale,
  quality,
  not_found,
  empty,
  // ours
  usage,
  config,
  storage,
  internal,
};

enum class ErrorCode : std::uint16_t {
  resolve = 1001,
  tls = 1002,
  network = 1003,
  timeout = 1004,
  deadline = 1005,
  cancelled = 1006,
  redirect_refused = 1007,
  proxy_authentication = 1008,
  local_resource = 1009,

  rate_limited = 2101,
  quota_exhausted = 2102,
  banned = 2103,
  session_refused = 2104,
  authorization = 2105,
  server = 2106,
  client = 2107,
  consent_wall = 2108,
  range_limit = 2109,
  authentication = 2110,

  breaker_open = 3001,
  bulkhead_full = 3002,
  draining = 3003,
  deferred = 3004,

  bad_payload = 4001,
  truncated = 4002,
  schema = 4003,
  mismatch = 4004,
  stale = 4005,
  quality = 4006,
  body_too_large = 4007,
  html_instead = 4008,

  not_found = 5001,
  empty = 5002,

  usage = 6001,
  unknown_name = 6002,
  bad_symbol = 6003,
  bad_time = 6004,
  unsupported = 6005,
  config = 6101,
  config_unknown_key = 6102,

  storage = 7001,
  disk_full = 7002,
  commit_conflict = 7003,
  not_a_dataset = 7004,
  newer_protocol = 7005,
  corrupt = 7006,
  unsafe_path = 7007,

  internal = 9001,
};

struct ErrorEntry {
  ErrorCode code;
  ErrorClass error_class;
  bool retryable;              // may the same call succeed later, unchanged?
  std::string_view summary;    // one line: what happened
  std::string_view cause;      // one or two sentences: why this usually happens
  std::string_view next_step;  // what to try
};

// All entries, ascending by code.
std::span<const ErrorEntry> error_table();

const ErrorEntry& error_entry(ErrorCode code);

// Accepts "VX-2104", "vx-2104" and "2104".
std::optional<ErrorCode> parse_error_code(std::string_view text);

std::string to_string(ErrorCode code);               // "VX-2104"
std::string_view to_string(ErrorClass error_class);  // "rate_limited"

// The frozen exit code of a command that failed with this class (DESIGN §6).
int exit_code(ErrorClass error_class);

}  // namespace vortex
