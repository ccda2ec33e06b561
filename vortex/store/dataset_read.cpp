// Reading a dataset: bars as of a version on an asked basis, actions, instruments, the summary.

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <utility>

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <fmt/core.h>

#include "vortex/store/bars_files.hpp"
#include "vortex/store/dataset_impl.hpp"
#include "vortex/store/parquet_file.hpp"
#include "vortex/store/table_schema.hpp"

namespace vortex {
namespace {

TimePoint from_ms(std::int64_t ms) {
  return TimePoint{std::chrono::milliseconds{ms}};
}

// The files of a series that can hold rows of the range, earliest first.
std::vector<const AddFile*> files_of(const Snapshot& snapshot, const SeriesKey& key,
                                     TimeRange range) {
  const PartitionValues values = {{"provider", key.provider},
                                  {"interval", std::string(to_string(key.interval))}};
  std::vector<const AddFile*> out;
  for (const auto& [path, file] : snapshot.files) {
    const FileStatistics& stats = file->stats;
    const bool cannot = file->partition_values != values ||
                        (stats.symbol_min && key.symbol < *stats.symbol_min) ||
                        (stats.symbol_max && key.symbol > *stats.symbol_max) ||
                        (stats.timestamp_max && *stats.timestamp_max < range.start) ||
                        (stats.timestamp_min && *stats.timestamp_min >= range.end);
    if (!cannot) out.push_back(file.get());
  }
  std::ranges::sort(out, {}, [](const AddFile* file) {
    return file->stats.timestamp_min.value_or(TimePoint::min());
  });
  return out;
}

// Appends the rows of one symbol and range, in runs.
Result<void> append_matching(const arrow::RecordBatch& rows, std::string_view symbol,
                             TimeRange range, BarColumns& out) {
  const auto column = rows.GetColumnByName("symbol");
  const auto* coded = dynamic_cast<const arrow::DictionaryArray*>(column.get());
  const auto stamps_column = rows.GetColumnByName("timestamp");
  const auto* stamps = dynamic_cast<const arrow::TimestampArray*>(stamps_column.get());
  if (coded == nullptr || stamps == nullptr) {
    return fail(ErrorCode::corrupt, "a bars file has key columns of another type");
  }
  const auto& texts = static_cast<const arrow::StringArray&>(*coded->dictionary());
  std::int64_t wanted = -1;
  for (std::int64_t i = 0; i < texts.length(); ++i) {
    if (texts.GetView(i) == symbol) wanted = i;
  }
  if (wanted < 0) return {};
  const auto source = BarColumns::source_of(*rows.schema(), rows.columns());
  const auto matches = [&](std::int64_t row) {
    return coded->IsValid(row) && coded->GetValueIndex(row) == wanted &&
           range.holds(TimePoint{Duration{stamps->Value(row)}});
  };
  for (std::int64_t row = 0; row < rows.num_rows();) {
    std::int64_t end = row;
    while (end < rows.num_rows() && matches(end)) ++end;
    if (end > row) VORTEX_TRY_VOID(out.append(source, row, end - row));
    row = end + 1;
  }
  return {};
}

// The rows of one symbol and range in a data file. A file of another size than its commit says is
// not the one that was committed.
Result<void> append_file(FileSystem& files, const AddFile& add, const RowFilter& filter,
                         BarColumns& out) {
  const std::string path = std::string(bars_table().name) + "/" + add.path;
  VORTEX_TRY(const auto file, ParquetTableFile::open(files, path));
  VORTEX_TRY(const auto status, files.stat(path));
  if (status && status->size != static_cast<std::uint64_t>(add.size)) {
    return fail(ErrorCode::corrupt,
                fmt::format("{} has {} bytes; its commit says {}", path, status->size, add.size));
  }
  const TimeRange range{*filter.timestamp_min, *filter.timestamp_max};
  for (const auto& group : file.row_groups(filter)) {
    VORTEX_TRY(const auto table, file.read({group}, {}));
    arrow::TableBatchReader reader(*table);
    std::shared_ptr<arrow::RecordBatch> rows;
    while (reader.ReadNext(&rows).ok() && rows) {
      VORTEX_TRY_VOID(append_matching(*rows, *filter.symbol_min, range, out));
    }
  }
  return {};
}

BarColumns in_order(BarColumns rows) {
  if (std::ranges::is_sorted(rows.timestamp)) return rows;
  std::vector<std::size_t> order(rows.rows());
  // NOLINTNEXTLINE(modernize-use-ranges): libstdc++ 12 has no std::ranges::iota
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {},
                    [&](std::size_t row) { return std::pair(rows.timestamp[row], row); });
  BarColumns sorted;
  sorted.reserve(rows.rows());
  for (const std::size_t row : order) sorted.append_rows(rows, row, row + 1);
  return sorted;
}

BarColumns cut_to(const BarColumns& rows, TimeRange range) {
  const auto place = [&](TimePoint time) {
    return static_cast<std::size_t>(
        std::ranges::lower_bound(rows.timestamp, time.time_since_epoch().count()) -
        rows.timestamp.begin());
  };
  BarColumns out;
  out.append_rows(rows, place(range.start), std::max(place(range.start), place(range.end)));
  return out;
}

Result<ActionKind> parse_kind(std::string_view text) {
  for (const auto kind : {ActionKind::dividend, ActionKind::split, ActionKind::capital_gain}) {
    if (to_string(kind) == text) return kind;
  }
  return fail(ErrorCode::corrupt, "corporate_actions: unknown kind " + untrusted(text));
}

}  // namespace

