#include "vortex/store/account_db.hpp"

#include <unordered_map>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "vortex/store/account_file.hpp"
#include "vortex/store/lock_file.hpp"
#include "vortex/store/sqlite_handle.hpp"

namespace vortex {
namespace {

constexpr int kAttemptsMax = 3;             // a file may be replaced under us; not for ever
constexpr std::uint64_t kPruneEvery = 512;  // leases of an account between clearings of the log
// Of one account in one clearing: others wait for it.
constexpr std::int64_t kPrunedMax = 10'000;
constexpr std::size_t kRememberedMax = 64;  // accounts of one process

std::int64_t ticks(TimePoint time) {
  return time.time_since_epoch().count();
}

}  // namespace

struct AccountDb::Impl {
  // What this process knows of an account: while the version stands, its text need not be read.
  struct Remembered {
    std::int64_t id = 0;
    std::int64_t version = 0;
    std::string text;
  };
  // All that goes with one open file.
  struct Connection {
    Connection(SqliteHandle opened, FileId id, std::string_view path);
    SqliteHandle db;
    FileId file;
    SqliteStatement find, version, text, insert, update, log, count_return, damaged;
    std::unordered_map<std::string, Remembered> accounts;
    std::optional<bool> durable;  // as the connection is set
  };

  Impl(std::string at, LockFile lock_file, const Options& given)
      : path(std::move(at)), lock(std::move(lock_file)), options(given) {}

  Result<void> open_or_make(TimePoint now);
  Result<void> connect(const FileId& id);
  Result<void> replace(TimePoint now, const std::string& why);
  Result<bool> is_current();
  Result<std::int64_t> attempt(const std::string& account, bool durable, TimePoint now,
                               const Step& step);
  Result<std::int64_t> attempt_with_room(const std::string& account, bool durable, TimePoint now,
                                         const Step& step);
  Result<Remembered*> look_up(const std::string& account);
  Result<void> store(const std::string& account, Remembered& known, const std::string& text);
  Result<void> write_log(const Remembered& known, const Change& change, TimePoint now);
  Result<void> prune(TimePoint now, std::int64_t rows_max);
  Result<void> make_room(TimePoint now);
  Result<std::optional<TimePoint>> damage();

