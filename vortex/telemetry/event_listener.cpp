#include "vortex/telemetry/event_listener.hpp"

#include <array>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <system_error>
#include <utility>

#include "vortex/base/log.hpp"

namespace vortex {
namespace {

// Events taken under one hold of the queue's lock.
constexpr std::size_t kTakenAtOnce = 16;
constexpr Duration kWait = std::chrono::hours(1);
constexpr std::int64_t kIdle = -1;

}  // namespace

struct EventListener::State {
  State(std::string given_name, Subscription given_subscription, Handle given_handle,
        const Clock& given_clock)
      : name(std::move(given_name)),
        subscription(std::move(given_subscription)),
        handle(std::move(given_handle)),
        clock(given_clock) {}

  const std::string name;
  Subscription subscription;
  const Handle handle;
  const Clock& clock;

  std::atomic<bool> quit{false};
  std::atomic<std::uint64_t> handled{0};
  std::atomic<std::uint64_t> thrown{0};
  std::atomic<std::uint64_t> missed{0};
  // What is being handled, for the watchdog. Written in this order, so that a reader who sees a
  // start may see the event before or after it, never nonsense.
  std::atomic<EventType> type{EventType::error};
  std::atomic<std::uint64_t> sequence{0};
  std::atomic<std::int64_t> started_ns{kIdle};

  std::mutex mutex;
  std::condition_variable ending;
  bool ended = false;

  bool wait_for_end(Duration time_max) {
    std::unique_lock lock(mutex);
    return ending.wait_for(lock, time_max, [this] { return ended; });
  }
  void end() {
    const std::scoped_lock lock(mutex);
    ended = true;
    ending.notify_all();
  }
};

Result<std::unique_ptr<EventListener>> EventListener::start(std::string name,
                                                            Subscription subscription,
                                                            Handle handle, const Clock& clock,
                                                            const Options& options) {
  auto state =
      std::make_shared<State>(std::move(name), std::move(subscription), std::move(handle), clock);
  try {
    return std::unique_ptr<EventListener>(new EventListener(std::move(state), options));
  } catch (const std::system_error& why) {
    return fail(ErrorCode::local_resource,
                std::string("no thread for an event listener: ") + why.code().message());
  }
}

EventListener::EventListener(std::shared_ptr<State> state, const Options& options)
    : state_(std::move(state)), options_(options), thread_([shared = state_] { run(*shared); }) {}

EventListener::~EventListener() {
  stop();
}

bool EventListener::stop() {
  if (!thread_.joinable()) return state_->wait_for_end(Duration::zero());
  state_->subscription.close();
  bool ended = state_->wait_for_end(options_.drain_max);
  state_->quit = true;
  ended = ended || state_->wait_for_end(options_.abandon_after);
  if (ended) {
    thread_.join();
    return true;
  }
  log::error("the event listener '{}' does not return from {} and is left behind", state_->name,
             to_string(state_->type.load()));
  thread_.detach();
  return false;
}

void EventListener::run(State& state) {
  std::array<Delivery, kTakenAtOnce> taken;
  while (!state.quit) {
    const std::size_t count = state.subscription.wait_take(taken, kWait);
    if (count == 0 && state.subscription.closed()) break;
    for (std::size_t i = 0; i < count && !state.quit; ++i) handle_one(state, taken[i]);
  }
  state.end();
}

void EventListener::handle_one(State& state, const Delivery& delivery) {
  state.missed.fetch_add(delivery.missed, std::memory_order_relaxed);
  state.type.store(delivery.event.type, std::memory_order_relaxed);
  state.sequence.store(delivery.event.sequence, std::memory_order_relaxed);
  state.started_ns.store(state.clock.monotonic().time_since_epoch().count());
  std::string why;
  try {
    state.handle(delivery);
  } catch (const std::exception& thrown) {
    why = untrusted(thrown.what());
    if (why.empty()) why = "an exception without a text";
  } catch (...) {
    why = "something that is no std::exception";
  }
  state.started_ns.store(kIdle);
  state.handled.fetch_add(1, std::memory_order_relaxed);
  if (why.empty()) return;
  // The first of them is told, all are counted: a listener that always throws must not fill a disk.
  if (state.thrown.fetch_add(1, std::memory_order_relaxed) == 0)
    log::warning("the event listener '{}' threw at {}: {}", state.name, topic(delivery.event), why);
}

std::optional<EventListener::Stuck> EventListener::stuck(Monotonic now,
                                                         Duration longer_than) const {
  const std::int64_t started_ns = state_->started_ns.load();
  if (started_ns == kIdle) return std::nullopt;
  const auto running =
      std::chrono::duration_cast<Duration>(now - Monotonic{std::chrono::nanoseconds(started_ns)});
  if (running <= longer_than) return std::nullopt;
  return Stuck{.listener = state_->name,
               .type = state_->type.load(std::memory_order_relaxed),
               .sequence = state_->sequence.load(std::memory_order_relaxed),
               .running = running};
}

const std::string& EventListener::name() const {
  return state_->name;
}

EventListener::Counts EventListener::counts() const {
  return {.handled = state_->handled.load(std::memory_order_relaxed),
          .thrown = state_->thrown.load(std::memory_order_relaxed),
          .missed = state_->missed.load(std::memory_order_relaxed)};
}

QueueCounts EventListener::queue_counts() const {
  return state_->subscription.counts();
}

}  // namespace vortex
