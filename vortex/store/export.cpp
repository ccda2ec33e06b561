#include "vortex/store/export.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include <arrow/array.h>
#include <arrow/table.h>
#include <arrow/util/key_value_metadata.h>
#include <fmt/core.h>

#include "vortex/base/sha256.hpp"
#include "vortex/codec/bar_file.hpp"
#include "vortex/codec/bar_file_cursor.hpp"
#include "vortex/model/calendar_book.hpp"
#include "vortex/store/export_directory.hpp"
#include "vortex/store/export_sessions.hpp"
#include "vortex/store/export_text.hpp"
#include "vortex/store/file_system.hpp"

namespace vortex {
namespace {

constexpr double kZiplineVolumeMax = 4294967295;  // 32 bits; zipline makes more of it 0

std::string as_of_text(const AsOf& as_of) {
  if (const auto* version = std::get_if<std::int64_t>(&as_of)) return std::to_string(*version);
  if (const auto* time = std::get_if<TimePoint>(&as_of)) return format_time(*time);
  return {};
}

std::string edge_text(TimePoint edge) {
  return edge == TimePoint::min() || edge == TimePoint::max() ? std::string() : format_time(edge);
}

// One export under way.
class Export {
 public:
  Export(Dataset& dataset, ExportRequest request, ExportReport& report)
      : dataset_(dataset), request_(std::move(request)), report_(report) {}

  Result<void> run(FileSystem& target);

 private:
  Result<void> describe();
  Result<void> add(ExportDirectory& directory, const SeriesKey& key, ExportedFile file);
  Result<std::string> bytes_of(const SeriesKey& key, const std::shared_ptr<arrow::Table>& bars);
  Result<std::string> text_of(const SeriesKey& key, const arrow::Table& bars);
  Result<TimeZone> zone_of(const SeriesKey& key);
  Result<std::string> parquet_of(const SeriesKey& key, const arrow::Table& bars) const;
  void note(const SeriesKey& key, std::string_view what);
  void note_zipline(const SeriesKey& key, const arrow::Table& bars,
                    const std::vector<ActionOnBasis>& actions);
  Result<void> note_sessions(const SeriesKey& key, const arrow::Table& bars);
  void leave_out(const SeriesKey& key, std::string reason, bool failed);

