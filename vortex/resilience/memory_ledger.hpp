// A Ledger in memory: for simulated time, and for tests. Several ledgers over the same accounts are
// several processes of one machine; a holder listed as dead is a process that was killed. Belongs
// to one thread, as do all that share the accounts.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "vortex/resilience/ledger.hpp"
#include "vortex/resilience/quota_book.hpp"

namespace vortex {

struct MemoryAccounts {
  // For checkers: what was leased, and how much of it came back.
  struct LoggedLease {
    std::string account;
    std::string holder;
    std::uint64_t id = 0;
    Now issued;
    std::int64_t permits = 0;
    std::int64_t returned = 0;
  };

  std::string boot = "simulated";  // another name: the machine was started again
  std::map<std::string, QuotaBook> books;
  std::set<std::string> dead;
  bool keep_log = false;
  std::vector<LoggedLease> log;
};

class MemoryLedger final : public Ledger {
 public:
  // Alone with accounts of its own.
  MemoryLedger() : MemoryLedger(std::make_shared<MemoryAccounts>(), "process") {}
  MemoryLedger(std::shared_ptr<MemoryAccounts> accounts, std::string holder)
      : accounts_(std::move(accounts)), holder_(std::move(holder)) {}

  Result<Lease> lease(const std::string& account, const AccountLimits& limits,
                      const LeaseRequest& request, Now now) override;
  Result<void> give_back(const std::string& account, std::uint64_t lease, std::int64_t permits,
                         int places_held, Now now) override;
  Result<void> close_until(const std::string& account, const LeaseRefusal& refusal,
                           Now now) override;
  Result<void> correct(const std::string& account, const AccountLimits& limits,
                       const ProviderCount& count, Now now) override;
  Result<AccountUse> use(const std::string& account, const AccountLimits& limits, Now now) override;

  MemoryAccounts& accounts() { return *accounts_; }

 private:
  QuotaBook& book(const std::string& account);

  std::shared_ptr<MemoryAccounts> accounts_;
  std::string holder_;
};

}  // namespace vortex
