// The fault script: which calls of which provider go wrong, and how. One format for the simulator
// and for simulated time. A script is a JSON array of rules; the first rule that fires decides
// about a call:
//
//   [{"provider": "yahoo", "symbol": "AAPL", "calls": [1, 3], "fault": "status", "status": 503},
//    {"symbol": "*", "path": "/v8/", "probability": 0.1, "fault": "delay", "delay": "50ms"},
//    {"calls": {"from": 2, "to": 5}, "after": "10s", "until": "60s", "fault": "rate_limit"}]
//
// A rule counts the calls that match its provider, symbol, path and time; `calls` are numbers in
// that count, from 1. Without `calls` and `probability` every matching call is hit. A provider that
// is down for an hour: {"provider": "yahoo", "after": "2h", "until": "3h", "fault": "refuse"}.
// Pure: the same seed and the same calls give the same faults.
//
// `refuse`, `connect_hang`, `resolve` and `tls` happen before a request is sent. Simulated time
// (simulated_transport.hpp) does them as named. The simulator listens on a socket that has long
// accepted the connection: there `refuse`, `resolve` and `tls` reset it without an answer, and
// `connect_hang` is a `hang`.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vortex/base/error.hpp"
#include "vortex/base/json.hpp"
#include "vortex/base/random.hpp"

namespace vortex {

enum class FaultKind : std::uint8_t {
  status,        // `status`, with `body` or the provider's own words for it, `retry_after`
  delay,         // the right answer, `delay` late
  reset,         // TCP reset after `at_byte` bytes of the body
  cut,           // closed after `at_byte` bytes of the body (default: half)
  hang,          // no answer, the connection stays open
  trickle,       // one byte a `delay` (default 10 ms)
  html,          // 200 with a page
  empty,         // 200 with nothing
  garbage,       // 200 with bytes that are no JSON
  wrong_symbol,  // the answer is for another symbol
  bad_session,   // 401; every session ends
  rate_limit,    // 429 in plain text, `retry_after`
  gzip_bomb,     // 200, `at_byte` bytes (default 1 MiB) that unpack to about 1,000 times as many
  redirect,      // 302 to `location`
  refuse,        // nobody listens
  connect_hang,  // the connection never stands
  resolve,       // the name has no address
  tls,           // the certificate is not trusted
};

std::string_view to_string(FaultKind kind);

// Does the fault keep a request from being sent?
bool is_before_sending(FaultKind kind);

struct FaultRule {
  std::string provider = "*";
  std::string symbol = "*";
  std::string path;  // prefix
  std::vector<std::int64_t> calls;
  std::int64_t from_call = 1;
  std::optional<std::int64_t> to_call;  // last one hit
  double probability = 1;
  Duration after = Duration::zero();  // since the start
  std::optional<Duration> until;
  FaultKind kind = FaultKind::status;
  int status = 503;
  std::string retry_after;  // header value, as written
  std::optional<Duration> delay;
  std::optional<std::size_t> at_byte;
  std::optional<std::string> body;
  std::string location;
};

// The call a rule is asked about.
struct FaultedCall {
  std::string_view provider;
  std::string_view symbol;  // empty: the call names none
  std::string_view path;
  Duration since_start = Duration::zero();
};

class FaultScript {
 public:
  FaultScript() : random_(0) {}
  // Unknown members and values fail, naming the rule (from 0) and the nearest right name.
  static Result<FaultScript> parse(std::string_view json, std::uint64_t seed);
  static Result<FaultScript> load(const std::string& file, std::uint64_t seed);

  // The rule that fires for this call, if any; counts the call. Lives until the script is replaced.
  const FaultRule* decide(const FaultedCall& call);
  std::size_t size() const { return rules_.size(); }

 private:
  struct Counted {
    FaultRule rule;
    std::int64_t matched = 0;
  };
  std::vector<Counted> rules_;
  Random random_;
};

}  // namespace vortex
