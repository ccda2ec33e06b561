#include "vortex/store/state_db.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/core.h>
#include <sqlite3.h>

#include "vortex/store/coverage.hpp"
#include "vortex/store/sqlite_handle.hpp"
#include "vortex/store/state_codec.hpp"

namespace vortex {
namespace {

constexpr std::string_view kName = "state.db";
constexpr int kLayout = 3;  // of the tables below; another number: thrown away and rebuilt
constexpr int kBusyTimeoutMs = 5000;  // another process' transaction takes milliseconds

constexpr const char* kCreate = R"(
CREATE TABLE IF NOT EXISTS meta(name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS series(provider TEXT, symbol TEXT, interval TEXT, rows INTEGER,
  first_bar INTEGER, last_bars BLOB, coverage TEXT, PRIMARY KEY(provider, symbol, interval))
  WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pending(id INTEGER PRIMARY KEY, with_rows INTEGER, changes BLOB);
)";

// From here on a commit's changes wait instead of being merged at once.
constexpr std::size_t kWaitFrom = 512;
// So many, or so many bytes of them, and they are merged: what one asker then pays is bounded.
constexpr std::int64_t kWaitingMax = 64;
constexpr std::int64_t kWaitingBytesMax = std::int64_t{32} << 20;

std::int64_t ticks(TimePoint time) {
  return time.time_since_epoch().count();
}

Result<SeriesState> read_state(SqliteStatement& row, int first, SeriesKey key, StateCodec& codec) {
  SeriesState state;
  state.key = std::move(key);
  state.rows = row.whole(first);
  if (!row.is_null(first + 1)) state.first_bar = TimePoint{Duration{row.whole(first + 1)}};
  state.last_bars = codec.stamps_of(row.text(first + 2));
  VORTEX_TRY(state.coverage, codec.marks_of(row.text(first + 3)));
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
    select =
        std::make_unique<SqliteStatement>(db, kName,
                                          "SELECT rows, first_bar, last_bars, coverage FROM series "
                                          "WHERE provider = ? AND symbol = ? AND interval = ?");
    insert = std::make_unique<SqliteStatement>(db, kName,
                                               "INSERT INTO series VALUES (?, ?, ?, ?, ?, ?, ?)");
    update = std::make_unique<SqliteStatement>(
        db, kName,
        "UPDATE series SET rows = ?4, first_bar = ?5, last_bars = ?6, coverage = ?7 "
        "WHERE provider = ?1 AND symbol = ?2 AND interval = ?3");
    return {};
  }
  Result<std::int64_t> meta_whole(const char* name, std::int64_t otherwise);
  Result<void> set_meta(const char* name, std::int64_t value);
  Result<std::optional<SeriesState>> read(const SeriesKey& key);
  Result<void> write(SqliteStatement& statement, const SeriesState& state);
  // Those of one series stand together, in the order they came.
  struct Step {
    const SeriesChange* change = nullptr;
    bool with_rows = false;
  };
  static bool is_before(const Step& a, const Step& b) { return a.change->key < b.change->key; }
  Result<void> merge(const std::vector<Step>& steps);
  Result<void> take_in(const std::vector<SeriesChange>& changes, bool with_rows);
  Result<void> merge_waiting();
  Result<void> merge_waiting_for_reader();

