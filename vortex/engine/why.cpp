#include "vortex/engine/why.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <fmt/format.h>

#include "vortex/base/suggest.hpp"
#include "vortex/codec/bar_view.hpp"
#include "vortex/engine/capture_decode.hpp"

namespace vortex {
namespace {

constexpr std::array kColumns = {kOpen,   kHigh, kLow,        kClose,
                                 kVolume, kVwap, kTradeCount, kOpenInterest};
static_assert(kColumns.size() == kRevisedFields.size());

TimeRange moment_of(const WhyQuestion& question) {
  return {question.time, question.time + Duration{1}};
}

Result<BarColumn> column_of(const std::string& field) {
  const auto found = std::ranges::find(kRevisedFields, field);
  if (found != kRevisedFields.end()) {
    return kColumns[static_cast<std::size_t>(found - kRevisedFields.begin())];
  }
  const std::vector<std::string_view> names(kRevisedFields.begin(), kRevisedFields.end());
  return fail(ErrorCode::unknown_name,
              fmt::format("no field '{}'{}; there are {}", untrusted(field, 48),
                          did_you_mean(field, names), fmt::join(names, ", ")));
}

std::optional<double> number_at(const BarView& bars, BarColumn column, std::int64_t row) {
  if (bars.is_null(column, row)) return std::nullopt;
  return bars.value(column, row);
}

// What a table of one bar holds; none where it holds none.
Result<std::shared_ptr<arrow::RecordBatch>> first_bar(const arrow::Table& table) {
  const auto rows = table.CombineChunksToBatch();
  if (!rows.ok()) return fail(ErrorCode::internal, rows.status().message());
  return *rows;
}

// There is no bar: what is known instead.
Error no_bar(Dataset& dataset, const WhyQuestion& question, const WhyAnswer& answer) {
  std::string known = "nothing was asked about it";
  if (const auto states = dataset.states({question.key})) {
    for (const CoverageMark& mark : states->front().coverage) {
      if (!mark.range.holds(question.time)) continue;
      known = mark.state == CoverageState::have
                  ? "it was asked about, and the provider sent none"
                  : fmt::format("its range is marked {} ({})", to_string(mark.state),
                                untrusted(mark.reason, 100));
    }
  }
  if (!answer.asked.empty()) {
    known += fmt::format("; last asked on {}", format_time(answer.asked.front().received_at));
  }
  if (!answer.quarantine.empty()) {
    known +=
        fmt::format("; a row of it is in quarantine ({}): {}", answer.quarantine.front().reasons,
                    untrusted(answer.quarantine.front().row_text, 200));
  }
  return {.code = ErrorCode::not_found,
          .message = fmt::format("no bar of '{}' {} from {} at {}: {}", question.key.symbol,
                                 to_string(question.key.interval), question.key.provider,
                                 format_time(question.time), known)};
}

std::optional<double> decoded_number(const CheckedPage& page, const WhyQuestion& question,
                                     BarColumn column) {
  const BarView bars(*page.page.bars);
  for (std::int64_t row = bars.rows(); row > 0; --row) {  // of repeated stamps the last counts
    if (bars.time(row - 1) == question.time) return number_at(bars, column, row - 1);
  }
  return std::nullopt;
}

Result<CheckedPage> read_again(Dataset& dataset, const CaptureRow& row,
                               const ProviderRegistry& providers, const Settings& settings,
                               std::string& state) {
  auto body = dataset.body_of(row);
  if (!body) {
    state = body.error().code == ErrorCode::not_found ? "gone" : "damaged";
    return std::unexpected(std::move(body).error());
  }
  state = "refused";
  VORTEX_TRY(CheckedPage page, decode_capture(row, *std::move(body), providers, settings));
  if (page.refused) return std::unexpected(*std::move(page.refused));
  return page;
}

CaptureCheck check_capture(Dataset& dataset, const WhyAnswer& answer, BarColumn column,
                           const ProviderRegistry& providers, const Settings& settings) {
  const auto row = std::ranges::find(answer.asked, answer.capture_id, &CaptureRow::id);
  if (row == answer.asked.end()) return {.state = "absent"};
  CaptureCheck check{.row = *row};
  auto page = read_again(dataset, *row, providers, settings, check.state);
  if (!page) {
    check.problem = std::move(page).error();
    return check;
  }
  check.decoded = decoded_number(*page, answer.question, column);
  check.state = check.decoded == answer.as_stored ? "equal" : "different";
  return check;
}

}  // namespace

Result<WhyAnswer> why(Dataset& dataset, const WhyQuestion& question,
                      const ProviderRegistry& providers, const Settings& settings) {
  WhyAnswer answer{.question = question};
  VORTEX_TRY(const BarColumn column, column_of(question.field));
  VORTEX_TRY(answer.revisions, dataset.revisions_of(question.key, moment_of(question)));
  VORTEX_TRY(answer.quarantine, dataset.quarantine_of(question.key, moment_of(question)));
  std::erase_if(answer.quarantine, [](const QuarantineRow& row) { return !row.timestamp; });
  VORTEX_TRY(answer.asked, dataset.captures_of(question.key, moment_of(question)));
  std::ranges::reverse(answer.revisions);
  std::ranges::reverse(answer.quarantine);
  std::ranges::reverse(answer.asked);

  VORTEX_TRY(const auto stored_table, dataset.stored_bars(question.key, moment_of(question)));
  VORTEX_TRY(const auto stored, first_bar(*stored_table));
  if (stored->num_rows() == 0) return std::unexpected(no_bar(dataset, question, answer));
  const BarView bar(*stored);
  answer.as_stored = number_at(bar, column, 0);
  answer.adjusted = bar.text(kAdjusted, 0);
  answer.basis = bar.basis(0);
  answer.final = bar.is_final(0);
  answer.received_at = bar.transform_time(0);
  answer.capture_id = bar.text(kCaptureId, 0);

  VORTEX_TRY(const auto read_table,
             dataset.read({.key = question.key, .range = moment_of(question)}));
  VORTEX_TRY(const auto read, first_bar(*read_table));
  if (read->num_rows() > 0) answer.as_read = number_at(BarView(*read), column, 0);
  answer.capture = check_capture(dataset, answer, column, providers, settings);
  return answer;
}

}  // namespace vortex
