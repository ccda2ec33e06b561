#include "vortex/store/state_db.hpp"

#include <algorithm>
#include <utility>

#include <fmt/core.h>
#include <sqlite3.h>

#include "vortex/store/coverage.hpp"
#include "vortex/store/sqlite_handle.hpp"

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

// Stamps as differences of differences, each a zigzag varint: bars come at even steps, so most take
// one byte.
std::string pack_stamps(const std::vector<TimePoint>& stamps) {
  std::string out;
  std::uint64_t last = 0;
  std::uint64_t step = 0;
  for (const TimePoint stamp : stamps) {
    const auto now = static_cast<std::uint64_t>(ticks(stamp));
    const std::uint64_t bend = (now - last) - step;
    std::uint64_t zigzag = (bend << 1) ^ (0 - (bend >> 63));
    for (; zigzag >= 0x80; zigzag >>= 7) out += static_cast<char>((zigzag & 0x7f) | 0x80);
    out += static_cast<char>(zigzag);
    step = now - last;
    last = now;
  }
  return out;
}

std::vector<TimePoint> unpack_stamps(std::string_view bytes) {
  std::vector<TimePoint> out;
  std::uint64_t last = 0;
  std::uint64_t step = 0;
  std::uint64_t zigzag = 0;
  unsigned shift = 0;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (shift < 64) zigzag |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    shift += 7;
    if ((byte & 0x80) != 0) continue;
    step += (zigzag >> 1) ^ (0 - (zigzag & 1));
    last += step;
    out.emplace_back(Duration{static_cast<std::int64_t>(last)});
    zigzag = 0;
    shift = 0;
  }
  return out;
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

// Neighbours are mostly asked and stored on the same days, so what was decoded or encoded for one
// is right for the next.
template <class Value>
class LastCoded {
 public:
  const Value* decoded(std::string_view bytes) const {
    return known_ && bytes == bytes_ ? &value_ : nullptr;
  }
  const std::string* encoded(const Value& value) const {
    return known_ && value == value_ ? &bytes_ : nullptr;
  }
  void keep(const Value& value, std::string_view bytes) {
    value_ = value;
    bytes_ = bytes;
    known_ = true;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  Value value_;
  std::string bytes_;
  bool known_ = false;
};

using Stamps = std::vector<TimePoint>;
using Marks = std::vector<CoverageMark>;

class StateReader {
 public:
  Result<SeriesState> read(Statement& row, int first, SeriesKey key) {
    SeriesState state;
    state.key = std::move(key);
    state.rows = row.whole(first);
    if (!row.is_null(first + 1)) state.first_bar = TimePoint{Duration{row.whole(first + 1)}};
    const std::string_view stamps = row.bytes(first + 2);
    if (stamps_.decoded(stamps) == nullptr) stamps_.keep(unpack_stamps(stamps), stamps);
    state.last_bars = *stamps_.decoded(stamps);
    const std::string_view marks = row.bytes(first + 3);
    if (marks_.decoded(marks) == nullptr) {
      VORTEX_TRY(const auto parsed, parse_marks(marks));
      marks_.keep(parsed, marks);
    }
    state.coverage = *marks_.decoded(marks);
    return state;
  }

 private:
  LastCoded<Stamps> stamps_;
  LastCoded<Marks> marks_;
};

class StateWriter {
 public:
  // The texts live here until the next call.
  const std::string& stamps(const Stamps& stamps) {
    if (stamps_.encoded(stamps) == nullptr) stamps_.keep(stamps, pack_stamps(stamps));
    return stamps_.bytes();
  }
  const std::string& marks(const Marks& marks) {
    if (marks_.encoded(marks) == nullptr) marks_.keep(marks, write_marks(marks));
    return marks_.bytes();
  }

 private:
  LastCoded<Stamps> stamps_;
  LastCoded<Marks> marks_;
};

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
  StateReader reader;
  StateWriter writer;
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
  auto state = reader.read(*select, 0, key);
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
  statement.bind_blob(6, writer.stamps(state.last_bars));
  statement.bind(7, std::string_view(writer.marks(state.coverage)));
  VORTEX_TRY([[maybe_unused]] const bool row, statement.step());
  return {};
}

Result<void> StateDb::Impl::merge(const std::vector<SeriesChange>& changes, bool with_rows) {
  for (const SeriesChange& change : changes) {
    VORTEX_TRY(auto found, read(change.key));
    SeriesState state = found ? *std::move(found) : SeriesState{.key = change.key};
    const bool grows = with_rows && change.rows_new > 0;
    const Marks before = grows ? Marks() : state.coverage;
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
    VORTEX_TRY(auto state, impl_->reader.read(query, 3, std::move(key)));
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
