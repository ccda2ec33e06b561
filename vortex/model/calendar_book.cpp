#include "vortex/model/calendar_book.hpp"

#include <cassert>
#include <utility>

#include <fmt/format.h>

#include "vortex/base/sha256.hpp"
#include "vortex/base/suggest.hpp"
#include "vortex/model/calendar_table.hpp"
#include "vortex/model/market_rules.hpp"

namespace vortex {
namespace {

constexpr std::size_t kDigestDigits = 12;

// Names of venues whose hours are known by rule.
constexpr std::pair<std::string_view, std::string_view> kRuleAliases[] = {
    {"XCME", "CME"},  {"XCBT", "CME"},  {"XCEC", "CME"}, {"XNYM", "CME"},    {"CBOT", "CME"},
    {"COMEX", "CME"}, {"NYMEX", "CME"}, {"FOREX", "FX"}, {"CRYPTO", "24/7"},
};

std::string change_text(const CalendarChange& change) {
  std::string text = change.name + "|" + change.zone.value_or("") + "|" + change.title;
  for (const auto& day : change.week) text += "|" + (day ? to_string(*day) : "");
  for (const auto& [date, special] : change.days) {
    text += fmt::format("|{} {} {}", format_date(date),
                        special.hours ? to_string(*special.hours) : "closed", special.reason);
  }
  for (const TimeRange& halt : change.halts) text += "|" + to_string(halt);
  return text;
}

}  // namespace

const CalendarBook& CalendarBook::built_in() {
  static const CalendarBook book = [] {
    auto made = from_table();
    assert(made && "the table compiled in is read by a test");
    return made ? std::move(*made) : CalendarBook();
  }();
  return book;
}

Result<CalendarBook> CalendarBook::from_table() {
  VORTEX_TRY(CalendarTable table, read_calendar_table(calendar_table_lines()));
  CalendarBook book;
  book.source_ = table.source;
  book.version_ = table.source;
  const auto add = [&](CalendarRules rules) -> Result<void> {
    std::string name = rules.name;
    VORTEX_TRY(SessionCalendar calendar, SessionCalendar::create(std::move(rules)));
    book.calendars_.emplace(std::move(name), std::move(calendar));
    return {};
  };
  for (auto& [name, rules] : table.calendars) {
    if (name == "XNYS") rules.rule = nyse_special_day;
    // A machine whose tz database lacks a zone lacks the calendars there, and `find` says so.
    if (const auto added = add(std::move(rules)); !added) continue;
  }
  for (CalendarRules& rules : calendars_by_rule()) VORTEX_TRY_VOID(add(std::move(rules)));
  for (auto& [alias, name] : table.aliases) book.aliases_.emplace(alias, std::move(name));
  for (const auto& [alias, name] : kRuleAliases) book.aliases_.emplace(alias, name);
  return book;
}

Result<CalendarBook> CalendarBook::with(const CalendarChanges& changes) const {
  CalendarBook book = *this;
  std::string text;
  for (const CalendarChange& change : changes.calendars) {
    VORTEX_TRY_VOID(book.apply(change));
    text += change_text(change) + "\n";
  }
  for (const auto& [symbol, name] : changes.symbols) {
    VORTEX_TRY(const SessionCalendar calendar, book.find(name));
    book.symbols_[symbol] = calendar.name();
    text += symbol + "=" + calendar.name() + "\n";
  }
  if (!changes.empty())
    book.version_ = fmt::format("{}+{}", source_, sha256_hex(text).substr(0, kDigestDigits));
  return book;
}

Result<void> CalendarBook::apply(const CalendarChange& change) {
  CalendarRules rules;
  if (change.zone) {
    rules = {.name = change.name,
             .title = change.title.empty() ? change.name : change.title,
             .zone = *change.zone,
             .weeks = {{.from = Date::min(), .days = change.week}}};
    rules.rule = [](Date) {
      return std::optional<SpecialDay>();
    };
  } else {
    VORTEX_TRY(const SessionCalendar known, find(change.name));
    rules = known.rules();
  }
  for (const auto& [date, day] : change.days) rules.changed[date] = day;
  for (const TimeRange& halt : change.halts) rules.halts.add(halt);
  const std::string name = rules.name;
  VORTEX_TRY(SessionCalendar made, SessionCalendar::create(std::move(rules)));
  calendars_.insert_or_assign(name, std::move(made));
  if (change.zone) aliases_.erase(name);
  return {};
}

std::string_view CalendarBook::resolve(std::string_view name) const {
  const auto alias = aliases_.find(name);
  return alias == aliases_.end() ? name : std::string_view(alias->second);
}

Result<SessionCalendar> CalendarBook::find(std::string_view name) const {
  if (const auto found = calendars_.find(resolve(name)); found != calendars_.end())
    return found->second;
  std::vector<std::string_view> known = names();
  for (const auto& [alias, calendar] : aliases_) known.push_back(alias);
  return fail(ErrorCode::unknown_name,
              fmt::format("no calendar '{}'{}", untrusted(name, 48), did_you_mean(name, known)));
}

std::optional<SessionCalendar> CalendarBook::of(const Instrument& instrument) const {
  const auto given = symbols_.find(instrument.symbol);
  const std::string_view name =
      given == symbols_.end() ? calendar_name_of(instrument) : std::string_view(given->second);
  const auto found = calendars_.find(resolve(name));
  return found == calendars_.end() ? std::nullopt : std::optional(found->second);
}

std::vector<std::string_view> CalendarBook::names() const {
  std::vector<std::string_view> names;
  names.reserve(calendars_.size());
  for (const auto& [name, calendar] : calendars_) names.push_back(name);
  return names;
}

}  // namespace vortex