  std::string path;
  LockFile lock;
  Options options;
  std::unique_ptr<Connection> open;
  std::string note;
  int opened = 0;  // how often a file was
};

AccountDb::Impl::Connection::Connection(SqliteHandle opened, FileId id, std::string_view path)
    : db(std::move(opened)),
      file(id),
      find(db.get(), path, "SELECT id FROM accounts WHERE name = ?"),
      version(db.get(), path, "SELECT version FROM accounts WHERE id = ?"),
      text(db.get(), path, "SELECT state FROM accounts WHERE id = ?"),
      insert(db.get(), path,
             "INSERT INTO accounts(name, version, state) VALUES (?, 1, ?) RETURNING id"),
      update(db.get(), path, "UPDATE accounts SET version = ?, state = ? WHERE id = ?"),
      log(db.get(), path, "INSERT INTO leases VALUES (?, ?, ?, ?, ?, 0, ?)"),
      count_return(db.get(), path,
                   "UPDATE leases SET returned = returned + ? WHERE account = ? AND id = ?"),
      damaged(db.get(), path, "SELECT value FROM meta WHERE name = 'damaged_at'") {}

// The caller holds the lock alone.
Result<void> AccountDb::Impl::open_or_make(TimePoint now) {
  VORTEX_TRY(auto file, look_at_private_file(path));
  if (!file) {
    if (has_account_log(path)) {
      VORTEX_TRY(const std::string aside, put_account_file_aside(path, now));
      note = fmt::format("{} was removed; the log it left behind lies at {}-wal now", path, aside);
    }
    // There are those who put the damaged one aside and were killed before the new one was there.
    VORTEX_TRY(const auto damaged_at, last_put_aside(path));
    VORTEX_TRY_VOID(make_account_file(path, damaged_at));
    VORTEX_TRY(file, look_at_private_file(path));
    if (!file) return fail(ErrorCode::storage, fmt::format("{} is gone again", path));
  }
  auto connected = connect(*file);
  if (connected || connected.error().code != ErrorCode::corrupt) return connected;
  return replace(now, connected.error().message);
}

Result<void> AccountDb::Impl::connect(const FileId& id) {
  open.reset();
  const AccountFileOptions bounds{.wait_max = &options.wait_max, .pages_max = options.pages_max};
  VORTEX_TRY(auto handle, open_account_file(path, bounds));
  open = std::make_unique<Connection>(std::move(handle), id, path);
  ++opened;
  return {};
}

// The caller holds the lock alone.
Result<void> AccountDb::Impl::replace(TimePoint now, const std::string& why) {
  open.reset();
  VORTEX_TRY(const std::string aside, put_account_file_aside(path, now));
  note = fmt::format("{}; it lies at {} now, and what it counted is taken as used up", why, aside);
  VORTEX_TRY_VOID(make_account_file(path, now));
  VORTEX_TRY(const auto file, look_at_private_file(path));
  if (!file) return fail(ErrorCode::storage, fmt::format("{} is gone again", path));
  return connect(*file);
}

Result<bool> AccountDb::Impl::is_current() {
  if (!open) return false;
  VORTEX_TRY(const auto file, look_at_private_file(path));
  return file && *file == open->file;
}

Result<AccountDb::Impl::Remembered*> AccountDb::Impl::look_up(const std::string& account) {
  auto& accounts = open->accounts;
  auto known = accounts.find(account);
  if (known == accounts.end()) {
    open->find.bind(1, std::string_view(account));
    VORTEX_TRY(const bool found, open->find.step());
    if (accounts.size() >= kRememberedMax) accounts.clear();
    known = accounts.try_emplace(account).first;
    if (!found) return &known->second;
    known->second.id = open->find.whole(0);
    open->find.reset();
  }
  Remembered& mine = known->second;
  if (mine.id == 0) {  // was not there when last looked for
    open->find.bind(1, std::string_view(account));
    VORTEX_TRY(const bool found, open->find.step());
    if (!found) return &mine;
    mine.id = open->find.whole(0);
    open->find.reset();
  }
  open->version.bind(1, mine.id);
  VORTEX_TRY(const bool there, open->version.step());
  const std::int64_t version = there ? open->version.whole(0) : 0;
  open->version.reset();
  if (version == mine.version) return &mine;
  open->text.bind(1, mine.id);
  VORTEX_TRY(const bool read, open->text.step());
  mine.text = read ? std::string(open->text.text(0)) : std::string();
  open->text.reset();
  mine.version = version;
  return &mine;
}

Result<void> AccountDb::Impl::store(const std::string& account, Remembered& known,
                                    const std::string& text) {
  if (known.version == 0) {
    open->insert.bind(1, std::string_view(account));
    open->insert.bind(2, std::string_view(text));
    VORTEX_TRY([[maybe_unused]] const bool row, open->insert.step());
    known.id = open->insert.whole(0);
    open->insert.reset();
  } else {
    open->update.bind(1, known.version + 1);
    open->update.bind(2, std::string_view(text));
    open->update.bind(3, known.id);
    VORTEX_TRY([[maybe_unused]] const bool row, open->update.step());
  }
  ++known.version;
  known.text = text;
  return {};
}

Result<void> AccountDb::Impl::write_log(const Remembered& known, const Change& change,
                                        TimePoint now) {
  if (change.lease) {
    const LeaseRow& row = *change.lease;
    open->log.bind(1, known.id);
    open->log.bind(2, static_cast<std::int64_t>(row.id));
    open->log.bind(3, row.issued.time_since_epoch().count());
    open->log.bind(4, ticks(row.calendar));
    open->log.bind(5, row.permits);
    open->log.bind(6, std::string_view(row.holder));
    VORTEX_TRY([[maybe_unused]] const bool inserted, open->log.step());
    // By the number that all processes share: one may not live long enough to count that far.
    if (row.id % kPruneEvery == 0) VORTEX_TRY_VOID(prune(now, options.log_rows_max));
  }
  if (change.returned) {
    open->count_return.bind(1, change.returned->permits);
    open->count_return.bind(2, known.id);
    open->count_return.bind(3, static_cast<std::int64_t>(change.returned->id));
    VORTEX_TRY([[maybe_unused]] const bool updated, open->count_return.step());
  }
  return {};
}

// Of all accounts: those that are no longer used have nobody else to do it.
Result<void> AccountDb::Impl::prune(TimePoint now, std::int64_t rows_max) {
  SqliteStatement all(open->db.get(), path, "SELECT id FROM accounts");
  std::vector<std::int64_t> ids;
  while (true) {
    VORTEX_TRY(const bool found, all.step());
    if (!found) break;
    ids.push_back(all.whole(0));
  }
  // Ids follow one another in time: the rows from the oldest on that are all too old go.
  SqliteStatement old(
      open->db.get(), path,
      "WITH ends(oldest, newest) AS (SELECT (SELECT min(id) FROM leases WHERE account = ?1),"
      " (SELECT max(id) FROM leases WHERE account = ?1)) "
      "DELETE FROM leases WHERE account = ?1 AND id < (SELECT min(oldest + ?4, max(newest - ?3 + 1,"
      " ifnull((SELECT min(id) FROM leases WHERE account = ?1 AND id < oldest + ?4"
      " AND calendar_us >= ?2), oldest + ?4))) FROM ends)");
  for (const std::int64_t id : ids) {
    old.bind(1, id);
    old.bind(2, ticks(now - options.log_kept));
    old.bind(3, rows_max);
    old.bind(4, kPrunedMax);
    VORTEX_TRY([[maybe_unused]] const bool row, old.step());
  }
  return {};
}

// The oldest rows of each account go, whatever their age.
Result<void> AccountDb::Impl::make_room(TimePoint now) {
  SqliteTransaction transaction(open->db.get(), path);
  VORTEX_TRY_VOID(transaction.begin());
  VORTEX_TRY_VOID(prune(now, 1));
  VORTEX_TRY_VOID(transaction.commit());
  note = fmt::format("{} is full; the oldest leases are no longer in its log", path);
  return {};
}

Result<std::optional<TimePoint>> AccountDb::Impl::damage() {
  VORTEX_TRY(const bool found, open->damaged.step());
  if (!found) return std::nullopt;
  const TimePoint at{Duration{open->damaged.whole(0)}};
  open->damaged.reset();
  return at;
}

// The caller holds the lock with others.
Result<std::int64_t> AccountDb::Impl::attempt(const std::string& account, bool durable,
                                              TimePoint now, const Step& step) {
  if (open->durable != durable) {
    const char* mode = durable ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL";
    VORTEX_TRY_VOID(run_sql(open->db.get(), path, mode));
    open->durable = durable;
  }
  SqliteTransaction transaction(open->db.get(), path);
  VORTEX_TRY_VOID(transaction.begin());
  VORTEX_TRY(Remembered * known, look_up(account));
  Stored stored{.file = opened, .version = known->version, .text = known->text};
  if (known->version == 0) {
    VORTEX_TRY(stored.damaged_at, damage());
  }
  VORTEX_TRY(Change change, step(stored));
  if (!change.text) return known->version;
  VORTEX_TRY_VOID(store(account, *known, *change.text));
  VORTEX_TRY_VOID(write_log(*known, change, now));
  VORTEX_TRY_VOID(transaction.commit());
  return known->version;
}

// A full file has its log to give up: what is remembered of the accounts is worth more. A disk that
// is full takes no shorter log either, and the first error says so best.
Result<std::int64_t> AccountDb::Impl::attempt_with_room(const std::string& account, bool durable,
                                                        TimePoint now, const Step& step) {
  auto version = attempt(account, durable, now, step);
  if (version || version.error().code != ErrorCode::disk_full) return version;
  open->accounts.clear();  // what they hold was rolled back
  if (!make_room(now)) return version;
  return attempt(account, durable, now, step);
}

AccountDb::AccountDb(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
AccountDb::AccountDb(AccountDb&&) noexcept = default;
AccountDb& AccountDb::operator=(AccountDb&&) noexcept = default;
AccountDb::~AccountDb() = default;

Result<AccountDb> AccountDb::open(const std::string& directory, TimePoint now,
                                  const Options& options) {
  VORTEX_TRY_VOID(prepare_private_directory(directory));
  const std::string path = directory + "/quota.db";
  VORTEX_TRY(auto lock, LockFile::open(path + ".lock", options.wait_max));
  auto impl = std::make_unique<Impl>(path, std::move(lock), options);
  {
    // Where all is well, others need not stop for it.
    VORTEX_TRY(const auto hold, impl->lock.hold_shared());
    VORTEX_TRY(const auto file, look_at_private_file(path));
    if (file) {
      auto connected = impl->connect(*file);
      if (connected) return AccountDb(std::move(impl));
      if (connected.error().code != ErrorCode::corrupt) {
        return std::unexpected(std::move(connected).error());
      }
    }
  }
  VORTEX_TRY(const auto hold, impl->lock.hold_alone());
  VORTEX_TRY_VOID(impl->open_or_make(now));
  return AccountDb(std::move(impl));
}

Result<std::int64_t> AccountDb::transact(const std::string& account, bool durable, TimePoint now,
                                         const Step& step) {
  for (int attempt = 1;; ++attempt) {
    std::optional<Error> trouble;
    const bool was_open = impl_->open != nullptr;
    bool current = false;
    {
      VORTEX_TRY(const auto hold, impl_->lock.hold_shared());
      VORTEX_TRY(current, impl_->is_current());
      if (current) {
        auto version = impl_->attempt_with_room(account, durable, now, step);
        if (version) return version;
        impl_->open->accounts.clear();  // what they hold may have been rolled back
        trouble = std::move(version).error();
      }
    }
    const bool unsound = trouble && trouble->code == ErrorCode::corrupt;
    if ((trouble && !unsound) || attempt >= kAttemptsMax) {
      if (trouble) return std::unexpected(std::move(*trouble));
      return fail(ErrorCode::storage, fmt::format("{} is replaced again and again", impl_->path));
    }
    VORTEX_TRY(const auto hold, impl_->lock.hold_alone());
    VORTEX_TRY(const bool still_ours, impl_->is_current());
    VORTEX_TRY(const auto file, look_at_private_file(impl_->path));
    if (unsound && still_ours) {
      VORTEX_TRY_VOID(impl_->replace(now, trouble->message));
    } else if (!file && was_open) {
      VORTEX_TRY_VOID(impl_->replace(now, fmt::format("{} was removed", impl_->path)));
    } else {
      VORTEX_TRY_VOID(impl_->open_or_make(now));
    }
  }
}

std::string AccountDb::take_note() {
  return std::exchange(impl_->note, {});
}

}  // namespace vortex
