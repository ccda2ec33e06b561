#include "vortex/quality/validator.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/type.h>

#include "vortex/base/json.hpp"
#include "vortex/quality/row_judge.hpp"
#include "vortex/quality/series_columns.hpp"
#include "vortex/quality/suspect_scan.hpp"
#include "vortex/quality/take_rows.hpp"

namespace vortex {
namespace {

void look_at(const SeriesColumns& columns, std::int64_t row, SeriesFacts& facts) {
  bool positive = true;
  for (const auto* price : columns.prices()) {
    if (price->is_null(row)) {
      positive = false;
      continue;
    }
    facts.any_negative |= (*price)[row] < 0;
    positive &= (*price)[row] > 0;
  }
  facts.any_positive |= positive;
}

// A block that is not suspect holds positive prices only.
SeriesFacts facts_of(const SeriesColumns& columns, const std::vector<bool>& suspect) {
  SeriesFacts facts;
  for (std::size_t block = 0; block < suspect.size(); ++block) {
    const std::int64_t begin = static_cast<std::int64_t>(block) * kScanBlockRows;
    const std::int64_t end = std::min(begin + kScanBlockRows, columns.rows);
    if (!suspect[block]) facts.any_positive = true;
    for (std::int64_t row = begin; suspect[block] && row < end; ++row) look_at(columns, row, facts);
  }
  return facts;
}

// The block after a suspect one is judged too: what its first rows follow is known only then.
void judge_blocks(RowJudge& judge, const SeriesColumns& columns, const std::vector<bool>& suspect) {
  bool judged_before = false;
  for (std::size_t block = 0; block < suspect.size(); ++block) {
    const bool judged = suspect[block] || (block > 0 && suspect[block - 1]);
    if (judged) {
      const std::int64_t begin = static_cast<std::int64_t>(block) * kScanBlockRows;
      const std::int64_t end = std::min(begin + kScanBlockRows, columns.rows);
      if (!judged_before) judge.start_at(begin);
      for (std::int64_t row = begin; row < end; ++row) {
        if (!judge.pass_at_a_glance(row)) judge.judge(row);
      }
    }
    judged_before = judged;
  }
}

std::string cell_text(const arrow::Array& column, std::int64_t row) {
  if (column.IsNull(row)) return {};
  std::string text;
  switch (column.type_id()) {
    case arrow::Type::TIMESTAMP: {
      const auto value = static_cast<const arrow::TimestampArray&>(column).Value(row);
      const TimePoint time{Duration(value)};
      return date_of(time) == time ? format_date(date_of(time)) : format_time(time);
    }
    case arrow::Type::DOUBLE:
      append_double(text, static_cast<const arrow::DoubleArray&>(column).Value(row));
      return text;
    case arrow::Type::DATE32:
      return format_date(
          Date(std::chrono::days(static_cast<const arrow::Date32Array&>(column).Value(row))));
    case arrow::Type::DICTIONARY: {
      const auto& coded = static_cast<const arrow::DictionaryArray&>(column);
      return cell_text(*coded.dictionary(), coded.GetValueIndex(row));
    }
    case arrow::Type::STRING:
      return untrusted(static_cast<const arrow::StringArray&>(column).GetView(row));
    default: break;
  }
  const auto scalar = column.GetScalar(row);
  return scalar.ok() ? untrusted((*scalar)->ToString()) : std::string();
}

}  // namespace

std::int64_t BatchVerdict::warnings() const {
  std::int64_t sum = 0;
  for (const Rule rule : rules_in(kWarningRules)) sum += hits_of(rule);
  return sum;
}

Result<BatchVerdict> validate(const std::shared_ptr<arrow::RecordBatch>& batch,
                              const ValidationOptions& options) {
  VORTEX_TRY(const SeriesColumns columns, series_columns(*batch, options.range));
  BatchVerdict verdict{.good = batch, .rows = columns.rows};
  const std::vector<bool> suspect = suspect_blocks(columns);
  if (std::ranges::find(suspect, true) != suspect.end()) {
    RowJudge judge(columns, facts_of(columns, suspect));
    judge_blocks(judge, columns, suspect);
    verdict.hits = judge.hits();
    verdict.quarantined = judge.take_quarantined();
    VORTEX_TRY(verdict.good, without_rows(batch, verdict.quarantined));
  }
  verdict.hits[static_cast<std::size_t>(Rule::volume_null)] = columns.volume_nulls;
  return verdict;
}

std::string row_text(const arrow::RecordBatch& batch, std::int64_t row) {
  std::string text;
  for (int position = 0; position < batch.num_columns(); ++position) {
    const std::string cell = cell_text(*batch.column(position), row);
    if (cell.empty()) continue;
    if (!text.empty()) text += ' ';
    text.append(batch.schema()->field(position)->name()).append("=").append(cell);
    if (text.size() > kRowTextBytesMax) break;
  }
  if (text.size() > kRowTextBytesMax) text.resize(kRowTextBytesMax);
  return text;
}

}  // namespace vortex
