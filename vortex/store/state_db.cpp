#include "vortex/store/state_db.hpp"

#include <algorithm>
#include <utility>

#include <fmt/core.h>
#include <sqlite3.h>

#include "vortex/store/coverage.hpp"
#include "vortex/store/sqlite_handle.hpp"
#include "vortex/store/state_codec.hpp"

namespace vortex {
namespace {

constexpr int kLayout = 1;  // of the tables below; another number: thrown away and rebuilt
constexpr int kBusyTimeoutMs = 5000;  // another process' transaction takes milliseconds

constexpr const char* kCreate = R"(
CREATE TABLE IF NOT EXISTS meta(name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS series(provider TEXT, symbol TEXT, interval TEXT, rows INTEGER,
  first_bar INTEGER, last_bars BLOB, coverage TEXT, PRIMARY KEY(provider, symbol, interval))
  WITHOUT ROWID;
)";

std::int64_t ticks(TimePoint time) {
  return time.time_since_epoch().count();
}

// A prepared statement; bound by position from 1, read by position from 0.
class Statement {
 public:
  Statement(sqlite3* db, const char* sql) : db_(db) {
    sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement_, nullptr);
  }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement() { sqlite3_finalize(statement_); }

  // Texts and bytes must live until the step.
  void bind(int place, std::string_view text) {
    sqlite3_bind_text(statement_, place, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
  }
  void bind(int place, std::int64_t number) { sqlite3_bind_int64(statement_, place, number); }
  void bind_blob(int place, std::string_view bytes) {
    sqlite3_bind_blob(statement_, place, bytes.data(), static_cast<int>(bytes.size()),
                      SQLITE_STATIC);
  }
  void bind_null(int place) { sqlite3_bind_null(statement_, place); }

  // True: a row is there. The statement is ready for new values after the last row.
  Result<bool> step();
  void reset() { sqlite3_reset(statement_); }

  std::int64_t whole(int column) { return sqlite3_column_int64(statement_, column); }
  bool is_null(int column) { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
  std::string_view bytes(int column) {
    const void* data = sqlite3_column_blob(statement_, column);
    return {static_cast<const char*>(data == nullptr ? "" : data),
            static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
  }

 private:
  sqlite3* db_;
  sqlite3_stmt* statement_ = nullptr;
};

Error sqlite_error(sqlite3* db) {
  const int code = sqlite3_errcode(db) & 0xff;
  ErrorCode ours = ErrorCode::storage;
  if (code == SQLITE_FULL) ours = ErrorCode::disk_full;
  if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB) ours = ErrorCode::corrupt;
  return Error{.code = ours, .message = fmt::format("state.db: {}", sqlite3_errmsg(db))};
}

Result<bool> Statement::step() {
  const int code = statement_ == nullptr ? SQLITE_ERROR : sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) {
    auto error = sqlite_error(db_);
    sqlite3_reset(statement_);
    return std::unexpected(std::move(error));
  }
  sqlite3_reset(statement_);
  return false;
}

Result<void> run(sqlite3* db, const char* sql) {
  if (sqlite3_exec(db, sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
    return std::unexpected(sqlite_error(db));
  }
  return {};
}

// Rolled back unless committed.
class Transaction {
 public:
  explicit Transaction(sqlite3* db) : db_(db) {}
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction() {
    if (open_) sqlite3_exec(db_, "ROLLBACK", nullptr, nullptr, nullptr);
  }
  Result<void> begin() {
    VORTEX_TRY_VOID(run(db_, "BEGIN IMMEDIATE"));
    open_ = true;
    return {};
  }
  Result<void> commit() {
    VORTEX_TRY_VOID(run(db_, "COMMIT"));
    open_ = false;
    return {};
  }

 private:
  sqlite3* db_;
  bool open_ = false;
};

Result<SeriesState> read_state(Statement& row, int first, SeriesKey key, StateCodec& codec) {
  SeriesState state;
  state.key = std::move(key);
  state.rows = row.whole(first);
  if (!row.is_null(first + 1)) state.first_bar = TimePoint{Duration{row.whole(first + 1)}};
  state.last_bars = codec.stamps_of(row.bytes(first + 2));
  VORTEX_TRY(state.coverage, codec.marks_of(row.bytes(first + 3)));
  return state;
}

}  // namespace

struct StateDb::Impl {
  explicit Impl(sqlite3* handle) : db(handle) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    select.reset();
    insert.reset();
    update.reset();
    sqlite3_close(db);
  }

