// `vortex calendar show|next|diff [NAME]`: the sessions of a market, the next one, and what the
// stored bars say against them.
#include <algorithm>

#include <fmt/core.h>

#include "vortex/config/calendar_file.hpp"
#include "vortex/engine/calendar_diff.hpp"
#include "vortex/store/dataset.hpp"

#include "apps/cli/commands.hpp"
#include "apps/cli/error_text.hpp"

namespace vortex::cli {
namespace {

using std::chrono::days;

constexpr Duration kShownSpan = days(31);
constexpr days kHorizonAlert{60};           // nearer than this, a table wants to be made anew
constexpr std::size_t kSeriesABatch = 256;  // whose stamps are in memory at the same time

struct Question {
  CalendarBook book;
  Settings settings;
  std::string name;
  std::optional<TimePoint> since;
  std::optional<TimePoint> until;
};

Result<Question> question_of(CommandContext& context) {
  const Arguments& arguments = context.arguments();
  VORTEX_TRY(const auto since, arguments.since());
  VORTEX_TRY(const auto until, arguments.until());
  VORTEX_TRY(LoadedSettings loaded, context.load());
  VORTEX_TRY(CalendarBook book, load_calendars(loaded.settings.calendar_file));
  return Question{.book = std::move(book),
                  .settings = std::move(loaded.settings),
                  .name = arguments.positional.size() > 1 ? arguments.positional[1] : "",
                  .since = since,
                  .until = until};
}

Result<SessionCalendar> calendar_of(const Question& question) {
  if (!question.name.empty()) return question.book.find(question.name);
  Error error{.code = ErrorCode::usage,
              .message = "which calendar? A name is missing",
              .hint = "vortex calendar show (lists all)"};
  return std::unexpected(std::move(error));
}

std::string date_or(const std::optional<Date>& date, std::string_view none) {
  return date ? format_date(*date) : std::string(none);
}

void write_head(JsonWriter& json, const CalendarBook& book, const SessionCalendar& calendar) {
  json.member("calendar", calendar.name());
  json.member("title", calendar.rules().title);
  json.member("zone", calendar.zone().name());
  json.member("version", book.version());
  json.member_or_null("first", date_or(calendar.first(), ""));
  json.member_or_null("horizon", date_or(calendar.horizon(), ""));
}

void write_session(JsonWriter& json, const TradingSession& session) {
  json.begin_object();
  json.member("date", format_date(session.date));
  json.member("open", format_time(session.open));
  json.member("close", format_time(session.close));
  json.member_or_null("pause_start", session.pause ? format_time(session.pause->start) : "");
  json.member_or_null("pause_end", session.pause ? format_time(session.pause->end) : "");
  json.member("kind", to_string(session.kind));
  json.member("by_rule", session.by_rule);
  json.end_object();
}

std::string session_line(const TradingSession& session) {
  std::string line = fmt::format("{}  {}  {}", format_date(session.date), format_time(session.open),
                                 format_time(session.close));
  if (session.pause) {
    line += fmt::format("  pause {}..{}", format_time(session.pause->start).substr(11),
                        format_time(session.pause->end).substr(11));
  }
  if (session.kind != SessionKind::regular) line += fmt::format("  {}", to_string(session.kind));
  if (session.by_rule) line += "  by rule";
  return line + "\n";
}

void tell_horizon(CommandContext& context, const SessionCalendar& calendar) {
  if (!calendar.horizon() || calendar.knows(*calendar.horizon() + days(1))) return;
  if (*calendar.horizon() - date_of(context.clock().now()) > kHorizonAlert) return;
  context.output().note(
      fmt::format("{} is known until {}: a newer vortex knows more, or add days "
                  "in calendars.file",
                  calendar.name(), format_date(*calendar.horizon())));
}

CommandResult list_calendars(CommandContext& context, const Question& question) {
  JsonWriter json = begin_answer("calendar show", "ok");
  json.member("version", question.book.version());
  json.key("calendars");
  json.begin_array();
  std::string text;
  for (const std::string_view name : question.book.names()) {
    VORTEX_TRY(const SessionCalendar calendar, question.book.find(name));
    json.begin_object();
    write_head(json, question.book, calendar);
    json.end_object();
    text += fmt::format("{:<14} {:<32} {:<10}  {:<10}  {}\n", name, calendar.zone().name(),
                        date_or(calendar.first(), "-"), date_or(calendar.horizon(), "by rule"),
                        calendar.rules().title);
  }
  json.end_array();
  json.end_object();
  VORTEX_TRY_VOID(context.output().data(context.json() ? json.take() + "\n" : text));
  return 0;
}

CommandResult show(CommandContext& context, const Question& question) {
  if (question.name.empty()) return list_calendars(context, question);
  VORTEX_TRY(const SessionCalendar calendar, calendar_of(question));
  const TimePoint since = question.since.value_or(context.clock().now());
  const Date from = date_of(since);
  const Date to = std::chrono::ceil<days>(question.until.value_or(since + kShownSpan));
  const auto sessions = calendar.sessions(from, to);
  if (context.json()) {
    JsonWriter json = begin_answer("calendar show", "ok");
    write_head(json, question.book, calendar);
    json.member("from", format_date(from));
    json.member("to", format_date(to));
    json.key("sessions");
    json.begin_array();
    for (const TradingSession& session : sessions) write_session(json, session);
    json.end_array();
    json.end_object();
    VORTEX_TRY_VOID(context.output().data(json.take() + "\n"));
  } else {
    std::string text;
    for (const TradingSession& session : sessions) text += session_line(session);
    VORTEX_TRY_VOID(context.output().data(text));
  }
  context.output().note(fmt::format("{}: {} sessions in {}..{}", calendar.name(), sessions.size(),
                                    format_date(from), format_date(to)));
  if (!calendar.knows(from) || !calendar.knows(to - days(1)))
    context.output().note(fmt::format("known from {} to {}", date_or(calendar.first(), "ever"),
                                      date_or(calendar.horizon(), "ever")));
  tell_horizon(context, calendar);
  return 0;
}

CommandResult next(CommandContext& context, const Question& question) {
  VORTEX_TRY(const SessionCalendar calendar, calendar_of(question));
  const TimePoint now = question.since.value_or(context.clock().now());
  const auto current = calendar.session_of(now);
  auto coming = calendar.next_session(calendar.zone().local_date(now));
  while (coming && coming->open <= now) coming = calendar.next_session(coming->date + days(1));
  if (context.json()) {
    JsonWriter json = begin_answer("calendar next", "ok");
    write_head(json, question.book, calendar);
    json.member("at", format_time(now));
    json.member("is_open", calendar.is_open(now));
    json.key("session");
    if (current)
      write_session(json, *current);
    else
      json.null();
    json.key("next");
    if (coming)
      write_session(json, *coming);
    else
      json.null();
    json.end_object();
    VORTEX_TRY_VOID(context.output().data(json.take() + "\n"));
  } else {
    std::string text;
    if (current) {
      text += fmt::format("{} until {}, session {}\n", calendar.is_open(now) ? "open" : "pausing",
                          format_time(current->close), format_date(current->date));
    }
    text += coming ? fmt::format("opens {}, session {}\n", format_time(coming->open),
                                 format_date(coming->date))
                   : "no session is known after that\n";
    VORTEX_TRY_VOID(context.output().data(text));
  }
  tell_horizon(context, calendar);
  return 0;
}

// The series of the dataset that keep the calendar.
Result<std::vector<SeriesKey>> series_of(CommandContext& context, const Question& question,
                                         const SessionCalendar& calendar, Dataset& dataset) {
  const Arguments& arguments = context.arguments();
  VORTEX_TRY(const auto interval, arguments.interval());
  VORTEX_TRY(const auto providers, arguments.providers(context.registry().names()));
  VORTEX_TRY(const InstrumentTable instruments, dataset.instruments());
  VORTEX_TRY(const auto states, dataset.all_states());
  std::vector<SeriesKey> keys;
  for (const SeriesState& state : states) {
    const SeriesKey& key = state.key;
    const bool asked =
        providers.empty() || std::ranges::find(providers, key.provider) != providers.end();
    if (state.rows == 0 || !asked || (interval && key.interval != *interval)) continue;
    const auto known = instruments.find({key.provider, key.symbol});
    const auto kept = question.book.of(known == instruments.end() ? Instrument{.symbol = key.symbol}
                                                                  : known->second);
    if (kept && kept->name() == calendar.name()) keys.push_back(key);
  }
  return keys;
}

Result<CalendarDiff> diff_of(const Question& question, const SessionCalendar& calendar,
                             Dataset& dataset, const std::vector<SeriesKey>& keys) {
  CalendarDiff diff(calendar);
  const TimeRange range{question.since.value_or(TimePoint::min()),
                        question.until.value_or(TimePoint::max())};
  for (std::size_t i = 0; i < keys.size(); i += kSeriesABatch) {
    const auto end = std::min(keys.size(), i + kSeriesABatch);
    const std::vector<SeriesKey> some(keys.begin() + static_cast<std::ptrdiff_t>(i),
                                      keys.begin() + static_cast<std::ptrdiff_t>(end));
    VORTEX_TRY(auto stamps, dataset.stamps(some));
    for (std::size_t k = 0; k < some.size(); ++k) {
      std::erase_if(stamps[k], [&](TimePoint stamp) { return !range.holds(stamp); });
      diff.add(some[k].interval, stamps[k]);
    }
  }
  return diff;
}

std::string contradiction_line(const Contradiction& one) {
  const std::string dates =
      one.first == one.last ? format_date(one.first)
                            : fmt::format("{}..{}", format_date(one.first), format_date(one.last));
  switch (one.kind) {
    case ContradictionKind::traded_when_closed:
      return fmt::format("{}  closed by the calendar, but {} of {} series have {} bars\n", dates,
                         one.series, one.series_of, one.bars);
    case ContradictionKind::outside_hours:
      return fmt::format("{}  {} bars of {} of {} series lie outside the hours\n", dates, one.bars,
                         one.series, one.series_of);
    case ContradictionKind::silent_session:
      return fmt::format("{}  {} sessions without a bar in any of {} series\n", dates, one.days,
                         one.series_of);
  }
  return "";
}

std::string diff_json(const Question& question, const SessionCalendar& calendar,
                      const CalendarDiff& diff) {
  JsonWriter json = begin_answer("calendar diff", "ok");
  write_head(json, question.book, calendar);
  json.member("series", diff.series());
  json.member("bars", diff.bars());
  json.key("contradictions");
  json.begin_array();
  for (const Contradiction& one : diff.contradictions()) {
    json.begin_object();
    json.member("kind", to_string(one.kind));
    json.member("first", format_date(one.first));
    json.member("last", format_date(one.last));
    json.member("days", one.days);
    json.member("bars", one.bars);
    json.member("series", one.series);
    json.member("series_of", one.series_of);
    json.end_object();
  }
  json.end_array();
  json.end_object();
  return json.take() + "\n";
}

CommandResult diff(CommandContext& context, const Question& question) {
  VORTEX_TRY(const SessionCalendar calendar, calendar_of(question));
  VORTEX_TRY(const std::string path, store_path(question.settings.store_uri));
  VORTEX_TRY_VOID(check_store_exists(path));
  VORTEX_TRY(Dataset dataset, Dataset::open(path, context.clock()));
  VORTEX_TRY(const auto keys, series_of(context, question, calendar, dataset));
  VORTEX_TRY(const CalendarDiff found, diff_of(question, calendar, dataset, keys));
  if (context.json()) {
    VORTEX_TRY_VOID(context.output().data(diff_json(question, calendar, found)));
    return 0;
  }
  std::string text;
  for (const Contradiction& one : found.contradictions()) text += contradiction_line(one);
  VORTEX_TRY_VOID(context.output().data(text));
  context.output().note(fmt::format("{}: {} bars of {} series, {} contradictions", calendar.name(),
                                    found.bars(), found.series(), found.contradictions().size()));
  return 0;
}

}  // namespace

CommandResult run_calendar(CommandContext& context) {
  const std::string& what = context.arguments().positional[0];
  VORTEX_TRY_VOID(check_choice("calendar command", what, {"show", "next", "diff"}));
  VORTEX_TRY(const Question question, question_of(context));
  if (what == "next") return next(context, question);
  if (what == "diff") return diff(context, question);
  return show(context, question);
}

}  // namespace vortex::cli