  Dataset& dataset_;
  ExportRequest request_;
  ExportReport& report_;
  std::string folder_;
};

Result<void> Export::describe() {
  ExportManifest& manifest = report_.manifest;
  const Interval interval =
      request_.series.empty() ? Interval::d1 : request_.series.front().interval;
  VORTEX_TRY(folder_, export_folder(request_.format, interval));
  VORTEX_TRY(manifest.table_version, dataset_.version_as_of(request_.as_of));
  manifest.format = to_string(request_.format);
  manifest.dataset_id = dataset_.id();
  manifest.as_of = as_of_text(request_.as_of);
  manifest.interval = to_string(interval);
  manifest.adjust = to_string(request_.adjust);
  manifest.since = edge_text(request_.range.start);
  manifest.until = edge_text(request_.range.end);
  std::ranges::sort(request_.series, {}, [](const SeriesKey& key) { return key.symbol; });
  return {};
}

Result<void> Export::run(FileSystem& target) {
  VORTEX_TRY_VOID(describe());
  std::vector<std::string> symbols;
  for (const SeriesKey& key : request_.series) symbols.push_back(key.symbol);
  const auto names = export_names(request_.format, symbols);
  ExportManifest planned = report_.manifest;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string name = names[i] + std::string(export_extension(request_.format));
    planned.files.push_back({.path = folder_.empty() ? name : folder_ + "/" + name,
                             .symbol = symbols[i],
                             .provider = request_.series[i].provider});
  }
  VORTEX_TRY(auto directory, ExportDirectory::open(target, request_.force));
  VORTEX_TRY_VOID(directory.begin(planned, folder_));
  for (std::size_t i = 0; i < names.size(); ++i) {
    auto added = add(directory, request_.series[i], std::move(planned.files[i]));
    if (!added) return std::unexpected(std::move(added).error().in(symbols[i]));
  }
  VORTEX_TRY_VOID(directory.finish(report_.manifest));
  report_.manifest.complete = true;
  return {};
}

void Export::note(const SeriesKey& key, std::string_view what) {
  report_.notes.push_back(fmt::format("{}: {}", key.symbol, what));
}

void Export::leave_out(const SeriesKey& key, std::string reason, bool failed) {
  report_.manifest.left_out.push_back({.symbol = key.symbol,
                                       .provider = key.provider,
                                       .reason = std::move(reason),
                                       .failed = failed});
}

// A series the version has not, or that is empty or does not fit the format, has no file.
Result<void> Export::add(ExportDirectory& directory, const SeriesKey& key, ExportedFile file) {
  auto bars = dataset_.read({.key = key,
                             .range = request_.range,
                             .adjust = request_.adjust,
                             .as_of = AsOf(report_.manifest.table_version)});
  if (!bars && bars.error().code == ErrorCode::not_found) {
    leave_out(key, "not in this version", false);
    return {};
  }
  if (!bars && bars.error().code == ErrorCode::unsupported) {
    leave_out(key, bars.error().message, true);
    return {};
  }
  VORTEX_TRY(const auto table, std::move(bars));
  if (table->num_rows() == 0) {
    leave_out(key, "no bars in the range", false);
    return {};
  }
  auto bytes = bytes_of(key, table);
  if (!bytes && bytes.error().code == ErrorCode::unsupported) {
    leave_out(key, bytes.error().message, true);
    return {};
  }
  VORTEX_TRY_VOID(bytes);
  VORTEX_TRY_VOID(for_each_cursor(*table, [&](const BarCursor& cursor) -> Result<void> {
    if (!file.first_bar) file.first_bar = TimePoint{Duration{cursor.micros(kTimestamp, 0)}};
    file.last_bar = TimePoint{Duration{cursor.micros(kTimestamp, cursor.rows() - 1)}};
    return {};
  }));
  file.rows = table->num_rows();
  file.bytes = static_cast<std::int64_t>(bytes->size());
  file.sha256 = sha256_hex(*bytes);
  VORTEX_TRY(const bool written, directory.put(file.path, *bytes, file.sha256));
  if (written) ++report_.files_written;
  report_.manifest.files.push_back(std::move(file));
  return {};
}

Result<std::string> Export::bytes_of(const SeriesKey& key,
                                     const std::shared_ptr<arrow::Table>& bars) {
  switch (request_.format) {
    case ExportFormat::csv: return write_bars(*bars, BarFormat::csv);
    case ExportFormat::parquet: return parquet_of(key, *bars);
    case ExportFormat::zipline:
    case ExportFormat::backtrader: return text_of(key, *bars);
  }
  return fail(ErrorCode::internal, "a format without a writer");
}

// With what the columns cannot say in the file's own metadata.
Result<std::string> Export::parquet_of(const SeriesKey& key, const arrow::Table& bars) const {
  const ExportManifest& manifest = report_.manifest;
  const auto metadata =
      arrow::key_value_metadata({"vortex.dataset_id", "vortex.table_version", "vortex.symbol",
                                 "vortex.provider", "vortex.interval", "vortex.adjust"},
                                {manifest.dataset_id, std::to_string(manifest.table_version),
                                 key.symbol, key.provider, manifest.interval, manifest.adjust});
  return write_bars(*bars.ReplaceSchemaMetadata(metadata), BarFormat::parquet);
}

Result<TimeZone> Export::zone_of(const SeriesKey& key) {
  VORTEX_TRY(const auto instrument,
             dataset_.instrument(key.provider, key.symbol, report_.manifest.table_version));
  if (instrument && !instrument->zone.empty()) {
    if (const auto zone = TimeZone::find(instrument->zone)) return *zone;
  }
  if (is_intraday(key.interval)) note(key, "its exchange's zone is not known: the times are UTC");
  return TimeZone::utc();
}

Result<std::string> Export::text_of(const SeriesKey& key, const arrow::Table& bars) {
  VORTEX_TRY(const auto actions,
             dataset_.actions_on_basis(key.provider, key.symbol, report_.manifest.table_version));
  std::string whole;
  const ByteSink sink = [&](std::string_view piece) -> Result<void> {
    whole += piece;
    return {};
  };
  ExportSeries series{
      .bars = bars, .interval = key.interval, .adjust = request_.adjust, .actions = actions};
  if (request_.format == ExportFormat::zipline) {
    VORTEX_TRY_VOID(write_zipline(series, sink));
    note_zipline(key, bars, actions);
    if (key.interval == Interval::d1) VORTEX_TRY_VOID(note_sessions(key, bars));
    return whole;
  }
  VORTEX_TRY(series.zone, zone_of(key));
  VORTEX_TRY_VOID(write_backtrader(series, sink));
  return whole;
}

void Export::note_zipline(const SeriesKey& key, const arrow::Table& bars,
                          const std::vector<ActionOnBasis>& actions) {
  std::int64_t too_large = 0;
  const auto volumes = bars.GetColumnByName(std::string(bar_column_name(kVolume)));
  for (const auto& chunk : volumes->chunks()) {
    const auto& values = static_cast<const arrow::DoubleArray&>(*chunk);
    for (std::int64_t i = 0; i < values.length(); ++i) {
      if (values.IsValid(i) && values.Value(i) > kZiplineVolumeMax) ++too_large;
    }
  }
  if (too_large > 0) {
    note(key, fmt::format("{} volumes are above what zipline holds (4294967295): it will read 0",
                          too_large));
  }
  const bool minutes = key.interval == Interval::m1;
  if (minutes && request_.adjust == Adjustment::none && !actions.empty()) {
    note(key,
         "zipline takes no splits and dividends of minutes: --adjust split or all puts them into "
         "the prices");
  }
}

// zipline's ingest stops at the first day on which rows and calendar differ.
Result<void> Export::note_sessions(const SeriesKey& key, const arrow::Table& bars) {
  VORTEX_TRY(const auto instrument,
             dataset_.instrument(key.provider, key.symbol, report_.manifest.table_version));
  const auto calendar = instrument ? CalendarBook::built_in().of(*instrument) : std::nullopt;
  if (!calendar) return {};
  std::vector<Date> dates;
  VORTEX_TRY_VOID(for_each_cursor(bars, [&](const BarCursor& cursor) -> Result<void> {
    for (std::int64_t row = 0; row < cursor.rows(); ++row) {
      dates.push_back(date_of(TimePoint{Duration{cursor.micros(kTimestamp, row)}}));
    }
    return {};
  }));
  const std::string differences = session_differences(*calendar, dates);
  if (!differences.empty()) note(key, differences + ": zipline will refuse to ingest it");
  return {};
}

}  // namespace

Result<ExportReport> export_series(Dataset& dataset, FileSystem& target, ExportRequest request) {
  ExportReport report;
  VORTEX_TRY_VOID(Export(dataset, std::move(request), report).run(target));
  return report;
}

}  // namespace vortex
