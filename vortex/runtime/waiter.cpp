#include "vortex/runtime/waiter.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "vortex/base/clock.hpp"

namespace vortex {
namespace asio = boost::asio;

namespace {

// An alarm's expiry must stay within the clock's range: what is further away is "never".
constexpr auto kAlarmMax = std::chrono::hours(24 * 365);

template <class Handler>
class WaiterOf final : public Waiter {
 public:
  explicit WaiterOf(Handler handler) : handler_(std::move(handler)) {}
  WaiterOf(const WaiterOf&) = delete;
  WaiterOf& operator=(const WaiterOf&) = delete;
  // The slot must not lead to a waiter that is gone.
  ~WaiterOf() override {
    if (!resumed_) slot().clear();
  }

  void resume(std::unique_ptr<Waiter> self, Wake wake) override {
    slot().clear();
    resumed_ = true;
    Handler handler(std::move(handler_));
    self.reset();
    std::move(handler)(wake);
  }

  void listen(WaiterSet& waiters) {
    if (!slot().is_connected()) return;
    slot().assign([this, &waiters](asio::cancellation_type /*type*/) {
      if (place != kNowhere) waiters.finish(*this, Wake::cancelled);
    });
  }

 private:
  asio::cancellation_slot slot() const { return asio::get_associated_cancellation_slot(handler_); }

  Handler handler_;
  bool resumed_ = false;
};

}  // namespace

void SleepHeap::put(std::size_t place, Waiter* waiter) {
  heap_[place] = waiter;
  waiter->heap_place = place;
}

void SleepHeap::sift_up(std::size_t place) {
  Waiter* const waiter = heap_[place];
  while (place > 0) {
    const std::size_t parent = (place - 1) / 2;
    if (!sooner(*waiter, *heap_[parent])) break;
    put(place, heap_[parent]);
    place = parent;
  }
  put(place, waiter);
}

void SleepHeap::sift_down(std::size_t place) {
  Waiter* const waiter = heap_[place];
  for (;;) {
    std::size_t child = 2 * place + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && sooner(*heap_[child + 1], *heap_[child])) ++child;
    if (!sooner(*heap_[child], *waiter)) break;
    put(place, heap_[child]);
    place = child;
  }
  put(place, waiter);
}

void SleepHeap::push(Waiter& waiter) {
  if (late_max_ > Duration::zero()) {
    waiter.due += Duration(random_.below(static_cast<std::uint64_t>(late_max_.count()) + 1));
  }
  waiter.number = count_++;
  heap_.push_back(&waiter);
  sift_up(heap_.size() - 1);
}

void SleepHeap::remove(Waiter& waiter) {
  const std::size_t place = std::exchange(waiter.heap_place, Waiter::kNowhere);
  Waiter* const last = heap_.back();
  heap_.pop_back();
  if (last == &waiter) return;
  put(place, last);
  sift_up(place);
  sift_down(last->heap_place);
}

WaiterSet::~WaiterSet() {
  // A coroutine that goes may cancel others, which then leave by the loop.
  while (!all_.empty()) take_out(*all_.back()).reset();
}

void WaiterSet::add(std::unique_ptr<Waiter> waiter, Monotonic now) {
  Waiter& added = *waiter;
  added.place = all_.size();
  all_.push_back(waiter.release());
  if (added.due == Monotonic::max()) return;
  if (alarm_) {  // the runtime's clock may be a test's; the alarm goes by the machine's
    const auto left = added.due <= now ? std::chrono::nanoseconds(0) : added.due - now;
    added.due = SystemClock().monotonic() + std::min<std::chrono::nanoseconds>(left, kAlarmMax);
  }
  sleepers_.push(added);
  if (alarm_) arm(added.due);
}

void WaiterSet::arm(Monotonic moment) {
  if (moment >= armed_for_) return;
  armed_for_ = moment;
  alarm_->expires_at(moment);
  alarm_->async_wait([this](boost::system::error_code error) {
    if (!error) ring();
  });
}

void WaiterSet::ring() {
  armed_for_ = Monotonic::max();
  const Monotonic now = SystemClock().monotonic();
  while (sleepers_.front() != nullptr && sleepers_.front()->due <= now)
    finish(*sleepers_.front(), Wake::timed_out);
  if (sleepers_.front() != nullptr) arm(sleepers_.front()->due);
}

std::unique_ptr<Waiter> WaiterSet::take_out(Waiter& waiter) {
  const std::size_t place = std::exchange(waiter.place, Waiter::kNowhere);
  all_[place] = all_.back();
  all_[place]->place = place;
  all_.pop_back();
  waiter.place = Waiter::kNowhere;  // again: it may have been the last itself
  if (waiter.heap_place != Waiter::kNowhere) sleepers_.remove(waiter);
  if (waiter.list != nullptr) std::exchange(waiter.list, nullptr)->forget(waiter);
  return std::unique_ptr<Waiter>(&waiter);
}

void WaiterSet::finish(Waiter& waiter, Wake wake) {
  // Posted, not called: whoever wakes or cancels goes on first, and no stack grows.
  asio::post(io_, [taken = take_out(waiter), wake]() mutable {
    Waiter& resumed = *taken;
    resumed.resume(std::move(taken), wake);
  });
}

asio::awaitable<Wake> wait_in(Runtime& runtime, const WaitOptions& options) {
  auto start = [&runtime, options](auto handler) {
    using Handler = std::decay_t<decltype(handler)>;
    auto waiter = std::make_unique<WaiterOf<Handler>>(std::move(handler));
    waiter->due = options.until;
    waiter->list = options.list;
    if (options.list != nullptr) options.list->remember(*waiter);
    if (options.cancellable) waiter->listen(runtime.waiters());
    runtime.waiters().add(std::move(waiter), runtime.clock().monotonic());
  };
  return asio::async_initiate<const asio::use_awaitable_t<>&, void(Wake)>(std::move(start),
                                                                          asio::use_awaitable);
}

}  // namespace vortex
