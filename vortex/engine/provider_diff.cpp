#include "vortex/engine/provider_diff.hpp"

#include <algorithm>
#include <map>
#include <ranges>
#include <set>

#include <arrow/array.h>
#include <arrow/chunked_array.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <fmt/format.h>

#include "vortex/codec/bar_schema.hpp"

namespace vortex {
namespace {

using Actions = std::vector<CorporateAction>;

struct Series {
  SeriesState state;
  Actions actions;
  std::optional<Instrument> instrument;
  std::shared_ptr<arrow::RecordBatch> bars;
};

Error no_bars(const SeriesState& lacking, const SeriesState& other) {
  const SeriesKey& key = lacking.key;
  const std::string_view interval = to_string(key.interval);
  Error error{.code = ErrorCode::not_found,
              .message = fmt::format("no bars of '{}' {} from {} are stored", key.symbol, interval,
                                     key.provider),
              .hint = fmt::format("vortex sync '{}' --provider {} --interval {}", key.symbol,
                                  key.provider, interval)};
  if (other.first_bar) error.hint += " --since " + format_date(date_of(*other.first_bar));
  return error;
}

Result<std::shared_ptr<arrow::RecordBatch>> one_batch(const arrow::Table& table) {
  const auto batch = table.CombineChunksToBatch();
  if (!batch.ok()) return fail(ErrorCode::internal, batch.status().message());
  return *batch;
}

// The words in the column `adjusted`, ascending.
Result<std::vector<std::string>> adjusted_words(const arrow::Table& bars) {
  std::set<std::string> words;
  for (const auto& chunk : bars.column(kAdjusted)->chunks()) {
    const auto& column = static_cast<const arrow::DictionaryArray&>(*chunk);
    const auto& names = static_cast<const arrow::StringArray&>(*column.dictionary());
    for (std::int64_t row = 0; row < column.length(); ++row) {
      if (!column.IsNull(row)) words.insert(names.GetString(column.GetValueIndex(row)));
    }
  }
  return std::vector<std::string>(words.begin(), words.end());
}

RangeSet asked_of(const SeriesState& state, TimeRange range) {
  RangeSet asked;
  for (const CoverageMark& mark : state.coverage) {
    const TimeRange inside{std::max(mark.range.start, range.start),
                           std::min(mark.range.end, range.end)};
    if (mark.state != CoverageState::failed && !inside.empty()) asked.add(inside);
  }
  return asked;
}

RangeSet in_both(const RangeSet& left, const RangeSet& right) {
  RangeSet both = left;
  for (const TimeRange& range : left.ranges()) {
    for (const TimeRange& lacking : right.missing_in(range)) both.remove(lacking);
  }
  return both;
}

std::map<Date, double> splits_in(const Actions& actions, Date today) {
  std::map<Date, double> splits;
  for (const CorporateAction& action : actions) {
    const bool is_sound = action.numerator > 0 && action.denominator > 0;
    if (action.kind == ActionKind::split && is_sound && action.ex_date <= today)
      splits[action.ex_date] = action.numerator / action.denominator;
  }
  return splits;
}

// A tick was as large as today on the shares of its day.
std::vector<TickStep> tick_steps(const std::map<Date, double>& splits, Adjustment adjust) {
  std::vector<TickStep> steps;
  if (adjust == Adjustment::none) return steps;
  double shares = 1;
  for (const auto& [date, ratio] : std::views::reverse(splits)) {
    shares *= ratio;
    steps.push_back({.before = midnight(date), .shares = shares});
  }
  std::ranges::reverse(steps);
  return steps;
}

std::optional<double> larger_tick(const Series& first, const Series& second) {
  std::optional<double> tick;
  for (const Series* each : {&first, &second}) {
    if (!each->instrument || !each->instrument->tick || *each->instrument->tick <= 0) continue;
    tick = std::max(tick.value_or(0), *each->instrument->tick);
  }
  return tick;
}

Result<Series> read_side(Dataset& dataset, const DiffQuestion& question, SeriesState state,
                         Adjustment adjust) {
  Series series{.state = std::move(state)};
  const SeriesKey& key = series.state.key;
  VORTEX_TRY(series.actions, dataset.actions(key.provider, key.symbol));
  VORTEX_TRY(series.instrument, dataset.instrument(key.provider, key.symbol));
  VORTEX_TRY(const auto table,
             dataset.read({.key = key, .range = question.range, .adjust = adjust}));
  VORTEX_TRY(series.bars, one_batch(*table));
  return series;
}

Result<std::array<Series, 2>> read_both(Dataset& dataset, const DiffQuestion& question,
                                        const std::vector<SeriesState>& states, Adjustment adjust) {
  VORTEX_TRY(Series first, read_side(dataset, question, states[0], adjust));
  VORTEX_TRY(Series second, read_side(dataset, question, states[1], adjust));
  return std::array<Series, 2>{std::move(first), std::move(second)};
}

Result<DiffSide> side_of(Dataset& dataset, const DiffQuestion& question, const Series& series) {
  DiffSide side{.key = series.state.key, .rows = series.bars->num_rows()};
  VORTEX_TRY(const auto stored, dataset.stored_bars(side.key, question.range));
  VORTEX_TRY(side.adjusted, adjusted_words(*stored));
  const Date since =
      question.range.start == TimePoint::min() ? Date::min() : date_of(question.range.start);
  for (const CorporateAction& action : series.actions) {
    if (action.ex_date < since) continue;
    if (action.kind == ActionKind::split) ++side.splits;
    if (action.kind == ActionKind::dividend) ++side.dividends;
  }
  return side;
}

// Where rows cannot have been brought to one basis, because one knows actions the other does not.
void note_basis(DiffAnswer& answer, const std::array<Series, 2>& series) {
  const Date today = answer.question.today;
  for (const std::size_t i : {0U, 1U}) {
    const auto known = splits_in(series[i].actions, today);
    const auto others = splits_in(series[1 - i].actions, today);
    for (const auto& [date, ratio] : known) {
      const auto same = others.find(date);
      if (same != others.end() && same->second == ratio) continue;
      if (midnight(date) < answer.question.range.start) continue;
      answer.notes.push_back(fmt::format("{} knows a split {:g}:1 of {} that {} does not",
                                         answer.sides[i].key.provider, ratio, format_date(date),
                                         answer.sides[1 - i].key.provider));
    }
  }
  const bool with_dividends = answer.adjust == Adjustment::all;
  if (with_dividends && answer.sides[0].dividends != answer.sides[1].dividends) {
    answer.notes.push_back(
        fmt::format("{} knows {} dividends, {} knows {}: their prices stand on "
                    "different bases",
                    answer.sides[0].key.provider, answer.sides[0].dividends,
                    answer.sides[1].key.provider, answer.sides[1].dividends));
  }
}

}  // namespace

Result<DiffAnswer> diff_providers(Dataset& dataset, const DiffQuestion& question) {
  std::vector<SeriesKey> keys;
  keys.reserve(question.providers.size());
  for (const std::string& provider : question.providers) {
    keys.push_back(
        {.provider = provider, .symbol = question.symbol, .interval = question.interval});
  }
  VORTEX_TRY(const auto states, dataset.states(keys));
  for (const std::size_t i : {0U, 1U}) {
    if (states[i].rows == 0) return std::unexpected(no_bars(states[i], states[1 - i]));
  }
  DiffAnswer answer{.question = question,
                    .adjust = question.adjust.value_or(Adjustment::split),
                    .table_version = dataset.version()};
  auto series = read_both(dataset, question, states, answer.adjust);
  const bool has_dividends = !series && series.error().code == ErrorCode::unsupported;
  if (has_dividends && !question.adjust) {
    answer.adjust = Adjustment::all;
    answer.notes.emplace_back("dividends are in one's prices: both are compared with them (all)");
    series = read_both(dataset, question, states, answer.adjust);
  }
  if (!series) return std::unexpected(std::move(series).error());
  for (const std::size_t i : {0U, 1U}) {
    VORTEX_TRY(answer.sides[i], side_of(dataset, question, (*series)[i]));
  }
  const auto& [first, second] = *series;
  answer.tick = larger_tick(first, second);
  answer.covered =
      in_both(asked_of(first.state, question.range), asked_of(second.state, question.range));
  if (answer.covered.empty()) answer.notes.emplace_back("no range was asked of both");
  note_basis(answer, *series);
  auto splits = splits_in(first.actions, question.today);
  splits.merge(splits_in(second.actions, question.today));
  VORTEX_TRY(answer.comparison, compare_bars(*first.bars, *second.bars,
                                             {.tick = answer.tick,
                                              .tick_steps = tick_steps(splits, answer.adjust),
                                              .ticks = question.ticks,
                                              .price_tolerance = question.price_tolerance,
                                              .volume_tolerance = question.volume_tolerance,
                                              .covered = answer.covered,
                                              .listed_max = question.listed_max}));
  return answer;
}

void publish_diff(const DiffAnswer& answer, TimePoint now, EventBus& events, Meters& meters) {
  const BarComparison& found = answer.comparison;
  const auto& [first, second] = answer.question.providers;
  const std::int64_t bars = found.bars_compared + found.missing_first + found.missing_second;
  const std::string pair = first + "," + second;
  meters.counter(kDiffBarsFamily, pair).add(static_cast<std::uint64_t>(bars));
  meters.counter(kDiffDifferencesFamily, pair)
      .add(static_cast<std::uint64_t>(found.differences_total + found.factors_total));
  meters.gauge(kDiffAgreementFamily, pair).set(found.agreement());
  events.publish({.time = now,
                  .type = EventType::data_compared,
                  .provider = std::string_view(first),
                  .symbol = std::string_view(answer.question.symbol),
                  .text = std::string_view(second),
                  .count = found.differences_total + found.factors_total,
                  .of = bars,
                  .measure = found.agreement()});
}

}  // namespace vortex
