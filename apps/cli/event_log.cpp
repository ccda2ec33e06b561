#include "apps/cli/event_log.hpp"

#include <utility>

#include "vortex/base/log.hpp"

namespace vortex::cli {
namespace {

constexpr std::size_t kEventsWaitingMax = 65'536;

void write_event(const Delivery& delivery) {
  if (delivery.missed > 0) log::debug("{} events were not written", delivery.missed);
  log::debug("{}", to_json_line(delivery.event));
}

}  // namespace

Result<EventLog> EventLog::start(const Clock& clock) {
  EventLog events;
  if (!log::enabled(log::Level::debug)) return events;
  events.bus_ = std::make_unique<EventBus>();
  VORTEX_TRY(Subscription all,
             events.bus_->subscribe({.name = "event log", .capacity = kEventsWaitingMax}));
  VORTEX_TRY(events.listener_,
             EventListener::start("event log", std::move(all), write_event, clock));
  return events;
}

}  // namespace vortex::cli
