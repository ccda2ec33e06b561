#include "vortex/engine/sqlite_ledger.hpp"

#include <algorithm>
#include <atomic>
#include <utility>

#include <fmt/core.h>

namespace vortex {
namespace {

constexpr Duration kDurableFrom = std::chrono::seconds(10);
// An account that was not in a file found damaged longer ago than this has its allowance again.
constexpr Duration kDamageRemembered = std::chrono::hours(48);
constexpr std::size_t kNotesMax = 100;
constexpr std::size_t kKnownMax = 64;

bool needs_durable(const AccountLimits& limits) {
  return !limits.days.empty() ||
         std::ranges::any_of(limits.rolling, [](const RollingWindow& window) {
           return window.length >= kDurableFrom;
         });
}

// No two ledgers of this process have the same.
std::string own_holder(const std::string& process) {
  static std::atomic<std::uint64_t> ledgers{0};
  return fmt::format("{}:{}", process, ++ledgers);
}

}  // namespace

Result<std::unique_ptr<SqliteLedger>> SqliteLedger::open(const std::string& state_dir,
                                                         const Clock& clock, Options options) {
  auto db = AccountDb::open(state_dir, clock.now(), options.db);
  if (!db) return std::unexpected(std::move(db).error().in("state_dir"));
  return std::unique_ptr<SqliteLedger>(new SqliteLedger(std::move(*db), clock, std::move(options)));
}

SqliteLedger::SqliteLedger(AccountDb db, const Clock& clock, Options options)
    : db_(std::move(db)), clock_(clock), options_(std::move(options)) {
  options_.process.holder = own_holder(options_.process.holder);
}

SqliteLedger::~SqliteLedger() {
  const Now now{.elapsed = clock_.monotonic(), .calendar = clock_.now()};
  const std::set<std::string> accounts = std::move(with_places_);
  for (const std::string& account : accounts) {
    // A place that cannot be left is free after a silence, or when the process ends.
    if (!give_back(account, 0, 0, 0, now)) return;
  }
}

Result<Lease> SqliteLedger::lease(const std::string& account, const AccountLimits& limits,
                                  const LeaseRequest& request, Now now) {
  const LedgerHolder who{.id = options_.process.holder, .is_alive = is_process_alive};
  Lease lease;
  const auto act = [&](QuotaBook& book, Now at, AccountDb::Change& change) {
    lease = book.lease(limits, request, who, at);
    if (lease.permits == 0) return;
    change.lease = {.id = lease.id,
                    .issued = lease.issued,
                    .calendar = at.calendar,
                    .permits = lease.permits,
                    .holder = who.id};
  };
  VORTEX_TRY_VOID(transact(account, needs_durable(limits), now, act));
  if (limits.concurrent > 0 && lease.places > 0) with_places_.insert(account);
  return lease;
}

Result<void> SqliteLedger::give_back(const std::string& account, std::uint64_t lease,
                                     std::int64_t permits, int places_held, Now now) {
  if (places_held == 0) with_places_.erase(account);
  // Never durable: what a crash forgets of it stays counted.
  return transact(account, false, now, [&](QuotaBook& book, Now at, AccountDb::Change& change) {
    const std::int64_t returned = book.give_back(lease, permits, at);
    if (returned > 0) change.returned = {.id = lease, .permits = returned};
    book.hold_places(options_.process.holder, places_held, at);
  });
}

Result<void> SqliteLedger::close_until(const std::string& account, const LeaseRefusal& refusal,
                                       Now now) {
  auto done = transact(account, true, now, [&](QuotaBook& book, Now at, AccountDb::Change&) {
    book.close_until(refusal, at);
  });
  if (done) return done;
  LeaseRefusal& kept = not_written_.try_emplace(account, refusal).first->second;
  if (kept.until < refusal.until) kept = refusal;
  return done;
}

Result<void> SqliteLedger::correct(const std::string& account, const AccountLimits& limits,
                                   const ProviderCount& count, Now now) {
  return transact(account, false, now, [&](QuotaBook& book, Now at, AccountDb::Change&) {
    book.correct(limits, count, at);
  });
}

Result<AccountUse> SqliteLedger::use(const std::string& account, const AccountLimits& limits,
                                     Now now) {
  AccountUse use;
  VORTEX_TRY_VOID(transact(account, false, now, [&](QuotaBook& book, Now at, AccountDb::Change&) {
    use = book.use(limits, at);
  }));
  return use;
}

std::vector<std::string> SqliteLedger::take_notes() {
  if (std::string note = db_.take_note(); !note.empty()) notes_.push_back(std::move(note));
  return std::exchange(notes_, {});
}

Result<void> SqliteLedger::transact(const std::string& account, bool durable, Now now,
                                    const Act& act) {
  const Monotonic asked = clock_.monotonic();
  bool was_taken = false;
  const auto step = [&](const AccountDb::Stored& stored) -> Result<AccountDb::Change> {
    const auto waited = clock_.monotonic() - asked;
    const Now at{.elapsed = now.elapsed + waited,
                 .calendar = now.calendar + std::chrono::floor<Duration>(waited)};
    // What the first step did to the book is not in the file.
    if (std::exchange(was_taken, true)) known_.erase(account);
    QuotaBook& book = book_of(account, stored, at);
    const auto closed = not_written_.find(account);
    if (closed != not_written_.end()) book.close_until(closed->second, at);
    AccountDb::Change change;
    act(book, at, change);
    if (book.take_changed()) change.text = book.write();
    return change;
  };
  const auto version = db_.transact(account, durable, now.calendar, step);
  if (!version) {
    known_.erase(account);  // it may know what the file does not
    return std::unexpected(Error(version.error()).in("state_dir"));
  }
  not_written_.erase(account);
  if (const auto known = known_.find(account); known != known_.end()) {
    known->second.version = *version;
  }
  return {};
}

QuotaBook& SqliteLedger::book_of(const std::string& account, const AccountDb::Stored& stored,
                                 Now now) {
  if (std::exchange(file_, stored.file) != stored.file) known_.clear();
  auto known = known_.find(account);
  if (known != known_.end() && known->second.version == stored.version) return known->second.book;
  if (known != known_.end()) known_.erase(known);
  if (known_.size() >= kKnownMax) known_.clear();

  const std::string& boot = options_.process.boot;
  QuotaBook book(boot);
  if (stored.version > 0) {
    auto read = QuotaBook::read(stored.text, boot, now);
    if (read) {
      book = std::move(*read);
    } else {
      if (notes_.size() < kNotesMax) {
        notes_.push_back(fmt::format("quota.db: {}: {}; its allowances are taken as used up",
                                     account, read.error().message));
      }
      book = QuotaBook::all_used(boot, now, now.calendar);
    }
  } else if (stored.damaged_at && now.calendar - *stored.damaged_at < kDamageRemembered) {
    book = QuotaBook::all_used(boot, now, *stored.damaged_at);
  }
  return known_.try_emplace(account, KnownBook{.version = stored.version, .book = std::move(book)})
      .first->second.book;
}

}  // namespace vortex
