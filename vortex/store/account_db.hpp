// quota.db: what is remembered of each account's allowances, shared by all processes of a user, and
// a log of the leases for whoever checks. It knows no arithmetic: a state is a text that a step
// given from outside turns into the next one, inside one transaction.
//
// SQLite in WAL mode, mode 0600. Beside it lies quota.db.lock: processes hold it together while
// they use the file, and alone while the file is made or replaced, so that none goes on with a file
// that is no longer the one. A file that is damaged is renamed aside, and the new one remembers
// when: an account that is not in it may have used everything. Permits must never be guessed, so
// all trouble with the disk is an error: storage, disk_full, or unsafe_path for a link or a file of
// somebody else. A file that is full gives up the oldest leases of its log first. Belongs to one
// thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "vortex/base/error.hpp"

namespace vortex {

class AccountDb {
 public:
  struct Options {
    // For other processes' transactions: they take microseconds, but twenty processes on a machine
    // under load, or one stalled write, have kept the lock for over two seconds.
    Duration wait_max = std::chrono::seconds(10);
    std::int64_t pages_max = 65'536;  // of 4 KiB
    Duration log_kept = std::chrono::hours(48);
    std::int64_t log_rows_max = 500'000;  // of one account
  };

  struct Stored {
    int file = 0;              // another number: the file was replaced, and versions begin anew
    std::int64_t version = 0;  // of the text, rises with each change; 0: the account is new
    std::string_view text;
    // For a new account: when the file that may have known it was found damaged.
    std::optional<TimePoint> damaged_at;
  };
  struct LeaseRow {
    std::uint64_t id = 0;
    Monotonic issued;
    TimePoint calendar;
    std::int64_t permits = 0;
    std::string holder;
  };
  struct ReturnRow {
    std::uint64_t id = 0;
    std::int64_t permits = 0;
  };
  struct Change {
    std::optional<std::string> text;  // none: nothing is written
    std::optional<LeaseRow> lease;
    std::optional<ReturnRow> returned;
  };
  // May be called again, when the file turned out to be damaged or full during the first; what the
  // first call did to anything but its result must not count then.
  using Step = std::function<Result<Change>(const Stored& stored)>;

  // In a directory that is made, mode 0700, where absent.
  static Result<AccountDb> open(const std::string& directory, TimePoint now,
                                const Options& options);
  AccountDb(AccountDb&&) noexcept;
  AccountDb& operator=(AccountDb&&) noexcept;
  AccountDb(const AccountDb&) = delete;
  AccountDb& operator=(const AccountDb&) = delete;
  ~AccountDb();

  // The version of the account's state afterwards. `durable`: it survives a loss of power, at the
  // price of an fsync; without, it survives the end of any process.
  Result<std::int64_t> transact(const std::string& account, bool durable, TimePoint now,
                                const Step& step);

  // What was found damaged, or full, since this was last asked, and what became of it; empty:
  // nothing.
  std::string take_note();

 private:
  struct Impl;
  explicit AccountDb(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace vortex