Instrument instrument_at(const arrow::RecordBatch& rows, std::int64_t row) {
  const auto text = [&](const char* name) {
    return std::string(ColumnReader(rows, name).text(row));
  };
  Instrument one;
  one.provider = text("provider");
  one.symbol = text("symbol");
  one.name = text("name");
  one.exchange = text("exchange");
  one.mic = text("mic");
  one.zone = text("zone");
  one.currency = text("currency");
  one.type = text("type");
  one.price_magnifier = ColumnReader(rows, "price_magnifier").number(row);
  const ColumnReader tick(rows, "tick");
  if (!tick.is_null(row)) one.tick = tick.number(row);
  one.first_trade = ColumnReader(rows, "first_trade").moment(row);
  return one;
}

Result<Snapshot> Dataset::Impl::snapshot_for(const AsOf& as_of, TimePoint& moment) {
  moment = clock.now();
  if (const auto* time = std::get_if<TimePoint>(&as_of)) {
    VORTEX_TRY(const std::int64_t version, bars.version_at(*time));
    moment = *time;
    return bars.snapshot_at(version);
  }
  if (const auto* version = std::get_if<std::int64_t>(&as_of)) {
    VORTEX_TRY(auto snapshot, bars.snapshot_at(*version));
    VORTEX_TRY(const auto note, bars.note_of(*version));
    if (note) moment = from_ms(note->timestamp_ms);
    return snapshot;
  }
  return bars.snapshot();
}

// Days are the exchange's: a split is in force there when its session begins.
Result<void> Dataset::Impl::set_zone(const SeriesKey& key, std::int64_t version, TimePoint moment,
                                     AdjustContext& context) {
  VORTEX_TRY(const auto instrument, instrument_of(key.provider, key.symbol, version));
  const auto zone = TimeZone::find(instrument ? instrument->zone : std::string("UTC"));
  if (!zone) return {};
  context.zone = *zone;
  context.today = zone->local_date(moment);
  return {};
}

Result<BarColumns> Dataset::Impl::read_rows(const Snapshot& snapshot, const SeriesKey& key,
                                            TimeRange range) {
  BarColumns out;
  const RowFilter filter{.symbol_min = key.symbol,
                         .symbol_max = key.symbol,
                         .timestamp_min = range.start,
                         .timestamp_max = range.end};
  for (const AddFile* add : files_of(snapshot, key, range)) {
    auto done = append_file(*files, *add, filter, out);
    if (!done) {
      return std::unexpected(std::move(done).error().in(
          fmt::format("table {} version {}", bars_table().name, snapshot.version)));
    }
  }
  return in_order(std::move(out));
}

Result<std::vector<ActionOnBasis>> Dataset::Impl::actions_of(const std::string& provider,
                                                             const std::string& symbol,
                                                             std::int64_t version) {
  VORTEX_TRY_VOID(actions.refresh());
  std::map<std::pair<ActionKind, Date>, ActionOnBasis> newest;
  Result<void> outcome;
  const auto visit = [&](const arrow::RecordBatch& rows, const std::vector<std::int64_t>& kept) {
    const ColumnReader providers(rows, "provider");
    const ColumnReader symbols(rows, "symbol");
    for (const std::int64_t row : kept) {
      if (providers.text(row) != provider || symbols.text(row) != symbol) continue;
      const auto kind = parse_kind(ColumnReader(rows, "kind").text(row));
      if (!kind) {
        outcome = std::unexpected(kind.error());
        return;
      }
      const Date ex_date = ColumnReader(rows, "ex_date").date(row);
      newest[{*kind, ex_date}] = ActionOnBasis{
          .action = {.kind = *kind,
                     .ex_date = ex_date,
                     .amount = ColumnReader(rows, "amount").number(row),
                     .numerator = ColumnReader(rows, "numerator").number(row),
                     .denominator = ColumnReader(rows, "denominator").number(row),
                     .currency = std::string(ColumnReader(rows, "currency").text(row))},
          .basis = ColumnReader(rows, "basis").date(row)};
    }
  };
  VORTEX_TRY_VOID(actions.scan(counting(version), symbol, visit));
  VORTEX_TRY_VOID(outcome);
  std::vector<ActionOnBasis> out;
  out.reserve(newest.size());
  for (auto& [key, action] : newest) out.push_back(std::move(action));
  std::ranges::sort(out, {}, [](const ActionOnBasis& one) {
    return std::pair(one.action.ex_date, one.action.kind);
  });
  return out;
}

