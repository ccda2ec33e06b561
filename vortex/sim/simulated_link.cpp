#include "vortex/sim/simulated_link.hpp"

#include <algorithm>
#include <array>
#include <deque>
#include <optional>
#include <utility>

#include "vortex/base/random.hpp"
#include "vortex/runtime/wait_list.hpp"

namespace vortex {
namespace {

// What comes out of a lane, and when. Ends are never taken out.
struct Parcel {
  Monotonic due;
  std::variant<Frame, LinkClosed, Error> content;
  std::size_t size = 0;
};

// One direction.
struct Lane {
  explicit Lane(Runtime& runtime) : readable(runtime), writable(runtime) {}

  std::deque<Parcel> parcels;
  Monotonic last_due;
  std::int64_t frames_sent = 0;
  std::size_t bytes_under_way = 0;
  Monotonic silent_until;
  Monotonic burst_until;
  bool ended = false;  // closed by its sender, or broken
  WaitList readable;
  WaitList writable;
};

// What both ends share.
class Wire {
 public:
  Wire(Runtime& runtime, SimulatedLinkOptions options)
      : runtime_(runtime),
        options_(std::move(options)),
        random_(options_.seed),
        lanes_{Lane(runtime), Lane(runtime)} {}

  Lane& lane_from(LinkSide side) { return lanes_[static_cast<std::size_t>(side)]; }
  Monotonic now() const { return runtime_.clock().monotonic(); }
  bool has_room(const Lane& lane) const {
    return lane.bytes_under_way < options_.bytes_under_way_max;
  }

  void send(LinkSide side, Frame frame);
  void end(LinkSide side, std::variant<Frame, LinkClosed, Error> how);
  void break_both(std::optional<LinkSide> cut_from = std::nullopt);

 private:
  const LinkFault* fault_of(LinkSide side, std::int64_t frame) const;
  Monotonic arrival(Lane& lane);

  Runtime& runtime_;
  SimulatedLinkOptions options_;
  Random random_;
  std::array<Lane, 2> lanes_;
};

const LinkFault* Wire::fault_of(LinkSide side, std::int64_t frame) const {
  const auto found = std::ranges::find_if(options_.faults, [&](const LinkFault& fault) {
    return fault.from == side && fault.frame == frame;
  });
  return found == options_.faults.end() ? nullptr : &*found;
}

// Nothing overtakes what was sent before it.
Monotonic Wire::arrival(Lane& lane) {
  const auto spread = static_cast<std::uint64_t>(options_.latency_spread.count());
  const Duration latency = options_.latency_min + Duration(random_.below(spread + 1));
  lane.last_due = std::max({lane.last_due, lane.burst_until, now() + latency});
  return lane.last_due;
}

void Wire::send(LinkSide side, Frame frame) {
  Lane& lane = lane_from(side);
  const LinkFault* const fault = fault_of(side, ++lane.frames_sent);
  if (fault != nullptr && fault->kind == LinkFaultKind::drop) return break_both();
  if (fault != nullptr && fault->kind == LinkFaultKind::cut) return break_both(side);
  if (fault != nullptr && fault->kind == LinkFaultKind::silence) {
    lane.silent_until =
        fault->length == Duration::zero() ? Monotonic::max() : now() + fault->length;
  }
  if (fault != nullptr && fault->kind == LinkFaultKind::burst) {
    lane.burst_until = now() + fault->length;
  }
  const Monotonic due = arrival(lane);
  const std::size_t size = frame.bytes.size();
  if (now() < lane.silent_until) {
    // A peer that is gone for ever acknowledges nothing: its sender ends up waiting for room.
    if (lane.silent_until == Monotonic::max()) lane.bytes_under_way += size;
    return;
  }
  lane.bytes_under_way += size;
  lane.parcels.push_back({.due = due, .content = std::move(frame), .size = size});
  lane.readable.wake_all();
}

void Wire::end(LinkSide side, std::variant<Frame, LinkClosed, Error> how) {
  Lane& lane = lane_from(side);
  if (std::exchange(lane.ended, true)) return;
  lane.writable.wake_all();
  if (now() < lane.silent_until) return;
  lane.parcels.push_back({.due = arrival(lane), .content = std::move(how)});
  lane.readable.wake_all();
}

void Wire::break_both(std::optional<LinkSide> cut_from) {
  const Error broken{.code = ErrorCode::network, .message = "the link broke"};
  const Error cut{.code = ErrorCode::truncated, .message = "the link broke within a frame"};
  for (const LinkSide side : {LinkSide::client, LinkSide::server})
    end(side, side == cut_from ? cut : broken);
}

class SimulatedEnd final : public FrameLink {
 public:
  SimulatedEnd(std::shared_ptr<Wire> wire, LinkSide side) : wire_(std::move(wire)), side_(side) {}
  SimulatedEnd(const SimulatedEnd&) = delete;
  SimulatedEnd& operator=(const SimulatedEnd&) = delete;
  ~SimulatedEnd() override {
    wire_->end(side_, Error{.code = ErrorCode::network, .message = "the peer went away"});
  }

