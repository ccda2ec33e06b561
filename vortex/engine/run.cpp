#include "vortex/engine/run.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <utility>

#include <unistd.h>

#include "vortex/engine/process_identity.hpp"
#include "vortex/engine/run_status.hpp"
#include "vortex/engine/stop_group.hpp"
#include "vortex/runtime/run_on_pool.hpp"
#include "vortex/runtime/sleep.hpp"

namespace vortex {
namespace {

// How often others may see where a run stands.
constexpr Duration kTellEvery = std::chrono::seconds(1);

// Runs of one process, told apart in the state directory.
std::int64_t next_run_number() {
  static std::atomic<std::int64_t> last{0};
  return ++last;
}

}  // namespace

Run::Run(const Parts& parts, std::vector<PlannedItem> items, SyncReport& report,
         Committer* committer)
    : parts_(parts),
      items_(std::move(items)),
      report_(report),
      committer_(committer),
      journey_({.runtime = parts.runtime,
                .events = parts.events,
                .calendars = parts.calendars,
                .committer = committer},
               report),
      number_(next_run_number()),
      began_(parts.runtime->clock().now()),
      teller_(*parts.runtime, {.tasks_max = 1}),
      legs_(std::make_shared<TaskGroup>(
          *parts.runtime,
          TaskGroupOptions{.tasks_max = static_cast<std::size_t>(parts.settings->concurrency)})) {}

boost::asio::awaitable<void> Run::run() {
  parts_.clients->begin_run();
  const bool tells = !parts_.settings->state_dir.empty() && teller_.spawn(tell_others());
  std::exception_ptr bug;
  try {
    co_await ask_all();
  } catch (...) {
    bug = std::current_exception();
  }
  // Whatever happened: nothing of this run may go on without it, and others wait for its places.
  co_await parts_.clients->end_run();
  try {
    if (!bug) co_await finish();
  } catch (...) {
    bug = std::current_exception();
  }
  teller_.stop();
  co_await teller_.join();
  if (tells) remove_run_status(parts_.settings->state_dir, status());
  if (bug) std::rethrow_exception(bug);
}

boost::asio::awaitable<void> Run::finish() {
  report_.interrupted = parts_.hooks->stop.stop_requested();
  show_progress(true);
  if (committer_ != nullptr) co_await committer_->flush();
}

boost::asio::awaitable<void> Run::ask_all() {
  const auto on_stop = stop_group_on(parts_.hooks->stop, *parts_.runtime, legs_);
  for (std::size_t i = 0; i < items_.size(); ++i) {
    if (parts_.hooks->stop.stop_requested()) {
      interrupt(i);
    } else {
      co_await start_leg(i);
    }
  }
  co_await legs_->join();
}

boost::asio::awaitable<void> Run::start_leg(std::size_t i) {
  const bool routed = items_[i].route.provider != nullptr;
  const bool waits = report_.items[i].status == ItemStatus::deferred;
  if (!routed || (waits && items_[i].others.empty())) {
    ++done_;
    co_return;
  }
  // Refused only when stopping.
  if (auto room = co_await legs_->wait_for_room(); !room) co_return interrupt(i);
  if (!legs_->spawn(travel(i))) co_return interrupt(i);
}

Leg Run::leg_for(std::size_t i, ProviderClient* client) const {
  Leg leg{
      .item = i, .client = client, .request = items_[i].route.request, .ranges = items_[i].ranges};
  if (const AllowanceUse* day = day_of(report_.items[i].provider)) {
    leg.rule = day->rule;
    leg.resets_at = day->resets_at;
  }
  for (const SkippedProvider& skipped : report_.items[i].skipped) {
    leg.stands_in_for.push_back(
        {skipped.provider, leg.request.symbol.text(), leg.request.interval});
  }
  return leg;
}

// The item's providers in turn, until one serves it. What one began no other goes on with: a series
// is one provider's.
boost::asio::awaitable<void> Run::travel(std::size_t i) {
  bool brought_rows = false;
  do {
    brought_rows = co_await ask_provider(i);
  } while (!brought_rows && turn_to_next(i));
  ++done_;
  show_progress(false);
}

// True where rows came.
boost::asio::awaitable<bool> Run::ask_provider(std::size_t i) {
  if (report_.items[i].status == ItemStatus::deferred) co_return false;  // by the plan
  auto client = parts_.clients->client_for(*items_[i].route.provider);
  if (!client) {
    report_.items[i].status = ItemStatus::failed;
    report_.items[i].error = std::move(client).error();
    co_return false;
  }
  co_return co_await journey_.travel(leg_for(i, *client));
}

// Is there a provider to ask instead of the one that failed? An empty answer is no failure.
bool Run::turn_to_next(std::size_t i) {
  ItemReport& report = report_.items[i];
  PlannedItem& item = items_[i];
  const bool can_turn = report.error && report.error->code != ErrorCode::cancelled &&
                        !item.others.empty() && !parts_.hooks->stop.stop_requested();
  if (!can_turn) return false;
  report.skipped.push_back(
      {.provider = report.provider, .code = report.error->code, .message = report.error->message});
  report.error.reset();
  report.status = ItemStatus::ok;
  static_cast<PlannedRoute&>(item) = std::move(item.others.front());
  item.others.erase(item.others.begin());
  report.provider = item.route.provider->name();
  std::ranges::copy(item.route.notes, std::back_inserter(report.notes));
  count_calls(item, parts_.runtime->clock().now(), report);
  report_.calls.planned += report.calls_planned;
  cut_to_day(item, report.provider);
  return true;
}

const AllowanceUse* Run::day_of(const std::string& provider) const {
  if (parts_.days == nullptr) return nullptr;
  const auto day = parts_.days->find(provider);
  return day == parts_.days->end() ? nullptr : &day->second;
}

// What turns to a provider in the middle of a run takes neither what its own series were promised
// nor the reserve for tomorrow's update.
void Run::cut_to_day(PlannedItem& item, const std::string& provider) {
  const AllowanceUse* use = day_of(provider);
  if (use == nullptr) return;
  const DayAllowance day{.limit = use->limit, .left = use->limit - use->used};
  AllowancePlan plan = plan_allowance({}, day, parts_.settings->reserve);
  if (const AllowanceReport* planned = allowance_of(report_, provider)) {
    plan.go = planned->calls_now;
    plan.reserved = planned->reserved;
  }
  DayBudget& budget = budgets_.try_emplace(provider, plan, day).first->second;
  for (PlannedRange& range : item.ranges) {
    if (range.calls == 0) continue;
    range.calls_now = budget.take({.calls = range.calls, .is_update = range.is_update});
  }
}

void Run::interrupt(std::size_t i) {
  if (report_.items[i].error) return;  // it failed before, for a reason of its own
  report_.items[i].status = ItemStatus::failed;
  report_.items[i].error =
      Error{.code = ErrorCode::cancelled, .message = "interrupted before it was asked"};
}

void Run::show_progress(bool committing) const {
  if (!parts_.hooks->progress) return;
  const Monotonic now = parts_.runtime->clock().monotonic();
  parts_.hooks->progress(
      {.items_done = done_,
       .items_total = std::ssize(report_.items),
       .items_failed = std::ranges::count(report_.items, ItemStatus::failed, &ItemReport::status),
       .rows = journey_.rows_decoded(),
       .calls = report_.calls,
       .elapsed = std::chrono::duration_cast<Duration>(now - parts_.started),
       .committing = committing});
}

RunStatus Run::status() const {
  return {.process = this_process().holder,
          .pid = ::getpid(),
          .run = number_,
          .command = parts_.command,
          .started = began_,
          .updated = parts_.runtime->clock().now(),
          .items_done = done_,
          .items_total = std::ssize(report_.items),
          .health = parts_.clients->health(),
          .providers = parts_.clients->status()};
}

// Ends when it is stopped. A status that cannot be written is nobody's failure but its reader's,
// who then sees nothing.
boost::asio::awaitable<void> Run::tell_others() {
  const std::string& state_dir = parts_.settings->state_dir;
  while (true) {
    parts_.clients->check_health();
    co_await run_on_pool(*parts_.runtime,
                         [state_dir, now = status()] { return write_run_status(state_dir, now); });
    if (auto slept = co_await sleep_for(*parts_.runtime, kTellEvery); !slept) co_return;
  }
}

}  // namespace vortex
