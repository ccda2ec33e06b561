#include "vortex/telemetry/health_monitor.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "vortex/base/json.hpp"

namespace vortex {
namespace {

constexpr int kIntervalsUntilUnknown = 3;
constexpr std::size_t kPercentHealthy = 90;
constexpr std::size_t kPercentDegraded = 70;

std::unexpected<Error> no_such_service(std::string_view name) {
  return fail(ErrorCode::unknown_name,
              fmt::format("no service '{}' is watched", untrusted(name, 64)));
}

bool is_good(CheckOutcome outcome) {
  return outcome == CheckOutcome::ok || outcome == CheckOutcome::silent;
}

double to_ms(Duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

}  // namespace

std::string_view to_string(CheckOutcome outcome) {
  switch (outcome) {
    case CheckOutcome::ok: return "ok";
    case CheckOutcome::failed: return "failed";
    case CheckOutcome::stale: return "stale";
    case CheckOutcome::silent: return "silent";
  }
  return "";
}

std::string_view to_string(HealthState state) {
  switch (state) {
    case HealthState::unknown: return "unknown";
    case HealthState::healthy: return "healthy";
    case HealthState::degraded: return "degraded";
    case HealthState::failing: return "failing";
    case HealthState::unhealthy: return "unhealthy";
  }
  return "";
}

Result<void> HealthMonitor::add(const HealthService& service) {
  if (service.name.empty() || service.name.size() > ProviderName::kSizeMax) {
    return fail(ErrorCode::usage,
                fmt::format("the name of a watched service has 1 to {} characters, not {}",
                            ProviderName::kSizeMax, service.name.size()));
  }
  if (service.interval <= Duration::zero()) {
    return fail(ErrorCode::usage, fmt::format("service '{}': the interval is more than zero",
                                              untrusted(service.name, 64)));
  }
  if (services_.contains(service.name)) {
    return fail(ErrorCode::usage,
                fmt::format("service '{}' is watched already", untrusted(service.name, 64)));
  }
  if (services_.size() >= options_.services_max) {
    return fail(ErrorCode::local_resource,
                fmt::format("{} services are watched already", options_.services_max));
  }
  Entry entry;
  entry.critical = service.critical;
  entry.interval = service.interval;
  entry.flap = FlapDetector(options_.flap);
  services_.emplace(service.name, std::move(entry));
  return {};
}

void HealthMonitor::remove(std::string_view name) {
  if (const auto found = services_.find(name); found != services_.end()) services_.erase(found);
}

// From now, not from when it was due: a process that stood still checks once, not for each interval
// it missed.
std::vector<std::string> HealthMonitor::due(Monotonic now) {
  std::vector<std::string> names;
  for (auto& [name, entry] : services_) {
    if (entry.next_check && *entry.next_check > now) continue;
    entry.next_check = now + entry.interval;
    names.push_back(name);
  }
  return names;
}

std::optional<Monotonic> HealthMonitor::next_due() const {
  std::optional<Monotonic> soonest;
  for (const auto& [name, entry] : services_) {
    const Monotonic next = entry.next_check.value_or(Monotonic::min());
    soonest = std::min(soonest.value_or(next), next);
  }
  return soonest;
}

Result<void> HealthMonitor::expect_silence(std::string_view service, TimePoint until) {
  const auto found = services_.find(service);
  if (found == services_.end()) return no_such_service(service);
  found->second.silent_until = until;
  return {};
}

Result<std::vector<Event>> HealthMonitor::record(std::string_view service, const HealthCheck& given,
                                                 Monotonic now) {
  const auto found = services_.find(service);
  if (found == services_.end()) return no_such_service(service);
  Entry& entry = found->second;
  HealthCheck check = given;
  if (check.outcome == CheckOutcome::stale && entry.silent_until &&
      check.time < *entry.silent_until) {
    check.outcome = CheckOutcome::silent;
  }
  const bool was_flapping = entry.flap.flapping();
  entry.flap.observe(is_good(check.outcome));
  entry.last_checked = now;
  keep(entry, check);
  std::vector<Event> events;
  tell_changes(found->first, entry, was_flapping, events);
  for (Event& event : events) {
    event.time = check.time;
    event.text = check.reason.view();
  }
  return events;
}

void HealthMonitor::keep(Entry& entry, const HealthCheck& check) const {
  ++entry.checks;
  if (is_good(check.outcome)) {
    entry.failures_in_row = 0;
    entry.last_ok = check.time;
  } else {
    ++entry.failures;
    ++entry.failures_in_row;
  }
  if (entry.history.size() < options_.history_max) {
    entry.history.push_back(check);
    return;
  }
  entry.history[entry.oldest] = check;
  entry.oldest = (entry.oldest + 1) % entry.history.size();
}

// An alert is never held back, taking it back is: while a service flaps, its next failure is near.
void HealthMonitor::tell_changes(const std::string& name, Entry& entry, bool was_flapping,
                                 std::vector<Event>& events) const {
  const bool flaps = entry.flap.flapping();
  const auto tell = [&](EventType type, std::int64_t count, double measure) {
    events.push_back({.type = type,
                      .provider = std::string_view(name),
                      .symbol = {},
                      .text = {},
                      .code = {},
                      .count = count,
                      .measure = measure});
  };
  const Duration latency =
      entry.history[(entry.oldest + entry.history.size() - 1) % entry.history.size()].latency;
  if (flaps && !was_flapping) tell(EventType::health_check_flapping, 0, entry.flap.share());
  if (!flaps && was_flapping) tell(EventType::health_check_steady, 0, entry.flap.share());
  if (entry.failures_told == 0 && entry.failures_in_row >= options_.alert_after) {
    entry.failures_told = entry.failures_in_row;
    tell(EventType::health_check_failed, entry.failures_in_row, to_ms(latency));
  } else if (entry.failures_told > 0 && entry.failures_in_row > 0) {
    entry.failures_told = std::max(entry.failures_told, entry.failures_in_row);
  } else if (entry.failures_told > 0 && !flaps) {
    tell(EventType::health_check_recovered, entry.failures_told, to_ms(latency));
    entry.failures_told = 0;
  }
}

HealthState HealthMonitor::state(std::string_view service, Monotonic now) const {
  const auto found = services_.find(service);
  if (found == services_.end() || !found->second.last_checked) return HealthState::unknown;
  const Entry& entry = found->second;
  if (now - *entry.last_checked > kIntervalsUntilUnknown * entry.interval)
    return HealthState::unknown;
  return entry.failures_in_row > 0 ? HealthState::failing : HealthState::healthy;
}

HealthState HealthMonitor::overall(Monotonic now) const {
  if (services_.empty()) return HealthState::healthy;
  std::size_t known = 0;
  std::size_t healthy = 0;
  bool critical_fails = false;
  for (const auto& [name, entry] : services_) {
    const HealthState its_state = state(name, now);
    if (its_state == HealthState::unknown) continue;
    ++known;
    if (its_state == HealthState::healthy && !entry.flap.flapping())
      ++healthy;
    else
      critical_fails = critical_fails || entry.critical;
  }
  if (known == 0) return HealthState::unknown;
  if (critical_fails) return HealthState::degraded;
  if (healthy * 100 >= known * kPercentHealthy) return HealthState::healthy;
  if (healthy * 100 >= known * kPercentDegraded) return HealthState::degraded;
  return HealthState::unhealthy;
}

std::vector<HealthCheck> HealthMonitor::history(std::string_view service) const {
  const auto found = services_.find(service);
  if (found == services_.end()) return {};
  std::vector<HealthCheck> checks = found->second.history;
  std::ranges::rotate(checks, checks.begin() + static_cast<std::ptrdiff_t>(found->second.oldest));
  return checks;
}

std::string HealthMonitor::to_json(TimePoint calendar, Monotonic now) const {
  JsonWriter out;
  const auto time_or_null = [&](std::string_view key, std::optional<TimePoint> time) {
    out.member_or_null(key, time ? format_time(*time) : std::string());
  };
  out.begin_object();
  out.member("overall", to_string(overall(now)));
  out.member("time", std::string_view(format_time(calendar)));
  out.key("services");
  out.begin_array();
  for (const auto& [name, entry] : services_) {
    out.begin_object();
    out.member("name", std::string_view(name));
    out.member("critical", entry.critical);
    out.member("state", to_string(state(name, now)));
    out.member("alerted", entry.failures_told > 0);
    out.member("flapping", entry.flap.flapping());
    out.member("failures_in_row", entry.failures_in_row);
    out.member("checks", entry.checks);
    out.member("failures", entry.failures);
    time_or_null("last_ok", entry.last_ok);
    time_or_null("silent_until", entry.silent_until);
    if (!entry.history.empty()) {
      const std::size_t size = entry.history.size();
      const HealthCheck& last = entry.history[(entry.oldest + size - 1) % size];
      out.member("last_check", std::string_view(format_time(last.time)));
      out.member("last_outcome", to_string(last.outcome));
      out.member("last_latency_ms", to_ms(last.latency));
      out.member_or_null("last_reason", last.reason.view());
    }
    out.end_object();
  }
  out.end_array();
  out.end_object();
  return out.take();
}

}  // namespace vortex