  Task<void> send(Frame frame, Deadline deadline) override {
    const auto wire = wire_;
    Lane& lane = wire->lane_from(side_);
    while (!lane.ended && !wire->has_room(lane)) {
      const Wake wake = co_await lane.writable.wait(deadline);
      if (wake == Wake::cancelled) co_return fail(ErrorCode::cancelled, "cancelled while sending");
      if (wake == Wake::timed_out)
        co_return fail(ErrorCode::deadline, "the link took nothing before the deadline");
    }
    if (lane.ended) co_return fail(ErrorCode::network, "the link is closed or broken");
    wire->send(side_, std::move(frame));
    co_return Result<void>{};
  }

  Task<LinkEvent> receive(Deadline deadline) override {
    const auto wire = wire_;
    Lane& lane = wire->lane_from(side_ == LinkSide::client ? LinkSide::server : LinkSide::client);
    for (;;) {
      const Monotonic now = wire->now();
      const bool any = !lane.parcels.empty();
      if (any && lane.parcels.front().due <= now) co_return take_front(lane);
      if (deadline.passed(now))
        co_return fail(ErrorCode::deadline, "no frame came before the deadline");
      const Monotonic next = any ? lane.parcels.front().due : Monotonic::max();
      const Deadline until = Deadline::until(std::min(deadline.at(), next));
      if (co_await lane.readable.wait(until) == Wake::cancelled)
        co_return fail(ErrorCode::cancelled, "cancelled while waiting for a frame");
    }
  }

  void close(int code, std::string reason) override {
    wire_->end(side_, LinkClosed{.code = code, .reason = std::move(reason)});
  }

 private:
  static Result<LinkEvent> take_front(Lane& lane) {
    Parcel& front = lane.parcels.front();
    if (const auto* error = std::get_if<Error>(&front.content)) return std::unexpected(*error);
    if (const auto* closed = std::get_if<LinkClosed>(&front.content)) return *closed;
    LinkEvent event = std::get<Frame>(std::move(front.content));
    lane.bytes_under_way -= front.size;
    lane.parcels.pop_front();
    lane.writable.wake_all();
    return event;
  }

  std::shared_ptr<Wire> wire_;
  LinkSide side_;
};

}  // namespace

SimulatedLink make_simulated_link(Runtime& runtime, const SimulatedLinkOptions& options) {
  const auto wire = std::make_shared<Wire>(runtime, options);
  return {.client = std::make_unique<SimulatedEnd>(wire, LinkSide::client),
          .server = std::make_unique<SimulatedEnd>(wire, LinkSide::server),
          .drop = [weak = std::weak_ptr(wire)] {
            if (const auto alive = weak.lock()) alive->break_both();
          }};
}

}  // namespace vortex