  sqlite3* db;
  std::unique_ptr<SqliteStatement> select;
  std::unique_ptr<SqliteStatement> insert;
  std::unique_ptr<SqliteStatement> update;
  StateCodec codec;
};

Result<std::int64_t> StateDb::Impl::meta_whole(const char* name, std::int64_t otherwise) {
  SqliteStatement query(db, kName, "SELECT value FROM meta WHERE name = ?");
  query.bind(1, std::string_view(name));
  VORTEX_TRY(const bool found, query.step());
  return found ? query.whole(0) : otherwise;
}

Result<void> StateDb::Impl::set_meta(const char* name, std::int64_t value) {
  SqliteStatement query(db, kName, "REPLACE INTO meta VALUES (?, ?)");
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

Result<void> StateDb::Impl::write(SqliteStatement& statement, const SeriesState& state) {
  statement.bind(1, state.key.provider);
  statement.bind(2, state.key.symbol);
  statement.bind(3, to_string(state.key.interval));
  statement.bind(4, state.rows);
  if (state.first_bar) {
    statement.bind(5, ticks(*state.first_bar));
  } else {
    statement.bind_null(5);
  }
  statement.bind(6, codec.bytes_of(state.last_bars));
  statement.bind(7, std::string_view(codec.text_of(state.coverage)));
  VORTEX_TRY([[maybe_unused]] const bool row, statement.step());
  return {};
}

Result<void> StateDb::Impl::merge(const std::vector<Step>& steps) {
  for (std::size_t begin = 0; begin < steps.size();) {
    const SeriesKey& key = steps[begin].change->key;
    VORTEX_TRY(auto found, read(key));
    SeriesState state = found ? *found : SeriesState{.key = key};
    std::size_t end = begin;
    for (; end < steps.size() && steps[end].change->key == key; ++end) {
      merge_change(state, *steps[end].change, steps[end].with_rows);
    }
    begin = end;
    const bool same = state.rows == (found ? found->rows : 0) &&
                      state.coverage == (found ? found->coverage : std::vector<CoverageMark>());
    if (!same) VORTEX_TRY_VOID(write(found ? *update : *insert, state));
  }
  return {};
}

// Inside a transaction, as the next two.
Result<void> StateDb::Impl::take_in(const std::vector<SeriesChange>& changes, bool with_rows) {
  SqliteStatement waiting(db, kName, "SELECT count(*), total(length(changes)) FROM pending");
  VORTEX_TRY([[maybe_unused]] const bool row, waiting.step());
  const std::int64_t count = waiting.whole(0);
  const std::int64_t bytes = waiting.whole(1);
  waiting.reset();
  if (changes.empty()) return {};
  if (count == 0 && changes.size() < kWaitFrom) {
    std::vector<Step> steps;
    steps.reserve(changes.size());
    for (const SeriesChange& change : changes) steps.push_back({&change, with_rows});
    return merge(steps);
  }
  const std::string packed = pack_changes(changes);
  SqliteStatement add(db, kName, "INSERT INTO pending(with_rows, changes) VALUES (?, ?)");
  add.bind(1, std::int64_t{with_rows});
  add.bind(2, std::string_view(packed));
  VORTEX_TRY([[maybe_unused]] const bool added, add.step());
  const bool full = count + 1 >= kWaitingMax ||
                    bytes + static_cast<std::int64_t>(packed.size()) > kWaitingBytesMax;
  return full ? merge_waiting() : Result<void>{};
}

Result<void> StateDb::Impl::merge_waiting() {
  std::vector<std::vector<SeriesChange>> commits;
  std::vector<Step> steps;
  SqliteStatement query(db, kName, "SELECT with_rows, changes FROM pending ORDER BY id");
  while (true) {
    VORTEX_TRY(const bool found, query.step());
    if (!found) break;
    const bool with_rows = query.whole(0) != 0;
    VORTEX_TRY(auto changes, unpack_changes(query.text(1)));
    std::vector<Step> own;
    own.reserve(changes.size());
    for (const SeriesChange& change : changes) own.push_back({&change, with_rows});
    commits.push_back(std::move(changes));  // keeps its elements where they are
    if (!std::ranges::is_sorted(own, is_before)) std::ranges::sort(own, is_before);
    std::vector<Step> both;
    both.reserve(steps.size() + own.size());
    std::ranges::merge(steps, own, std::back_inserter(both), is_before);  // of equals, steps first
    steps = std::move(both);
  }
  VORTEX_TRY_VOID(merge(steps));
  return run_sql(db, kName, "DELETE FROM pending");
}

Result<void> StateDb::Impl::merge_waiting_for_reader() {
  SqliteStatement query(db, kName, "SELECT 1 FROM pending LIMIT 1");
  VORTEX_TRY(const bool any, query.step());
  query.reset();
  if (!any) return {};
  SqliteTransaction transaction(db, kName);
  VORTEX_TRY_VOID(transaction.begin());
  VORTEX_TRY_VOID(merge_waiting());
  return transaction.commit();
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
  if (opened != SQLITE_OK) return std::unexpected(sqlite_error(handle, kName));
  sqlite3_busy_timeout(handle, kBusyTimeoutMs);
  VORTEX_TRY_VOID(run_sql(handle, kName, "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"));
  VORTEX_TRY_VOID(run_sql(handle, kName, kCreate));
  VORTEX_TRY(const std::int64_t layout, impl->meta_whole("layout", 0));
  if (layout == 0) VORTEX_TRY_VOID(impl->set_meta("layout", kLayout));
  if (layout != 0 && layout != kLayout) {
    return fail(ErrorCode::corrupt, fmt::format("state.db has layout {}", layout));
  }
  // Where the file was cut SQLite reads zeros, and takes them for rows.
  SqliteStatement check(handle, kName, "PRAGMA quick_check(1)");
  VORTEX_TRY(const bool checked, check.step());
  if (!checked || check.text(0) != "ok") {
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
  SqliteStatement query(impl_->db, kName, "SELECT value FROM meta WHERE name = 'rebuilt'");
  VORTEX_TRY(const bool found, query.step());
  return found ? std::string(query.text(0)) : std::string();
}

Result<std::vector<SeriesState>> StateDb::states(const std::vector<SeriesKey>& keys) {
  VORTEX_TRY_VOID(impl_->merge_waiting_for_reader());
  std::vector<SeriesState> out;
  out.reserve(keys.size());
  for (const SeriesKey& key : keys) {
    VORTEX_TRY(auto state, impl_->read(key));
    out.push_back(state ? *std::move(state) : SeriesState{.key = key});
  }
  return out;
}

Result<std::vector<SeriesState>> StateDb::all_states() {
  VORTEX_TRY_VOID(impl_->merge_waiting_for_reader());
  SqliteStatement query(impl_->db, kName,
                        "SELECT provider, symbol, interval, rows, first_bar, last_bars, coverage "
                        "FROM series ORDER BY provider, symbol, interval");
  std::vector<SeriesState> out;
  while (true) {
    VORTEX_TRY(const bool found, query.step());
    if (!found) return out;
    SeriesKey key{.provider = std::string(query.text(0)), .symbol = std::string(query.text(1))};
    VORTEX_TRY(key.interval, parse_interval(query.text(2)));
    VORTEX_TRY(auto state, read_state(query, 3, std::move(key), impl_->codec));
    out.push_back(std::move(state));
  }
}

Result<bool> StateDb::apply(const std::vector<SeriesChange>& changes, std::int64_t version) {
  SqliteTransaction transaction(impl_->db, kName);
  VORTEX_TRY_VOID(transaction.begin());
  VORTEX_TRY(const std::int64_t stored, bars_version());
  if (stored < version - 1) return false;
  const bool next = stored == version - 1;
  VORTEX_TRY_VOID(impl_->take_in(changes, next));
  if (next) VORTEX_TRY_VOID(impl_->set_meta("bars_version", version));
  VORTEX_TRY_VOID(transaction.commit());
  return true;
}

Result<void> StateDb::add_marks(const std::vector<SeriesChange>& changes) {
  SqliteTransaction transaction(impl_->db, kName);
  VORTEX_TRY_VOID(transaction.begin());
  VORTEX_TRY_VOID(impl_->take_in(changes, false));
  return transaction.commit();
}

Result<void> StateDb::replace(const std::vector<SeriesState>& states, std::int64_t version,
                              const std::string& note) {
  SqliteTransaction transaction(impl_->db, kName);
  VORTEX_TRY_VOID(transaction.begin());
  VORTEX_TRY_VOID(run_sql(impl_->db, kName, "DELETE FROM series; DELETE FROM pending"));
  for (const SeriesState& state : states) {
    VORTEX_TRY_VOID(impl_->write(*impl_->insert, state));
  }
  VORTEX_TRY_VOID(impl_->set_meta("bars_version", version));
  SqliteStatement remember(impl_->db, kName, "REPLACE INTO meta VALUES ('rebuilt', ?)");
  remember.bind(1, note);
  VORTEX_TRY([[maybe_unused]] const bool row, remember.step());
  return transaction.commit();
}

}  // namespace vortex
