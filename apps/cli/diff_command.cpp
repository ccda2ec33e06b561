// `vortex diff SYMBOL --providers a,b`: two providers' stored bars against each other.
#include <algorithm>

#include <fmt/core.h>

#include "vortex/engine/provider_diff.hpp"

#include "apps/cli/commands.hpp"
#include "apps/cli/error_text.hpp"
#include "apps/cli/event_log.hpp"
#include "apps/cli/series_choice.hpp"

namespace vortex::cli {
namespace {

constexpr std::int64_t kShownDefault = 20;
constexpr double kTicksMax = 1e6;

using Names = std::array<std::string, 2>;

// Which two, of --providers and --provider together.
Result<Names> two_providers(CommandContext& context) {
  const Arguments& arguments = context.arguments();
  const auto known = context.registry().names();
  VORTEX_TRY(auto names, arguments.providers(known, "--providers"));
  VORTEX_TRY(const auto others, arguments.providers(known));
  for (const std::string& other : others) {
    if (std::ranges::find(names, other) == names.end()) names.push_back(other);
  }
  if (names.size() == 2) return Names{names[0], names[1]};
  Error error{.code = ErrorCode::usage,
              .message = fmt::format("diff compares two different providers, not {}", names.size()),
              .hint = fmt::format("vortex diff '{}' --providers yahoo,alphavantage",
                                  untrusted(arguments.positional[0], 40))};
  return std::unexpected(std::move(error));
}

Result<DiffQuestion> question_of(CommandContext& context) {
  const Arguments& arguments = context.arguments();
  VORTEX_TRY(const Symbol symbol, Symbol::parse(arguments.positional[0]));
  VORTEX_TRY(auto providers, two_providers(context));
  VORTEX_TRY(const auto interval, arguments.interval());
  VORTEX_TRY(const auto since, arguments.since());
  VORTEX_TRY(const auto until, arguments.until());
  VORTEX_TRY(const auto ticks, arguments.number("--ticks", 0, kTicksMax));
  VORTEX_TRY(const auto price, arguments.number("--price-tolerance", 0, 1));
  VORTEX_TRY(const auto volume, arguments.number("--volume-tolerance", 0, 1));
  constexpr auto kLimitMax = static_cast<std::int64_t>(kDifferencesListedMax);
  VORTEX_TRY(const auto limit, arguments.integer("--limit", 0, kLimitMax));
  const std::int64_t shown = context.json() ? kLimitMax : kShownDefault;
  DiffQuestion question{
      .symbol = symbol.text(),
      .interval = interval.value_or(Interval::d1),
      .range = {since.value_or(TimePoint::min()), until.value_or(TimePoint::max())},
      .providers = std::move(providers),
      .today = date_of(context.clock().now()),
      .ticks = ticks.value_or(kTicksDefault),
      .price_tolerance = price.value_or(kPriceToleranceDefault),
      .volume_tolerance = volume.value_or(kVolumeToleranceDefault),
      .listed_max = static_cast<std::size_t>(limit.value_or(shown))};
  if (const auto adjust = arguments.value("--adjust")) {
    VORTEX_TRY(question.adjust, parse_adjustment(*adjust));
  }
  return question;
}

std::string_view missing_from(const DiffAnswer& answer, DifferenceKind kind) {
  return answer.question.providers[kind == DifferenceKind::missing_first ? 0 : 1];
}

void write_number(JsonWriter& json, std::optional<double> number) {
  if (number)
    json.value(*number);
  else
    json.null();
}

void write_difference(JsonWriter& json, const DiffAnswer& answer, const BarDifference& one) {
  json.begin_object();
  json.member("timestamp", format_time(one.time));
  if (one.kind == DifferenceKind::value) {
    json.member("kind", "value");
    json.member("field", to_string(one.field));
    json.key("values");
    json.begin_array();
    write_number(json, one.first);
    write_number(json, one.second);
    json.end_array();
    json.member_or_null("factor", one.factor.is_one() ? "" : to_string(one.factor));
  } else {
    json.member("kind", "missing");
    json.member("missing_from", missing_from(answer, one.kind));
  }
  json.end_object();
}

void write_factor(JsonWriter& json, const FactorRun& run) {
  json.begin_object();
  json.member("kind", to_string(run.factor.kind()));
  json.member("factor", to_string(run.factor));
  json.member("of", run.is_volume ? "volume" : "prices");
  json.member("first", format_time(run.first));
  json.member("last", format_time(run.last));
  json.member("bars", run.bars);
  json.end_object();
}

void write_side(JsonWriter& json, const DiffSide& side, std::int64_t missing) {
  json.begin_object();
  json.member("provider", side.key.provider);
  json.member("rows", side.rows);
  json.key("adjusted");
  json.begin_array();
  for (const std::string& word : side.adjusted) json.value(word);
  json.end_array();
  json.member("splits", side.splits);
  json.member("dividends", side.dividends);
  json.member("missing", missing);
  json.end_object();
}

void write_basis(JsonWriter& json, const DiffAnswer& answer) {
  json.member("adjust", to_string(answer.adjust));
  json.key("tolerance");
  json.begin_object();
  json.key("tick");
  write_number(json, answer.tick);
  json.member("ticks", answer.question.ticks);
  json.member("price", answer.question.price_tolerance);
  json.member("volume", answer.question.volume_tolerance);
  json.end_object();
  json.key("covered");
  json.begin_array();
  for (const TimeRange& range : answer.covered.ranges()) {
    json.begin_object();
    json.member("from", format_time(range.start));
    json.member("to", format_time(range.end));
    json.end_object();
  }
  json.end_array();
}

void write_counts(JsonWriter& json, const BarComparison& found) {
  json.key("bars");
  json.begin_object();
  json.member("compared", found.bars_compared);
  json.member("equal", found.bars_equal);
  json.member("scaled", found.bars_scaled);
  json.member("differing", found.bars_differing);
  json.member("unfinal", found.bars_unfinal);
  json.member("missing", found.missing_first + found.missing_second);
  json.end_object();
  json.member("agreement", found.agreement());
  json.key("fields");
  json.begin_object();
  for (std::size_t i = 0; i < kBarFields; ++i) {
    json.key(to_string(static_cast<BarField>(i)));
    json.begin_object();
    json.member("differing", found.fields[i].differing);
    json.member("largest", found.fields[i].largest);
    json.end_object();
  }
  json.end_object();
}

std::string diff_json(const DiffAnswer& answer, bool failed) {
  const BarComparison& found = answer.comparison;
  JsonWriter json = begin_answer("diff", failed ? "failed" : "ok");
  json.member("symbol", answer.question.symbol);
  json.member("interval", to_string(answer.question.interval));
  json.member("table_version", answer.table_version);
  json.key("providers");
  json.begin_array();
  write_side(json, answer.sides[0], found.missing_first);
  write_side(json, answer.sides[1], found.missing_second);
  json.end_array();
  write_basis(json, answer);
  json.member("agree", found.agree());
  write_counts(json, found);
  json.member("factors_total", found.factors_total);
  json.key("factors");
  json.begin_array();
  for (const FactorRun& run : found.factors) write_factor(json, run);
  json.end_array();
  json.member("differences_total", found.differences_total);
  json.key("differences");
  json.begin_array();
  for (const BarDifference& one : found.differences) write_difference(json, answer, one);
  json.end_array();
  json.key("notes");
  json.begin_array();
  for (const std::string& note : answer.notes) json.value(note);
  json.end_array();
  json.end_object();
  return json.take() + "\n";
}

std::string number_text(std::optional<double> number) {
  if (!number) return "none";
  std::string text;
  append_double(text, *number);
  return text;
}

std::string stamp_text(const DiffAnswer& answer, TimePoint time) {
  return is_intraday(answer.question.interval) ? format_time(time) : format_date(date_of(time));
}

std::string_view why_text(const FactorRun& run) {
  if (run.factor.kind() == FactorKind::units)
    return run.is_volume ? "units of a hundred" : "units of a hundred, as pence and pounds";
  return "as a split leaves behind";
}

std::string diff_text(const DiffAnswer& answer) {
  const auto& [first, second] = answer.question.providers;
  std::string text;
  for (const FactorRun& run : answer.comparison.factors) {
    text +=
        fmt::format("{}..{}  {:<8} {} is {} of {}: {} ({} bars)\n", stamp_text(answer, run.first),
                    stamp_text(answer, run.last), run.is_volume ? "volume" : "prices", second,
                    to_string(run.factor), first, why_text(run), run.bars);
  }
  for (const BarDifference& one : answer.comparison.differences) {
    const std::string stamp = stamp_text(answer, one.time);
    if (one.kind != DifferenceKind::value) {
      text += fmt::format("{}  missing from {}\n", stamp, missing_from(answer, one.kind));
      continue;
    }
    text += fmt::format("{}  {:<8} {} {}  {} {}\n", stamp, to_string(one.field), first,
                        number_text(one.first), second, number_text(one.second));
  }
  return text;
}

void tell_summary(Output& output, const DiffAnswer& answer) {
  const BarComparison& found = answer.comparison;
  const auto& [first, second] = answer.question.providers;
  output.note(fmt::format(
      "{} {}: {} and {} on {}: {} bars compared, {} equal, {} scaled, {} differing; missing: {} "
      "from {}, {} from {}",
      answer.question.symbol, to_string(answer.question.interval), first, second,
      to_string(answer.adjust), found.bars_compared, found.bars_equal, found.bars_scaled,
      found.bars_differing, found.missing_first, first, found.missing_second, second));
  const auto listed = static_cast<std::int64_t>(found.differences.size());
  if (listed < found.differences_total) {
    output.note(fmt::format("{} of {} differences are listed: --limit N lists more, --json all",
                            listed, found.differences_total));
  }
  for (const std::string& note : answer.notes) output.note("note: " + note);
}

void tell_event(CommandContext& context, const DiffAnswer& answer, EventLog& events) {
  if (events.bus() == nullptr) return;
  Meters meters;  // of this one comparison: nobody reads them later
  publish_diff(answer, context.clock().now(), *events.bus(), meters);
}

}  // namespace

// Differences are an answer, as in `calendar diff`; with --strict they make the command fail.
CommandResult run_diff(CommandContext& context) {
  VORTEX_TRY(const DiffQuestion question, question_of(context));
  VORTEX_TRY(const LoadedSettings loaded, context.load());
  VORTEX_TRY(const std::string path, store_path(loaded.settings.store_uri));
  VORTEX_TRY_VOID(check_store_exists(path));
  VORTEX_TRY(Dataset dataset, Dataset::open(path, context.clock()));
  VORTEX_TRY(const auto states, dataset.all_states());
  const SeriesWanted either{.symbol = question.symbol,
                            .interval = question.interval,
                            .providers = {question.providers[0], question.providers[1]}};
  VORTEX_TRY_VOID(choose_series(either, loaded.settings, states, path));
  VORTEX_TRY(const DiffAnswer answer, diff_providers(dataset, question));
  VORTEX_TRY(EventLog events, EventLog::start(context.clock()));
  tell_event(context, answer, events);
  const bool failed = context.arguments().has("--strict") && !answer.comparison.agree();
  const std::string text = context.json() ? diff_json(answer, failed) : diff_text(answer);
  VORTEX_TRY_VOID(context.output().data(text));
  if (!context.json()) tell_summary(context.output(), answer);
  return failed ? exit_code(ErrorClass::quality) : 0;
}

}  // namespace vortex::cli
