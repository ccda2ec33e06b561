// With -vv each event of a command's bus is a line of the log, as JSON. Made after SignalStop, so
// that its thread takes no signals, and before what publishes on the bus, which must end first.
#pragma once

#include <memory>

#include "vortex/telemetry/event_bus.hpp"
#include "vortex/telemetry/event_listener.hpp"

namespace vortex::cli {

class EventLog {
 public:
  // The clock must outlive it. Fails with local_resource when there can be no further thread.
  static Result<EventLog> start(const Clock& clock);

  // Null where nobody looks: then nothing need be published.
  EventBus* bus() { return bus_.get(); }

 private:
  EventLog() = default;

  std::unique_ptr<EventBus> bus_;
  // When it ends, what is queued is written, for at most a second: who reads slower loses the rest.
  std::unique_ptr<EventListener> listener_;
};

}  // namespace vortex::cli