Result<std::optional<Instrument>> Dataset::Impl::instrument_of(const std::string& provider,
                                                               const std::string& symbol,
                                                               std::int64_t version) {
  VORTEX_TRY_VOID(instruments.refresh());
  std::optional<Instrument> newest;
  const auto visit = [&](const arrow::RecordBatch& rows, const std::vector<std::int64_t>& kept) {
    const ColumnReader providers(rows, "provider");
    const ColumnReader symbols(rows, "symbol");
    for (const std::int64_t row : kept) {
      const bool ours = providers.text(row) == provider && symbols.text(row) == symbol;
      if (ours) newest = instrument_at(rows, row);
    }
  };
  VORTEX_TRY_VOID(instruments.scan(counting(version), symbol, visit));
  return newest;
}

Result<std::shared_ptr<arrow::Table>> Dataset::read(const ReadRequest& request) {
  const SeriesKey& key = request.key;
  AdjustContext context{.interval = key.interval, .target = request.adjust};
  TimePoint moment;
  VORTEX_TRY(const Snapshot snapshot, impl_->snapshot_for(request.as_of, moment));
  context.today = date_of(moment);
  // Dividends after the range need the closes before them.
  const bool to_the_end = request.adjust == Adjustment::all;
  const TimeRange range{request.range.start, to_the_end ? TimePoint::max() : request.range.end};
  VORTEX_TRY(auto rows, impl_->read_rows(snapshot, key, range));
  if (rows.rows() == 0) {
    VORTEX_TRY(const auto any,
               impl_->read_rows(snapshot, key, {TimePoint::min(), TimePoint::max()}));
    if (any.rows() == 0) {
      return fail(ErrorCode::not_found,
                  fmt::format("{} {} from {} is not in version {}", key.symbol,
                              to_string(key.interval), key.provider, snapshot.version));
    }
  }
  VORTEX_TRY(const auto actions, impl_->actions_of(key.provider, key.symbol, snapshot.version));
  if (!actions.empty()) VORTEX_TRY_VOID(impl_->set_zone(key, snapshot.version, moment, context));
  VORTEX_TRY_VOID(adjust_rows(rows, actions, context));
  if (to_the_end) rows = cut_to(rows, request.range);
  VORTEX_TRY(auto batch,
             std::move(rows).to_bar_batch(key.provider, std::string(to_string(key.interval))));
  const auto table = arrow::Table::FromRecordBatches({batch});
  if (!table.ok()) return fail(ErrorCode::internal, table.status().message());
  return *table;
}

Result<std::int64_t> Dataset::version_as_of(const AsOf& as_of) {
  if (std::holds_alternative<std::monostate>(as_of)) return version();
  if (const auto* time = std::get_if<TimePoint>(&as_of)) return impl_->bars.version_at(*time);
  VORTEX_TRY(const Snapshot snapshot, impl_->bars.snapshot_at(std::get<std::int64_t>(as_of)));
  return snapshot.version;
}

Result<std::vector<CorporateAction>> Dataset::actions(const std::string& provider,
                                                      const std::string& symbol) {
  VORTEX_TRY(const auto found, impl_->actions_of(provider, symbol, version()));
  std::vector<CorporateAction> out;
  out.reserve(found.size());
  for (const auto& [action, basis] : found) out.push_back(action);
  return out;
}

Result<std::optional<Instrument>> Dataset::instrument(const std::string& provider,
                                                      const std::string& symbol) {
  return impl_->instrument_of(provider, symbol, version());
}

Result<std::optional<Instrument>> Dataset::instrument(const std::string& provider,
                                                      const std::string& symbol,
                                                      std::int64_t version) {
  return impl_->instrument_of(provider, symbol, version);
}

Result<std::vector<ActionOnBasis>> Dataset::actions_on_basis(const std::string& provider,
                                                             const std::string& symbol,
                                                             std::int64_t version) {
  return impl_->actions_of(provider, symbol, version);
}

Result<std::int64_t> Dataset::quarantined_rows() {
  VORTEX_TRY_VOID(impl_->quarantine.refresh());
  std::int64_t rows = 0;
  const auto visit = [&](const arrow::RecordBatch&, const std::vector<std::int64_t>& kept) {
    rows += static_cast<std::int64_t>(kept.size());
  };
  VORTEX_TRY_VOID(impl_->quarantine.scan(impl_->counting(version()), "", visit));
  return rows;
}

Result<DatasetSummary> Dataset::summary() {
  DatasetSummary summary;
  VORTEX_TRY(StateDb* const state, impl_->state());
  VORTEX_TRY(summary.rebuilt, state->note());
  const Snapshot& snapshot = impl_->bars.snapshot();
  summary.version = snapshot.version;
  for (const auto& [path, file] : snapshot.files) {
    ++summary.files;
    summary.bytes += file->size;
    summary.rows += std::max<std::int64_t>(file->stats.rows, 0);
  }
  VORTEX_TRY(const auto note, impl_->bars.note_of(snapshot.version));
  if (note) summary.last_commit = from_ms(note->timestamp_ms);
  return summary;
}

}  // namespace vortex
