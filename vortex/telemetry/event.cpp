#include "vortex/telemetry/event.hpp"

#include <algorithm>
#include <array>

#include "vortex/base/json.hpp"

namespace vortex {
namespace {

constexpr std::string_view kTopicRoot = "provider.";
constexpr std::string_view kNoProvider = "-";

constexpr auto kTypes = std::to_array<EventTypeEntry>({
    {EventType::connected, "connected", "attempt", "", "elapsed_ms"},
    {EventType::disconnected, "disconnected", "", "", "connected_s"},
    {EventType::session_renewed, "session.renewed", "", "", "elapsed_ms"},
    {EventType::banned, "banned", "", "", "wait_s"},
    {EventType::call_sent, "call.sent", "attempt", "attempts_max", ""},
    {EventType::call_retried, "call.retried", "attempt", "attempts_max", "wait_s"},
    {EventType::error, "error", "attempt", "attempts_max", "elapsed_ms"},
    {EventType::data_received, "data.received", "bytes", "", "elapsed_ms"},
    {EventType::data_transformed, "data.transformed", "rows", "", "elapsed_ms"},
    {EventType::data_quarantined, "data.quarantined", "rows", "rows_received", ""},
    {EventType::data_compared, "data.compared", "differences", "bars", "agreement"},
    {EventType::schema_drifted, "schema.drifted", "fields", "", ""},
    {EventType::dataset_committed, "dataset.committed", "rows", "table_version", "elapsed_ms"},
    {EventType::rate_limit_hit, "rate_limit.hit", "waiting", "", "wait_s"},
    {EventType::quota_low, "quota.low", "remaining", "limit", "reset_s"},
    {EventType::quota_exhausted, "quota.exhausted", "used", "limit", "reset_s"},
    {EventType::quota_foreign_use, "quota.foreign_use", "calls", "limit", ""},
    {EventType::circuit_breaker_open, "circuit_breaker.open", "failures", "calls", "wait_s"},
    {EventType::circuit_breaker_half_open, "circuit_breaker.half_open", "probes", "", "open_s"},
    {EventType::circuit_breaker_closed, "circuit_breaker.closed", "probes", "", "open_s"},
    {EventType::bulkhead_full, "bulkhead.full", "in_flight", "limit", ""},
    {EventType::health_check_failed, "health_check.failed", "failures", "", "latency_ms"},
    {EventType::health_check_recovered, "health_check.recovered", "failures", "", "latency_ms"},
    {EventType::health_check_flapping, "health_check.flapping", "", "", "change_share"},
    {EventType::health_check_steady, "health_check.steady", "", "", "change_share"},
    {EventType::endpoint_ejected, "endpoint.ejected", "healthy", "endpoints", "wait_s"},
    {EventType::endpoint_restored, "endpoint.restored", "healthy", "endpoints", ""},
    {EventType::task_submitted, "task.submitted", "task", "queued", ""},
    {EventType::task_started, "task.started", "task", "running", "waited_s"},
    {EventType::task_finished, "task.finished", "task", "attempts", "elapsed_s"},
    {EventType::task_failed, "task.failed", "task", "attempts", "elapsed_s"},
    {EventType::task_cancelled, "task.cancelled", "task", "", "elapsed_s"},
    {EventType::task_expired, "task.expired", "task", "", "late_s"},
    {EventType::task_deferred, "task.deferred", "task", "", "wait_s"},
});
static_assert(kTypes.size() == kEventTypeCount);
static_assert(std::ranges::all_of(kTypes, [](const EventTypeEntry& entry) {
  return &entry == &kTypes[static_cast<std::size_t>(entry.type)];
}));
static_assert(std::ranges::all_of(kTypes, [](const EventTypeEntry& entry) {
  return kTopicRoot.size() + ProviderName::kSizeMax + 1 + entry.name.size() <= kTopicSizeMax;
}));

const EventTypeEntry& entry_of(EventType type) {
  return kTypes[static_cast<std::size_t>(type)];
}

}  // namespace

std::span<const EventTypeEntry> event_type_table() {
  return kTypes;
}

std::string_view to_string(EventType type) {
  return entry_of(type).name;
}

std::optional<EventType> parse_event_type(std::string_view name) {
  const auto found = std::ranges::find(kTypes, name, &EventTypeEntry::name);
  if (found == kTypes.end()) return std::nullopt;
  return found->type;
}

void Event::set_error(const Error& why) {
  code = why.code;
  text = std::string_view(untrusted(why.message, text.kSizeMax));
}

std::string_view topic_in(std::span<char, kTopicSizeMax> buffer, EventType type,
                          std::string_view provider) {
  if (provider.empty()) provider = kNoProvider;
  provider = provider.substr(0, ProviderName::kSizeMax);
  auto end = std::ranges::copy(kTopicRoot, buffer.begin()).out;
  end = std::ranges::copy(provider, end).out;
  *end++ = '.';
  end = std::ranges::copy(to_string(type), end).out;
  return {buffer.data(), static_cast<std::size_t>(end - buffer.begin())};
}

std::string topic(const Event& event) {
  std::array<char, kTopicSizeMax> buffer{};
  return std::string(topic_in(buffer, event.type, event.provider.view()));
}

std::string to_json_line(const Event& event) {
  const EventTypeEntry& entry = entry_of(event.type);
  JsonWriter out;
  out.begin_object();
  out.member("sequence", event.sequence);
  out.member("time", std::string_view(format_time(event.time)));
  out.member("topic", std::string_view(topic(event)));
  out.member("provider", event.provider.view());
  out.member("type", entry.name);
  if (!event.symbol.empty()) out.member("symbol", event.symbol.view());
  if (!entry.count.empty()) out.member(entry.count, event.count);
  if (!entry.of.empty()) out.member(entry.of, event.of);
  if (!entry.measure.empty()) out.member(entry.measure, event.measure);
  if (event.code) out.member("code", std::string_view(to_string(*event.code)));
  if (!event.text.empty()) out.member("text", event.text.view());
  out.end_object();
  return out.take();
}

}  // namespace vortex
