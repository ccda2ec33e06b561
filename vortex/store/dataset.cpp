#include "vortex/store/dataset.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <fmt/core.h>

#include "vortex/base/log.hpp"
#include "vortex/store/coverage.hpp"
#include "vortex/store/dataset_impl.hpp"
#include "vortex/store/file_system.hpp"
#include "vortex/store/parquet_file.hpp"
#include "vortex/store/place_check.hpp"
#include "vortex/store/table_schema.hpp"

namespace vortex {
namespace {

constexpr const char* kStateFile = "state.db";
constexpr const char* kPlaceNote = "state.db.place";

// The folders a planted link could lead away.
constexpr std::array kGuardedFolders = {
    "bars",      "bars/_delta_log", "captures",          "raw",
    "revisions", "quarantine",      "corporate_actions", "instruments"};

// Rows of one series while state.db is made again.
struct SeriesScan {
  std::vector<std::int64_t> stamps;  // pruned to the newest now and then
  std::int64_t rows = 0;
  std::int64_t first = INT64_MAX;

  void add(std::int64_t stamp) {
    ++rows;
    first = std::min(first, stamp);
    stamps.push_back(stamp);
    if (stamps.size() >= 4 * kLastBarsMax) prune();
  }
  void prune() {
    std::ranges::sort(stamps);
    if (stamps.size() > kLastBarsMax) {
      stamps.erase(stamps.begin(), stamps.end() - kLastBarsMax);
    }
  }
};

using Scans = std::map<SeriesKey, SeriesScan>;

Result<void> scan_bars_file(FileSystem& files, const AddFile& add, Scans& scans) {
  const auto value = [&](const char* name) -> std::string {
    const auto it = add.partition_values.find(name);
    return it == add.partition_values.end() || !it->second ? std::string() : *it->second;
  };
  SeriesKey key{.provider = value("provider")};
  VORTEX_TRY(key.interval, parse_interval(value("interval")));
  VORTEX_TRY(const auto file,
             ParquetTableFile::open(files, std::string(bars_table().name) + "/" + add.path));
  for (const auto& group : file.row_groups({})) {
    VORTEX_TRY(const auto table, file.read({group}, {"timestamp", "symbol"}));
    arrow::TableBatchReader reader(*table);
    std::shared_ptr<arrow::RecordBatch> rows;
    while (reader.ReadNext(&rows).ok() && rows) {
      const ColumnReader stamps(*rows, "timestamp");
      const ColumnReader symbols(*rows, "symbol");
      SeriesScan* scan = nullptr;
      std::string_view last;
      for (std::int64_t row = 0; row < rows->num_rows(); ++row) {
        const std::string_view symbol = symbols.text(row);
        if (scan == nullptr || symbol != last) {
          key.symbol = symbol;
          scan = &scans[key];
          last = symbol;
        }
        if (const auto stamp = stamps.moment(row)) scan->add(stamp->time_since_epoch().count());
      }
    }
  }
  return {};
}

SeriesState to_state(const SeriesKey& key, SeriesScan& scan) {
  SeriesState state;
  state.key = key;
  state.rows = scan.rows;
  scan.prune();
  for (const std::int64_t stamp : scan.stamps) {
    state.last_bars.emplace_back(Duration{stamp});
  }
  if (scan.rows > 0) state.first_bar = TimePoint{Duration{scan.first}};
  return state;
}

// Where no capture tells what was asked, what lies between the first and last bar counts as asked.
void cover_by_bars(SeriesState& state) {
  const bool told = std::ranges::any_of(
      state.coverage, [](const CoverageMark& mark) { return mark.state == CoverageState::have; });
  if (told || !state.first_bar || state.last_bars.empty()) return;
  const TimePoint end = state.last_bars.back() + nominal_length(state.key.interval);
  add_mark(state.coverage,
           {.range = {*state.first_bar, end}, .state = CoverageState::have, .reason = {}});
}

Result<void> check_folders(const std::string& path) {
  VORTEX_TRY_VOID(check_store_path(path));
  for (const char* folder : kGuardedFolders) {
    VORTEX_TRY_VOID(check_store_path(path + "/" + folder));
  }
  return {};
}

}  // namespace

Dataset::Impl::Impl(std::unique_ptr<FileSystem> file_system, std::string where,
                    const Clock& the_clock, Random the_random)
    : path(std::move(where)),
      clock(the_clock),
      files(std::move(file_system)),
      random(the_random),
      bars(*files, std::string(bars_table().name)),
      captures(*files, captures_table()),
      revisions(*files, revisions_table()),
      quarantine(*files, quarantine_table()),
      actions(*files, corporate_actions_table()),
      instruments(*files, instruments_table()) {}

// Bars without their log are no new dataset: a table begun here would hide them.
Result<void> Dataset::Impl::check_log_not_lost() {
  VORTEX_TRY(const auto names, files->list(bars.directory()));
  for (const std::string& name : names) {
    if (name == "_delta_log") continue;
    return fail(ErrorCode::corrupt, fmt::format("table {}: it holds {} but its log is gone",
                                                bars.directory(), untrusted(name)));
  }
  for (SideTable* side : {&captures, &revisions, &quarantine, &actions, &instruments}) {
    VORTEX_TRY_VOID(side->refresh());
    if (!side->log().loaded()) continue;
    return fail(ErrorCode::corrupt, fmt::format("table {} is gone while {} is there",
                                                bars.directory(), side->log().directory()));
  }
  return {};
}

Result<void> Dataset::Impl::check_place() {
  if (place_checked) return {};
  VORTEX_TRY_VOID(check_place_once(*files, log_folder(bars.directory()), kPlaceNote, random));
  place_checked = true;
  return {};
}

Result<void> Dataset::Impl::open_bars(bool create) {
  VORTEX_TRY(const bool there, bars.load());
  if (!there) {
    VORTEX_TRY_VOID(check_log_not_lost());
    if (!create) {
      return fail(ErrorCode::not_a_dataset, fmt::format("{} holds no dataset", path));
    }
    VORTEX_TRY(const auto names, files->list(""));
    const auto foreign = std::ranges::find_if_not(names, is_dataset_entry);
    if (foreign != names.end()) {
      return fail(
          ErrorCode::not_a_dataset,
          fmt::format("{} is not empty and no dataset: it holds {}", path, untrusted(*foreign)));
    }
    VORTEX_TRY_VOID(files->make_directories(log_folder(bars.directory())));
    VORTEX_TRY_VOID(check_place());
    const TimePoint now = clock.now();
    CommitActions actions_of_birth;
    actions_of_birth.note =
        CommitNote{.operation = "CREATE TABLE", .engine = "Vortex/" VORTEX_VERSION};
    describe_table(actions_of_birth, bars_table(), random, now);
    auto made = bars.commit(std::move(actions_of_birth), now);
    if (!made && made.error().code != ErrorCode::commit_conflict) return made;
    if (!made) {
      VORTEX_TRY([[maybe_unused]] const bool other, bars.load());
    }
  }
  return check_table_schema(bars.snapshot().metadata, bars_table());
}

Result<StateDb*> Dataset::Impl::state() {
  const std::string file = files->native_path(kStateFile);
  if (!state_db && file.empty()) {
    VORTEX_TRY(state_db, StateDb::open_in_memory());
  } else if (!state_db) {
    auto opened = StateDb::open(file);
    if (!opened && opened.error().code == ErrorCode::corrupt) {
      log::warning("{}: thrown away: {}", file, opened.error().message);
      for (const char* suffix : {"", "-wal", "-shm"}) {
        auto removed = files->remove(std::string(kStateFile) + suffix);
        if (!removed && removed.error().code != ErrorCode::not_found) {
          return std::unexpected(std::move(removed).error());
        }
      }
      VORTEX_TRY(state_db, StateDb::open(file));
      VORTEX_TRY_VOID(rebuild_state("it was damaged"));
    } else if (!opened) {
      // A disk that is full or read-only: the tables say enough for reading.
      log::debug("{}: {}; coverage is read from the tables", file, opened.error().message);
      VORTEX_TRY(state_db, StateDb::open_in_memory());
    } else {
      state_db = *std::move(opened);
    }
  }
  VORTEX_TRY_VOID(follow_rearranged(bars.version()));
  VORTEX_TRY(const std::int64_t stored, state_db->bars_version());
  if (stored > bars.version()) {
    VORTEX_TRY([[maybe_unused]] const bool news, bars.refresh());
  }
  if (stored == bars.version()) return &*state_db;
  if (stored < 0 && bars.snapshot().files.empty()) {
    VORTEX_TRY_VOID(state_db->replace({}, bars.version(), ""));
  } else if (stored < 0) {
    VORTEX_TRY_VOID(rebuild_state("it was missing"));
  } else if (stored != bars.version()) {
    VORTEX_TRY_VOID(
        rebuild_state(fmt::format("it stood for version {} of {}", stored, bars.version())));
  }
  return &*state_db;
}

// Versions that only moved rows to other files change nothing that state.db says.
Result<void> Dataset::Impl::follow_rearranged(std::int64_t version_max) {
  VORTEX_TRY(std::int64_t stored, state_db->bars_version());
  while (stored >= 0 && stored < version_max) {
    VORTEX_TRY(const auto note, bars.note_of(stored + 1));
    if (!note || !note->rearranges) return {};
    VORTEX_TRY(const bool applied, state_db->apply({}, ++stored));
    if (!applied) return {};
  }
  return {};
}

Result<std::vector<SeriesState>> Dataset::Impl::states_from_tables() {
  Scans scans;
  for (const auto& [file, add] : bars.snapshot().files) {
    VORTEX_TRY_VOID(scan_bars_file(*files, *add, scans));
  }
  std::map<SeriesKey, std::vector<CoverageMark>> marks;
  VORTEX_TRY_VOID(captures.refresh());
  VORTEX_TRY_VOID(captures.scan(
      counting(bars.version()), "",
      [&](const arrow::RecordBatch& rows, const std::vector<std::int64_t>& kept) {
        const ColumnReader providers(rows, "provider");
        const ColumnReader symbols(rows, "symbol");
        const ColumnReader intervals(rows, "interval");
        const ColumnReader coverage(rows, "coverage");
        for (const std::int64_t row : kept) {
          if (coverage.is_null(row)) continue;
          const auto interval = parse_interval(intervals.text(row));
          const auto parsed = parse_marks(coverage.text(row));
          if (!interval || !parsed) continue;  // a row we cannot read teaches nothing
          auto& list =
              marks[{std::string(providers.text(row)), std::string(symbols.text(row)), *interval}];
          for (const CoverageMark& mark : *parsed) add_mark(list, mark);
        }
      }));
  for (const auto& [key, list] : marks) scans.try_emplace(key);
  std::vector<SeriesState> states;
  states.reserve(scans.size());
  for (auto& [key, scan] : scans) {
    SeriesState& state = states.emplace_back(to_state(key, scan));
    if (const auto it = marks.find(key); it != marks.end()) state.coverage = it->second;
    cover_by_bars(state);
  }
  return states;
}

Result<void> Dataset::Impl::rebuild_state(const std::string& why) {
  VORTEX_TRY(const auto states, states_from_tables());
  const std::string note = fmt::format(
      "state.db was rebuilt from the tables on {}: {}; failed ranges and what was learnt without a "
      "kept capture are asked again",
      format_time(clock.now()), why);
  log::info("{}: {}", path, note);
  return state_db->replace(states, bars.version(), note);
}

Dataset::Dataset(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Dataset::Dataset(Dataset&&) noexcept = default;
Dataset& Dataset::operator=(Dataset&&) noexcept = default;
Dataset::~Dataset() = default;

Result<Dataset> Dataset::open(const std::string& path, const Clock& clock) {
  VORTEX_TRY_VOID(check_folders(path));
  auto impl =
      std::make_unique<Impl>(open_posix_file_system(path), path, clock, Random::from_system());
  VORTEX_TRY_VOID(impl->open_bars(/*create=*/false));
  return Dataset(std::move(impl));
}

Result<Dataset> Dataset::open_or_create(const std::string& path, const Clock& clock) {
  VORTEX_TRY_VOID(check_folders(path));
  return open_on(open_posix_file_system(path), path, clock, Random::from_system());
}

Result<Dataset> Dataset::open_on(std::unique_ptr<FileSystem> files, const std::string& path,
                                 const Clock& clock, Random random) {
  auto impl = std::make_unique<Impl>(std::move(files), path, clock, random);
  VORTEX_TRY_VOID(impl->open_bars(/*create=*/true));
  return Dataset(std::move(impl));
}

const std::string& Dataset::id() const {
  return impl_->bars.snapshot().metadata.id;
}
const std::string& Dataset::path() const {
  return impl_->path;
}
std::int64_t Dataset::version() const {
  return impl_->bars.version();
}

Result<void> Dataset::refresh() {
  VORTEX_TRY([[maybe_unused]] const bool news, impl_->bars.refresh());
  return {};
}

Result<void> Dataset::make_durable() {
  return impl_->make_durable(/*bars_too=*/true);
}

Result<std::vector<SeriesState>> Dataset::states(const std::vector<SeriesKey>& keys) {
  VORTEX_TRY(StateDb* const state, impl_->state());
  return state->states(keys);
}

Result<std::vector<SeriesState>> Dataset::all_states() {
  VORTEX_TRY(StateDb* const state, impl_->state());
  return state->all_states();
}

Result<CommitReceipt> Dataset::commit(std::vector<SeriesBatch> batch) {
  return impl_->commit(std::move(batch));
}

}  // namespace vortex
