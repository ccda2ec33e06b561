// `vortex gaps [SYMBOL…]`: what is missing by the session calendar, and what is not there for a
// good reason.
#include <algorithm>
#include <map>

#include <fmt/core.h>

#include "apps/cli/commands.hpp"
#include "apps/cli/error_text.hpp"
#include "apps/cli/gap_question.hpp"

namespace vortex::cli {
namespace {

constexpr int kRangesShownMax = 10;  // of a series; --json lists all

// Added up over all series.
struct Totals {
  std::int64_t series = 0;
  std::int64_t series_unknown = 0;  // without a calendar
  std::int64_t missing = 0;
  std::int64_t failed = 0;
};

void write_range(JsonWriter& json, const StatedRange& one) {
  json.begin_object();
  json.member("from", format_time(one.range.start));
  json.member("to", format_time(one.range.end));
  json.member("state", to_string(one.state));
  json.member_or_null("reason", untrusted(one.reason));
  json.member("bars", one.bars);
  json.end_object();
}

void write_series(JsonWriter& json, const SeriesFacts& facts, const SeriesGaps& gaps) {
  json.begin_object();
  json.member("provider", facts.state.key.provider);
  json.member("symbol", facts.state.key.symbol);
  json.member("interval", to_string(facts.state.key.interval));
  json.member_or_null("calendar", facts.calendar ? facts.calendar->name() : "");
  json.member("from", format_time(facts.wanted.start));
  json.member("to", format_time(facts.wanted.end));
  json.key("expected");
  if (gaps.is_known)
    json.value(gaps.expected);
  else
    json.null();
  json.key("have");
  if (gaps.is_known)
    json.value(gaps.count(GapState::have));
  else
    json.null();
  json.member("stored", std::ssize(facts.stamps));
  json.member("missing", gaps.count(GapState::missing));
  json.member("failed", gaps.count(GapState::failed));
  json.member("empty", gaps.count(GapState::empty));
  json.member("not_due", gaps.count(GapState::not_due));
  json.key("ranges");
  json.begin_array();
  for (const StatedRange& one : gaps.ranges) write_range(json, one);
  json.end_array();
  json.end_object();
}

std::string series_text(const SeriesFacts& facts, const SeriesGaps& gaps) {
  const SeriesKey& key = facts.state.key;
  const std::string title =
      fmt::format("{:<14} {:<16} {:<4}", key.provider, key.symbol, to_string(key.interval));
  if (!gaps.is_known)
    return fmt::format("{} unknown: no calendar ({} bars)\n", title, facts.stamps.size());
  std::map<std::string, std::int64_t> empties;
  for (const StatedRange& one : gaps.ranges) {
    if (one.state == GapState::empty && one.bars > 0) empties[one.reason] += one.bars;
  }
  std::string text = fmt::format("{} {}: {} of {} bars", title, facts.calendar->name(),
                                 gaps.count(GapState::have), gaps.expected);
  const auto add = [&](std::int64_t bars, std::string_view what) {
    if (bars > 0) text += fmt::format(", {} {}", bars, what);
  };
  add(gaps.count(GapState::missing), "missing");
  add(gaps.count(GapState::failed), "failed");
  for (const auto& [reason, bars] : empties) add(bars, reason);
  add(gaps.count(GapState::not_due), "not yet due");
  text += "\n";
  int shown = 0;
  for (const StatedRange& one : gaps.ranges) {
    const bool is_gap = one.state == GapState::missing || one.state == GapState::failed ||
                        one.state == GapState::unknown;
    if (!is_gap || ++shown > kRangesShownMax) continue;
    text += fmt::format("    {} {} {} bars{}{}\n", to_string(one.range), to_string(one.state),
                        one.bars, one.reason.empty() ? "" : " ", untrusted(one.reason, 100));
  }
  if (shown > kRangesShownMax)
    text += fmt::format("    and {} ranges more (--json lists all)\n", shown - kRangesShownMax);
  return text;
}

}  // namespace

CommandResult run_gaps(CommandContext& context) {
  VORTEX_TRY(const GapCommand command, gap_command(context));
  JsonWriter json = begin_answer("gaps", "ok");
  json.member("calendars", command.calendars.version());
  json.key("series");
  json.begin_array();
  std::string text;
  Totals totals;
  VORTEX_TRY_VOID(
      visit_gaps(context, command, [&](const SeriesFacts& facts, const SeriesGaps& gaps) {
        ++totals.series;
        totals.series_unknown += gaps.is_known ? 0 : 1;
        totals.missing += gaps.count(GapState::missing);
        totals.failed += gaps.count(GapState::failed);
        if (context.json())
          write_series(json, facts, gaps);
        else
          text += series_text(facts, gaps);
      }));
  json.end_array();
  json.member("missing", totals.missing);
  json.member("failed", totals.failed);
  json.end_object();
  VORTEX_TRY_VOID(context.output().data(context.json() ? json.take() + "\n" : text));
  context.output().note(fmt::format(
      "{} series, {} bars missing, {} failed{}{}", totals.series, totals.missing, totals.failed,
      totals.series_unknown > 0
          ? fmt::format(", {} series without a calendar", totals.series_unknown)
          : "",
      totals.missing + totals.failed > 0 ? ": vortex repair asks for them" : ""));
  return 0;
}

}  // namespace vortex::cli
