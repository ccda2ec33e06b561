// The accounts' ledger that all processes of a user share: QuotaBook's arithmetic inside
// AccountDb's transactions, in <state_dir>/quota.db. Exact through kill -9 at any point: a permit
// is in the file before it is in anybody's hand. Where a limit is of 10 s or more, it is durable
// too: a loss of power is then no second allowance (a machine takes longer than that to come back).
//
// When the file cannot be read or written every call fails with storage or disk_full, and no permit
// is given out; what a provider closed meanwhile is kept in mind and written with the next lease
// that succeeds. Belongs to one thread at a time.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "vortex/base/clock.hpp"
#include "vortex/engine/process_identity.hpp"
#include "vortex/resilience/quota_book.hpp"
#include "vortex/store/account_db.hpp"

namespace vortex {

class SqliteLedger final : public Ledger {
 public:
  struct Options {
    AccountDb::Options db;
    // Its holder gets a number to it: each ledger of a process holds places of its own.
    ProcessIdentity process = this_process();
  };

  // `clock` measures how long a transaction waited for others, and must outlive the ledger.
  static Result<std::unique_ptr<SqliteLedger>> open(const std::string& state_dir,
                                                    const Clock& clock, Options options);
  static Result<std::unique_ptr<SqliteLedger>> open(const std::string& state_dir,
                                                    const Clock& clock) {
    return open(state_dir, clock, Options());
  }
  SqliteLedger(const SqliteLedger&) = delete;
  SqliteLedger& operator=(const SqliteLedger&) = delete;
  // Leaves the places it has: nobody else can tell while the process lives.
  ~SqliteLedger() override;

  Result<Lease> lease(const std::string& account, const AccountLimits& limits,
                      const LeaseRequest& request, Now now) override;
  Result<void> give_back(const std::string& account, std::uint64_t lease, std::int64_t permits,
                         int places_held, Now now) override;
  Result<void> close_until(const std::string& account, const LeaseRefusal& refusal,
                           Now now) override;
  Result<void> correct(const std::string& account, const AccountLimits& limits,
                       const ProviderCount& count, Now now) override;
  Result<AccountUse> use(const std::string& account, const AccountLimits& limits, Now now) override;

  std::vector<std::string> take_notes() override;

 private:
  struct KnownBook {
    std::int64_t version = 0;
    QuotaBook book;
  };
  // What a step does to the book; `Now` counts the wait for the file in.
  using Act = std::function<void(QuotaBook& book, Now now, AccountDb::Change& change)>;

  SqliteLedger(AccountDb db, const Clock& clock, Options options);
  Result<void> transact(const std::string& account, bool durable, Now now, const Act& act);
  QuotaBook& book_of(const std::string& account, const AccountDb::Stored& stored, Now now);

  AccountDb db_;
  const Clock& clock_;
  Options options_;
  int file_ = 0;                                     // which one, of those there were
  std::map<std::string, KnownBook> known_;           // as that file has them
  std::map<std::string, LeaseRefusal> not_written_;  // closed, and the file took it not
  std::set<std::string> with_places_;                // accounts of which it has places
  std::vector<std::string> notes_;
};

}  // namespace vortex
