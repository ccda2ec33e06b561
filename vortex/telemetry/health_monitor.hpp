// Which services (providers, stores) are well, from the checks somebody else makes: when each is
// due, what the last ones said, when to tell people, and one word for the whole. A plain state
// machine over a given `now`; belongs to one thread.
//
// A service is `failing` from the first failed check, `healthy` from the first good one; `unknown`
// until checked, and again when its last check is three intervals old. The alert is what waits: it
// is told after three failures in a row, once, and taken back once, by the first good check; for a
// service that flaps, when it is steady again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vortex/base/error.hpp"
#include "vortex/base/time.hpp"
#include "vortex/telemetry/event.hpp"
#include "vortex/telemetry/flap_detector.hpp"

namespace vortex {

enum class CheckOutcome : std::uint8_t {
  ok,
  failed,  // no answer, or an error
  stale,   // answered, with old data: a failure, unless the service is expected to be silent
  silent,  // recorded instead of `stale` while silence is expected; as good as ok
};
std::string_view to_string(CheckOutcome outcome);

enum class HealthState : std::uint8_t { unknown, healthy, degraded, failing, unhealthy };
std::string_view to_string(HealthState state);

struct HealthCheck {
  TimePoint time;
  CheckOutcome outcome = CheckOutcome::ok;
  Duration latency{};
  InlineText<63> reason;  // why it failed, in a few words
};

struct HealthService {
  std::string name;
  bool critical = false;
  Duration interval = std::chrono::seconds(60);  // > 0
};

class HealthMonitor {
 public:
  struct Options {
    std::size_t history_max = 1000;  // checks kept per service; > 0
    std::size_t services_max = 256;
    int alert_after = 3;  // failures in a row
    FlapDetector::Options flap;
  };
  HealthMonitor() : HealthMonitor(Options{}) {}
  explicit HealthMonitor(const Options& options) : options_(options) {}

  // Its first check is due at once. usage: no name, one over 31 bytes or known already, an interval
  // of zero or less;
  // local_resource: too many services.
  Result<void> add(const HealthService& service);
  void remove(std::string_view name);

  // Those to be checked now, by name; each is named once an interval, however long nobody asked.
  std::vector<std::string> due(Monotonic now);
  // When `due` will have something again; nothing without services. A moment in the past: now.
  std::optional<Monotonic> next_due() const;

  // What a check found; the events to publish for it, mostly none. unknown_name: no such service.
  Result<std::vector<Event>> record(std::string_view service, const HealthCheck& given,
                                    Monotonic now);

  // The market is closed, or the feed pauses by schedule: until then old data is no failure; no
  // answer still is. Replaces what was said before. unknown_name: no such service.
  Result<void> expect_silence(std::string_view service, TimePoint until);

  // `unknown` for services that do not exist.
  HealthState state(std::string_view service, Monotonic now) const;

  // One word for the whole, by the first rule that applies:
  //   1. no service is registered: healthy, as nothing promised is missing;
  //   2. every service is unknown: unknown;
  //   3. a critical service fails or flaps: degraded, whatever the others do;
  //   4. of the services that are not unknown, ≥ 90 % are healthy: healthy; ≥ 70 %: degraded;
  //   5. else unhealthy.
  // A service counts as healthy here when its last check was good and it does not flap.
  HealthState overall(Monotonic now) const;

  std::vector<HealthCheck> history(std::string_view service) const;  // oldest first

  // {"overall":…, "time":…, "services":[{"name":…, "state":…, …}]}, services by name.
  std::string to_json(TimePoint calendar, Monotonic now) const;

 private:
  struct Entry {
    bool critical = false;
    Duration interval{};
    std::optional<Monotonic> next_check;    // nothing: at once
    std::optional<Monotonic> last_checked;  // nothing: never
    std::optional<TimePoint> silent_until;
    std::optional<TimePoint> last_ok;
    std::vector<HealthCheck> history;  // ring, grows to its bound
    std::size_t oldest = 0;
    std::int64_t checks = 0;
    std::int64_t failures = 0;  // of all checks
    int failures_in_row = 0;
    int failures_told = 0;  // > 0: an alert stands, told after that many or more
    FlapDetector flap;
  };
  using Entries = std::map<std::string, Entry, std::less<>>;

  void keep(Entry& entry, const HealthCheck& check) const;
  void tell_changes(const std::string& name, Entry& entry, bool was_flapping,
                    std::vector<Event>& events) const;

  Options options_;
  Entries services_;
};

}  // namespace vortex
