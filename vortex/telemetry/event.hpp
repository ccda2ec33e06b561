// What happened, as a small value: one type of a fixed list, about one provider and perhaps one
// symbol, with up to three numbers whose names the type decides. Trivially copyable, nothing inside
// points anywhere, so that equal runs write equal logs. Topic: provider.<name>.<type>.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "vortex/base/error.hpp"
#include "vortex/base/time.hpp"
#include "vortex/telemetry/inline_text.hpp"

namespace vortex {

enum class EventType : std::uint8_t {
  // the connection
  connected,
  disconnected,
  session_renewed,
  banned,
  // a call
  call_sent,
  call_retried,
  error,
  // its data
  data_received,
  data_transformed,
  data_quarantined,
  data_compared,
  schema_drifted,
  dataset_committed,
  // what holds calls back
  rate_limit_hit,
  quota_low,
  quota_exhausted,
  quota_foreign_use,
  circuit_breaker_open,
  circuit_breaker_half_open,
  circuit_breaker_closed,
  bulkhead_full,
  // health
  health_check_failed,
  health_check_recovered,
  health_check_flapping,
  health_check_steady,
  endpoint_ejected,
  endpoint_restored,
  // tasks
  task_submitted,
  task_started,
  task_finished,
  task_failed,
  task_cancelled,
  task_expired,
  task_deferred,
};
inline constexpr std::size_t kEventTypeCount = 34;

// The name of a type and of its numbers; a number without a name is not written.
struct EventTypeEntry {
  EventType type;
  std::string_view name;     // "circuit_breaker.open"
  std::string_view count;    // what Event::count says: "failures"
  std::string_view of;       // what Event::of says: "calls"
  std::string_view measure;  // what Event::measure says, with its unit: "wait_s"
};

std::span<const EventTypeEntry> event_type_table();  // in the order of the enumerators
std::string_view to_string(EventType type);          // "circuit_breaker.open"
std::optional<EventType> parse_event_type(std::string_view name);

using ProviderName = InlineText<31>;

struct Event {
  std::uint64_t sequence = 0;  // given by the bus, rising by one from 1; 0: not published
  TimePoint time;
  EventType type = EventType::error;
  ProviderName provider;  // or the service the event is about: "store"
  InlineText<40> symbol;  // the longest a Symbol can be; empty: about no symbol
  InlineText<33> text;    // why, in a few words
  std::optional<ErrorCode> code;
  std::int64_t count = 0;
  std::int64_t of = 0;
  double measure = 0;

  // The code and the first words of the message, masked as `untrusted` does.
  void set_error(const Error& why);

  bool operator==(const Event&) const = default;
};
static_assert(std::is_trivially_copyable_v<Event> && sizeof(Event) == 152);

// "provider.yahoo.circuit_breaker.open"; "-" stands for a provider without a name.
std::string topic(const Event& event);
inline constexpr std::size_t kTopicSizeMax = 96;

// The same into a buffer, without allocating; the view is of the buffer.
std::string_view topic_in(std::span<char, kTopicSizeMax> buffer, EventType type,
                          std::string_view provider);

// One JSON object without a line end. Members stand in a fixed order: sequence, time, topic,
// provider, type, symbol, the numbers the type names, code, text; symbol, code and text only where
// they are set.
std::string to_json_line(const Event& event);

}  // namespace vortex
