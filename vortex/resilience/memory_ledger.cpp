#include "vortex/resilience/memory_ledger.hpp"

#include <ranges>

namespace vortex {

Result<Lease> MemoryLedger::lease(const std::string& account, const AccountLimits& limits,
                                  const LeaseRequest& request, Now now) {
  const LedgerHolder who{.id = holder_, .is_alive = [this](const std::string& id) {
                           return !accounts_->dead.contains(id);
                         }};
  Lease lease = book(account).lease(limits, request, who, now);
  if (accounts_->keep_log && lease.permits > 0) {
    accounts_->log.push_back({.account = account,
                              .holder = holder_,
                              .id = lease.id,
                              .issued = {.elapsed = lease.issued, .calendar = now.calendar},
                              .permits = lease.permits});
  }
  return lease;
}

Result<void> MemoryLedger::give_back(const std::string& account, std::uint64_t lease,
                                     std::int64_t permits, int places_held, Now now) {
  QuotaBook& book = this->book(account);
  const std::int64_t returned = book.give_back(lease, permits, now);
  book.hold_places(holder_, places_held, now);
  if (returned == 0) return {};
  for (auto& row : std::views::reverse(accounts_->log)) {
    if (row.id != lease || row.account != account) continue;
    row.returned += returned;
    break;
  }
  return {};
}

Result<void> MemoryLedger::close_until(const std::string& account, const LeaseRefusal& refusal,
                                       Now now) {
  book(account).close_until(refusal, now);
  return {};
}

Result<void> MemoryLedger::correct(const std::string& account, const AccountLimits& limits,
                                   const ProviderCount& count, Now now) {
  book(account).correct(limits, count, now);
  return {};
}

Result<AccountUse> MemoryLedger::use(const std::string& account, const AccountLimits& limits,
                                     Now now) {
  return book(account).use(limits, now);
}

QuotaBook& MemoryLedger::book(const std::string& account) {
  return accounts_->books.try_emplace(account, accounts_->boot).first->second;
}

}  // namespace vortex