  Result<void> prepare() {
    select = std::make_unique<Statement>(db,
                                         "SELECT rows, first_bar, last_bars, coverage FROM series "
                                         "WHERE provider = ? AND symbol = ? AND interval = ?");
    insert = std::make_unique<Statement>(db, "INSERT INTO series VALUES (?, ?, ?, ?, ?, ?, ?)");
    update = std::make_unique<Statement>(
        db,
        "UPDATE series SET rows = ?4, first_bar = ?5, last_bars = ?6, coverage = ?7 "
        "WHERE provider = ?1 AND symbol = ?2 AND interval = ?3");
    return {};
  }
  Result<std::int64_t> meta_whole(const char* name, std::int64_t otherwise);
  Result<void> set_meta(const char* name, std::int64_t value);
  Result<std::optional<SeriesState>> read(const SeriesKey& key);
  Result<void> write(Statement& statement, const SeriesState& state);
  Result<void> merge(const std::vector<SeriesChange>& changes, bool with_rows);

  sqlite3* db;
  std::unique_ptr<Statement> select;
  std::unique_ptr<Statement> insert;
  std::unique_ptr<Statement> update;
  StateCodec codec;
};

Result<std::int64_t> StateDb::Impl::meta_whole(const char* name, std::int64_t otherwise) {
  Statement query(db, "SELECT value FROM meta WHERE name = ?");
  query.bind(1, std::string_view(name));
  VORTEX_TRY(const bool found, query.step());
  return found ? query.whole(0) : otherwise;
}

Result<void> StateDb::Impl::set_meta(const char* name, std::int64_t value) {
  Statement query(db, "REPLACE INTO meta VALUES (?, ?)");
  query.bind(1, std::string_view(name));
  query.bind(2, value);
  VORTEX_TRY([[maybe_unused]] const bool row, query.step());
  return {};
}

Result<std::optional<SeriesState>> StateDb::Impl::read(const SeriesKey& key) {
  select->bind(1, key.provider);
  select->bind(2, key.symbol);
  select->bind(3, to_string(key.interval));
  VORTEX_TRY(const bool found, select->step());
  if (!found) return std::nullopt;
  auto state = read_state(*select, 0, key, codec);
  select->reset();
  return state;
}

Result<void> StateDb::Impl::write(Statement& statement, const SeriesState& state) {
  statement.bind(1, state.key.provider);
  statement.bind(2, state.key.symbol);
  statement.bind(3, to_string(state.key.interval));
  statement.bind(4, state.rows);
  if (state.first_bar) {
    statement.bind(5, ticks(*state.first_bar));
  } else {
    statement.bind_null(5);
  }
  statement.bind_blob(6, codec.bytes_of(state.last_bars));
  statement.bind(7, std::string_view(codec.text_of(state.coverage)));
  VORTEX_TRY([[maybe_unused]] const bool row, statement.step());
  return {};
}

Result<void> StateDb::Impl::merge(const std::vector<SeriesChange>& changes, bool with_rows) {
  for (const SeriesChange& change : changes) {
    VORTEX_TRY(auto found, read(change.key));
    SeriesState state = found ? *std::move(found) : SeriesState{.key = change.key};
    const bool grows = with_rows && change.rows_new > 0;
    const auto before = grows ? std::vector<CoverageMark>() : state.coverage;
    merge_change(state, change, with_rows);
    if (!grows && state.coverage == before) continue;
    VORTEX_TRY_VOID(write(found ? *update : *insert, state));
  }
  return {};
}

StateDb::StateDb(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
StateDb::StateDb(StateDb&&) noexcept = default;
StateDb& StateDb::operator=(StateDb&&) noexcept = default;
StateDb::~StateDb() = default;

Result<StateDb> StateDb::open(const std::string& path) {
  VORTEX_TRY_VOID(make_private_database(path));
  return open_database(path);
}

Result<StateDb> StateDb::open_in_memory() {
  return open_database(":memory:");
}

Result<StateDb> StateDb::open_database(const std::string& name) {
  sqlite3* handle = nullptr;
  const int flags =
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW;
  const int opened = sqlite3_open_v2(name.c_str(), &handle, flags, nullptr);
  auto impl = std::make_unique<Impl>(handle);
  if (opened != SQLITE_OK) return std::unexpected(sqlite_error(handle));
  sqlite3_busy_timeout(handle, kBusyTimeoutMs);
  VORTEX_TRY_VOID(run(handle, "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"));
  VORTEX_TRY_VOID(run(handle, kCreate));
  VORTEX_TRY(const std::int64_t layout, impl->meta_whole("layout", 0));
  if (layout == 0) VORTEX_TRY_VOID(impl->set_meta("layout", kLayout));
  if (layout != 0 && layout != kLayout) {
    return fail(ErrorCode::corrupt, fmt::format("state.db has layout {}", layout));
  }
  // Where the file was cut SQLite reads zeros, and takes them for rows.
  Statement check(handle, "PRAGMA quick_check(1)");
  VORTEX_TRY(const bool checked, check.step());
  if (!checked || check.bytes(0) != "ok") {
    return fail(ErrorCode::corrupt, "state.db: its pages do not fit together");
  }
  check.reset();
  VORTEX_TRY_VOID(impl->prepare());
  return StateDb(std::move(impl));
}

Result<std::int64_t> StateDb::bars_version() {
  return impl_->meta_whole("bars_version", -1);
}

Result<std::string> StateDb::note() {
  Statement query(impl_->db, "SELECT value FROM meta WHERE name = 'rebuilt'");
  VORTEX_TRY(const bool found, query.step());
  return found ? std::string(query.bytes(0)) : std::string();
}

Result<std::vector<SeriesState>> StateDb::states(const std::vector<SeriesKey>& keys) {
  std::vector<SeriesState> out;
  out.reserve(keys.size());
  for (const SeriesKey& key : keys) {
    VORTEX_TRY(auto state, impl_->read(key));
    out.push_back(state ? *std::move(state) : SeriesState{.key = key});
  }
  return out;
}

Result<std::vector<SeriesState>> StateDb::all_states() {
  Statement query(impl_->db,
                  "SELECT provider, symbol, interval, rows, first_bar, last_bars, coverage "
                  "FROM series ORDER BY provider, symbol, interval");
  std::vector<SeriesState> out;
  while (true) {
    VORTEX_TRY(const bool found, query.step());
    if (!found) return out;
    SeriesKey key{.provider = std::string(query.bytes(0)), .symbol = std::string(query.bytes(1))};
    VORTEX_TRY(key.interval, parse_interval(query.bytes(2)));
    VORTEX_TRY(auto state, read_state(query, 3, std::move(key), impl_->codec));
    out.push_back(std::move(state));
  }
}

Result<bool> StateDb::apply(const std::vector<SeriesChange>& changes, std::int64_t version) {
  Transaction transaction(impl_->db);
  VORTEX_TRY_VOID(transaction.begin());
  VORTEX_TRY(const std::int64_t stored, bars_version());
  if (stored < version - 1) return false;
  const bool next = stored == version - 1;
  VORTEX_TRY_VOID(impl_->merge(changes, next));
  if (next) VORTEX_TRY_VOID(impl_->set_meta("bars_version", version));
  VORTEX_TRY_VOID(transaction.commit());
  return true;
}

Result<void> StateDb::add_marks(const std::vector<SeriesChange>& changes) {
  Transaction transaction(impl_->db);
  VORTEX_TRY_VOID(transaction.begin());
  VORTEX_TRY_VOID(impl_->merge(changes, false));
  return transaction.commit();
}

Result<void> StateDb::replace(const std::vector<SeriesState>& states, std::int64_t version,
                              const std::string& note) {
  Transaction transaction(impl_->db);
  VORTEX_TRY_VOID(transaction.begin());
  VORTEX_TRY_VOID(run(impl_->db, "DELETE FROM series"));
  for (const SeriesState& state : states) {
    VORTEX_TRY_VOID(impl_->write(*impl_->insert, state));
  }
  VORTEX_TRY_VOID(impl_->set_meta("bars_version", version));
  Statement remember(impl_->db, "REPLACE INTO meta VALUES ('rebuilt', ?)");
  remember.bind(1, note);
  VORTEX_TRY([[maybe_unused]] const bool row, remember.step());
  return transaction.commit();
}

void merge_change(SeriesState& state, const SeriesChange& change, bool with_rows) {
  for (const CoverageMark& mark : change.marks) add_mark(state.coverage, mark);
  if (!with_rows || change.rows_new == 0) return;
  state.rows += change.rows_new;
  if (change.first_new && (!state.first_bar || *change.first_new < *state.first_bar)) {
    state.first_bar = change.first_new;
  }
  const bool behind = !change.stamps_new.empty() &&
                      (state.last_bars.empty() || state.last_bars.back() < change.stamps_new[0]);
  std::vector<TimePoint> merged;
  merged.reserve(state.last_bars.size() + change.stamps_new.size());
  if (behind) {
    merged = std::move(state.last_bars);
    merged.insert(merged.end(), change.stamps_new.begin(), change.stamps_new.end());
  } else {
    std::ranges::set_union(state.last_bars, change.stamps_new, std::back_inserter(merged));
  }
  if (merged.size() > StateDb::kLastBarsMax) {
    merged.erase(merged.begin(), merged.end() - StateDb::kLastBarsMax);
  }
  state.last_bars = std::move(merged);
}

}  // namespace vortex
