// One run of sync or fetch: asks all planned items, some at a time, and tells about it. Belongs to
// the I/O thread.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "vortex/engine/allowance_plan.hpp"
#include "vortex/engine/committer.hpp"
#include "vortex/engine/journey.hpp"
#include "vortex/engine/provider_clients.hpp"
#include "vortex/engine/run_plan.hpp"
#include "vortex/engine/sync.hpp"
#include "vortex/runtime/task_group.hpp"

namespace vortex {

class Run {
 public:
  // All given must outlive the run.
  struct Parts {
    Runtime* runtime = nullptr;
    ProviderClients* clients = nullptr;
    EventBus* events = nullptr;  // may be null
    const Settings* settings = nullptr;
    const CalendarBook* calendars = nullptr;
    const SyncHooks* hooks = nullptr;
    const ProviderClients::Days* days = nullptr;  // the plan's; null: there is none
    std::string command;                          // "sync"; what `vortex status` calls the process
    Monotonic started;
  };
  // `committer` null: rows are collected in the journey.
  Run(const Parts& parts, std::vector<PlannedItem> items, SyncReport& report, Committer* committer);

  boost::asio::awaitable<void> run();
  const Journey& journey() const { return journey_; }

 private:
  boost::asio::awaitable<void> ask_all();
  boost::asio::awaitable<void> finish();
  boost::asio::awaitable<void> start_leg(std::size_t i);
  boost::asio::awaitable<void> travel(std::size_t i);
  boost::asio::awaitable<bool> ask_provider(std::size_t i);
  bool turn_to_next(std::size_t i);
  const AllowanceUse* day_of(const std::string& provider) const;
  void cut_to_day(PlannedItem& item, const std::string& provider);
  boost::asio::awaitable<void> tell_others();
  Leg leg_for(std::size_t i, ProviderClient* client) const;
  void interrupt(std::size_t i);
  void show_progress(bool committing) const;
  RunStatus status() const;

  Parts parts_;
  std::vector<PlannedItem> items_;
  SyncReport& report_;
  Committer* committer_;
  Journey journey_;
  std::int64_t number_;  // among the runs of the process
  TimePoint began_;
  std::int64_t done_ = 0;
  std::map<std::string, DayBudget> budgets_;  // of providers that others turned to
  TaskGroup teller_;
  // Last: its tasks refer to all of the above. Shared, because a stop may be on its way when it
  // ends.
  std::shared_ptr<TaskGroup> legs_;
};

}  // namespace vortex
