// Writes and reads a dataset by commands on stdin, one JSON object a line, one JSON answer a line;
// for the tests that let other tools read what Vortex wrote.
//   {"do":"commit","now":"2024-01-05T00:00Z","series":[{"provider":"p","symbol":"S",
//     "interval":"1d","rows":[["2024-01-02",o,h,l,c,v], …], "adjusted":"split",
//     "basis":"2024-01-05","actions":[["split","2024-01-03",0,4,1], …]}]}
//   {"do":"read","provider":"p","symbol":"S","interval":"1d","adjust":"none","version":3}
//     or "at":"2024-01-05T00:00Z" in place of the version
//   {"do":"compact","now":"2024-03-05T00:00Z"}
//   {"do":"summary"}

#include <cstdio>
#include <string>
#include <vector>

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>

#include "vortex/base/json.hpp"
#include "vortex/codec/bar_batch_builder.hpp"
#include "vortex/codec/bar_view.hpp"
#include "vortex/store/dataset.hpp"

namespace {

using vortex::Json;
using vortex::Result;

std::string text_of(const Json& json, std::string_view key, std::string_view otherwise = "") {
  return std::string(json.string_at(key).value_or(otherwise));
}

double number_of(const Json& json) {
  return json.as_number().value_or(vortex::BarBatchBuilder::kMissing);
}

Result<vortex::SeriesKey> key_of(const Json& json) {
  VORTEX_TRY(const auto interval, vortex::parse_interval(text_of(json, "interval", "1d")));
  return vortex::SeriesKey{.provider = text_of(json, "provider"),
                           .symbol = text_of(json, "symbol"),
                           .interval = interval};
}

Result<std::shared_ptr<arrow::RecordBatch>> bars_of(const Json& json, const vortex::SeriesKey& key,
                                                    vortex::TimePoint now) {
  vortex::BarBatchBuilder builder;
  for (const Json& row : *json.find("rows")->as_array()) {
    const Json::Array& cells = *row.as_array();
    builder.append({.timestamp = *vortex::parse_time(*cells[0].as_string()),
                    .open = number_of(cells[1]),
                    .high = number_of(cells[2]),
                    .low = number_of(cells[3]),
                    .close = number_of(cells[4]),
                    .volume = number_of(cells[5])});
  }
  VORTEX_TRY(const auto adjusted, vortex::parse_adjustment(text_of(json, "adjusted", "split")));
  const auto basis = vortex::parse_date(text_of(json, "basis"));
  return builder.finish({.symbol = key.symbol,
                         .provider = key.provider,
                         .interval = key.interval,
                         .adjusted = adjusted,
                         .basis = basis.value_or(vortex::date_of(now)),
                         .transform_timestamp = now,
                         .capture_id = text_of(json, "capture", "c0")});
}

Result<vortex::SeriesBatch> series_of(const Json& json, vortex::TimePoint now) {
  vortex::SeriesBatch series;
  VORTEX_TRY(series.key, key_of(json));
  if (json.find("rows") != nullptr) {
    VORTEX_TRY(auto bars, bars_of(json, series.key, now));
    series.bars.push_back(std::move(bars));
  }
  if (const Json* actions = json.find("actions")) {
    for (const Json& item : *actions->as_array()) {
      const Json::Array& cells = *item.as_array();
      const bool split = *cells[0].as_string() == "split";
      series.actions.push_back(
          {.kind = split ? vortex::ActionKind::split : vortex::ActionKind::dividend,
           .ex_date = *vortex::parse_date(*cells[1].as_string()),
           .amount = number_of(cells[2]),
           .numerator = number_of(cells[3]),
           .denominator = number_of(cells[4]),
           .currency = {}});
    }
  }
  return series;
}

Result<std::string> commit(vortex::Dataset& dataset, vortex::ManualClock& clock, const Json& json) {
  const auto now = *vortex::parse_time(text_of(json, "now"));
  clock.step(now - clock.now());
  std::vector<vortex::SeriesBatch> batch;
  for (const Json& item : *json.find("series")->as_array()) {
    VORTEX_TRY(auto series, series_of(item, now));
    batch.push_back(std::move(series));
  }
  VORTEX_TRY(const auto receipt, dataset.commit(std::move(batch)));
  vortex::JsonWriter writer;
  writer.begin_object();
  writer.member("version", receipt.version);
  writer.member("committed", receipt.committed);
  writer.key("series");
  writer.begin_array();
  for (const auto& series : receipt.series) {
    writer.begin_array();
    writer.value(series.rows_new);
    writer.value(series.rows_unchanged);
    writer.value(series.rows_restated);
    writer.end_array();
  }
  writer.end_array();
  writer.end_object();
  return writer.take();
}

void write_row(vortex::JsonWriter& writer, const vortex::BarView& view, std::int64_t row) {
  writer.begin_array();
  writer.value(vortex::format_time(view.time(row)));
  for (const auto column :
       {vortex::kOpen, vortex::kHigh, vortex::kLow, vortex::kClose, vortex::kVolume}) {
    if (view.is_null(column, row)) {
      writer.null();
    } else {
      writer.value(view.value(column, row));
    }
  }
  writer.end_array();
}

Result<std::string> read(vortex::Dataset& dataset, const Json& json) {
  VORTEX_TRY_VOID(dataset.refresh());
  vortex::ReadRequest request;
  VORTEX_TRY(request.key, key_of(json));
  VORTEX_TRY(request.adjust, vortex::parse_adjustment(text_of(json, "adjust", "split")));
  if (const auto version = json.int_at("version")) request.as_of = *version;
  if (const auto at = json.string_at("at")) request.as_of = *vortex::parse_time(*at);
  VORTEX_TRY(const auto table, dataset.read(request));
  vortex::JsonWriter writer;
  writer.begin_object();
  writer.key("rows");
  writer.begin_array();
  arrow::TableBatchReader reader(*table);
  std::shared_ptr<arrow::RecordBatch> rows;
  while (reader.ReadNext(&rows).ok() && rows) {
    const vortex::BarView view(*rows);
    for (std::int64_t row = 0; row < view.rows(); ++row) write_row(writer, view, row);
  }
  writer.end_array();
  writer.end_object();
  return writer.take();
}

Result<std::string> compact(vortex::Dataset& dataset, vortex::ManualClock& clock,
                            const Json& json) {
  clock.step(*vortex::parse_time(text_of(json, "now")) - clock.now());
  VORTEX_TRY(const auto receipt, dataset.compact({}));
  vortex::JsonWriter writer;
  writer.begin_object();
  writer.member("version", receipt.version);
  writer.member("commits", receipt.commits);
  writer.end_object();
  return writer.take();
}

Result<std::string> summary(vortex::Dataset& dataset) {
  VORTEX_TRY_VOID(dataset.refresh());
  VORTEX_TRY(const auto told, dataset.summary());
  vortex::JsonWriter writer;
  writer.begin_object();
  writer.member("version", told.version);
  writer.member("files", told.files);
  writer.member("rows", told.rows);
  writer.member("rebuilt", told.rebuilt);
  writer.end_object();
  return writer.take();
}

Result<std::string> answer(vortex::Dataset& dataset, vortex::ManualClock& clock,
                           std::string_view line) {
  VORTEX_TRY(const auto json, Json::parse(line));
  const std::string what = text_of(json, "do");
  if (what == "commit") return commit(dataset, clock, json);
  if (what == "read") return read(dataset, json);
  if (what == "compact") return compact(dataset, clock, json);
  return summary(dataset);
}

std::string error_json(const vortex::Error& error) {
  return R"({"error":)" + vortex::json_quote(error.to_line()) + "}";
}

bool read_line(std::string& line) {
  line.clear();
  for (int c = std::fgetc(stdin); c != EOF; c = std::fgetc(stdin)) {
    if (c == '\n') return true;
    line += static_cast<char>(c);
  }
  return !line.empty();
}

void say(const std::string& text) {
  std::fputs((text + "\n").c_str(), stdout);
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  vortex::ManualClock clock(*vortex::parse_time("2024-01-01"));
  auto dataset = vortex::Dataset::open_or_create(argv[1], clock);
  if (!dataset) {
    say(error_json(dataset.error()));
    return 1;
  }
  std::string line;
  while (read_line(line)) {
    const auto reply = answer(*dataset, clock, line);
    say(reply ? *reply : error_json(reply.error()));
  }
  return 0;
}
