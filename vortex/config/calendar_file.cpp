#include "vortex/config/calendar_file.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "vortex/base/suggest.hpp"
#include "vortex/base/time_zone.hpp"
#include "vortex/config/config_file.hpp"
#include "vortex/config/toml_reader.hpp"
#include "vortex/model/symbol.hpp"

namespace vortex {
namespace {

constexpr std::string_view kKeys[] = {"closed", "hours", "halts",  "zone",
                                      "title",  "days",  "session"};

// Reads the tree; the first thing that is wrong ends it, with file, line and key.
class CalendarFileReader {
 public:
  explicit CalendarFileReader(std::string name) : name_(std::move(name)) {}

  Result<CalendarChanges> read(const RawValue& root) {
    const RawTable* sections = root.as_table();
    if (sections == nullptr) return changes_;
    for (const RawMember& section : *sections) {
      if (section.name == "calendars") {
        VORTEX_TRY_VOID(read_calendars(section));
      } else if (section.name != "symbols") {
        constexpr std::string_view kSections[] = {"calendars", "symbols"};
        return wrong(section.line, section.name,
                     "unknown section" + did_you_mean(section.name, kSections));
      }
    }
    // Afterwards, so that a symbol may keep a calendar of the file's own.
    for (const RawMember& section : *sections) {
      if (section.name == "symbols") VORTEX_TRY_VOID(read_symbols(section));
    }
    return std::move(changes_);
  }

 private:
  std::unexpected<Error> wrong(int line, const std::string& key, const std::string& what) const {
    return fail(ErrorCode::config, fmt::format("{}:{}: {}: {}", name_, line, untrusted(key, 80),
                                               untrusted(what, 200)));
  }

  Result<const RawTable*> table_of(const RawMember& member) const {
    const RawTable* table = member.value.as_table();
    if (table == nullptr) return wrong(member.line, member.name, "expected a table");
    return table;
  }

  Result<std::string> text_of(const RawValue& value, int line, const std::string& key) const {
    if (const std::string* text = value.as_string()) return *text;
    if (const auto* date = std::get_if<RawDate>(&value.value)) return date->text;
    return wrong(line, key, "expected a text");
  }

  Result<void> read_symbols(const RawMember& section) {
    VORTEX_TRY(const RawTable* symbols, table_of(section));
    for (const RawMember& member : *symbols) {
      const std::string key = "symbols." + member.name;
      if (const auto symbol = Symbol::parse(member.name); !symbol)
        return wrong(member.line, key, symbol.error().message);
      VORTEX_TRY(std::string calendar, text_of(member.value, member.line, key));
      const bool own = std::ranges::any_of(
          changes_.calendars, [&](const CalendarChange& one) { return one.name == calendar; });
      if (const auto known = CalendarBook::built_in().find(calendar); !own && !known)
        return wrong(member.line, key, known.error().message);
      changes_.symbols[member.name] = std::move(calendar);
    }
    return {};
  }

  Result<void> read_calendars(const RawMember& section) {
    VORTEX_TRY(const RawTable* calendars, table_of(section));
    for (const RawMember& member : *calendars) {
      CalendarChange change{.name = member.name};
      VORTEX_TRY(const RawTable* keys, table_of(member));
      const std::string prefix = "calendars." + member.name;
      std::string days = "12345";
      std::optional<DayHours> session;
      for (const RawMember& key : *keys) {
        VORTEX_TRY_VOID(read_key(key, prefix + "." + key.name, change));
        if (key.name == "days") {
          VORTEX_TRY(days, weekdays_of(key, prefix + ".days"));
        } else if (key.name == "session") {
          VORTEX_TRY(session, hours_of(key.value, key.line, prefix + ".session"));
        }
      }
      VORTEX_TRY_VOID(complete(change, member.line, days, session));
      changes_.calendars.push_back(std::move(change));
    }
    return {};
  }

  Result<void> read_key(const RawMember& key, const std::string& path, CalendarChange& change) {
    if (key.name == "closed") return read_closed(key, path, change);
    if (key.name == "hours") return read_hours(key, path, change);
    if (key.name == "halts") return read_halts(key, path, change);
    if (key.name == "zone") {
      VORTEX_TRY(change.zone, text_of(key.value, key.line, path));
      if (const auto zone = TimeZone::find(*change.zone); !zone)
        return wrong(key.line, path, zone.error().message);
    } else if (key.name == "title") {
      VORTEX_TRY(change.title, text_of(key.value, key.line, path));
    } else if (std::ranges::find(kKeys, key.name) == std::ranges::end(kKeys)) {
      return wrong(key.line, path, "unknown key" + did_you_mean(key.name, kKeys));
    }
    return {};
  }

  // A calendar of one's own needs a zone and a session; of a known one only days may change.
  Result<void> complete(CalendarChange& change, int line, const std::string& days,
                        const std::optional<DayHours>& session) const {
    const std::string key = "calendars." + change.name;
    if (change.zone.has_value() != session.has_value())
      return wrong(line, key, "a calendar of your own needs both zone and session");
    if (!change.zone) {
      const auto known = CalendarBook::built_in().find(change.name);
      if (!known)
        return wrong(line, key,
                     known.error().message + "; one of your own has a zone and a session");
      return {};
    }
    for (const char digit : days) change.week[static_cast<std::size_t>(digit - '0') % 7] = session;
    return {};
  }

  Result<std::string> weekdays_of(const RawMember& key, const std::string& path) const {
    VORTEX_TRY(std::string days, text_of(key.value, key.line, path));
    if (days.empty() || days.find_first_not_of("1234567") != std::string::npos)
      return wrong(key.line, path, "expected digits from 1 (Monday) to 7, such as \"12345\"");
    return days;
  }

  Result<DayHours> hours_of(const RawValue& value, int line, const std::string& path) const {
    VORTEX_TRY(const std::string text, text_of(value, line, path));
    const auto hours = parse_hours(text);
    if (!hours) {
      return wrong(line, path,
                   fmt::format("'{}' is no session: 09:30-16:00, 09:30-12:00+13:00-16:00 with a "
                               "pause, <17:00-16:00 from the day before",
                               text));
    }
    return *hours;
  }

  Result<Date> date_of_text(const std::string& text, int line, const std::string& path) const {
    const auto date = parse_date(text);
    if (!date) return wrong(line, path, fmt::format("'{}' is no date such as 2027-03-01", text));
    return *date;
  }

  Result<void> add_day(Date date, SpecialDay day, int line, const std::string& path,
                       CalendarChange& change) const {
    if (change.days.emplace(date, std::move(day)).second) return {};
    return wrong(line, path, format_date(date) + " is said twice");
  }

  Result<void> read_closed(const RawMember& key, const std::string& path, CalendarChange& change) {
    const RawArray* dates = key.value.as_array();
    if (dates == nullptr) return wrong(key.line, path, "expected a list of dates");
    for (const RawValue& value : *dates) {
      const int line = value.line > 0 ? value.line : key.line;
      VORTEX_TRY(const std::string text, text_of(value, line, path));
      VORTEX_TRY(const Date date, date_of_text(text, line, path));
      VORTEX_TRY_VOID(add_day(date, {.reason = "closed by your file"}, line, path, change));
    }
    return {};
  }

  Result<void> read_hours(const RawMember& key, const std::string& path, CalendarChange& change) {
    const RawTable* days = key.value.as_table();
    if (days == nullptr) return wrong(key.line, path, R"(expected { "DATE" = "09:30-13:00" })");
    for (const RawMember& day : *days) {
      VORTEX_TRY(const Date date, date_of_text(day.name, day.line, path));
      VORTEX_TRY(const DayHours hours, hours_of(day.value, day.line, path + "." + day.name));
      VORTEX_TRY_VOID(
          add_day(date, {.hours = hours, .reason = "hours by your file"}, day.line, path, change));
    }
    return {};
  }

  Result<void> read_halts(const RawMember& key, const std::string& path, CalendarChange& change) {
    const RawArray* halts = key.value.as_array();
    if (halts == nullptr) return wrong(key.line, path, "expected a list of { from, to }");
    for (const RawValue& value : *halts) {
      const int line = value.line > 0 ? value.line : key.line;
      const RawTable* ends = value.as_table();
      TimeRange halt{TimePoint::max(), TimePoint::min()};
      for (const RawMember& end : ends == nullptr ? RawTable{} : *ends) {
        VORTEX_TRY(const std::string text, text_of(end.value, end.line, path));
        const auto moment = parse_time(text);
        if (!moment || (end.name != "from" && end.name != "to"))
          return wrong(end.line, path, "expected { from = \"…Z\", to = \"…Z\" }");
        (end.name == "from" ? halt.start : halt.end) = *moment;
      }
      if (halt.empty()) return wrong(line, path, "expected { from, to }, the later last");
      change.halts.push_back(halt);
    }
    return {};
  }

  std::string name_;
  CalendarChanges changes_;
};

}  // namespace

Result<CalendarChanges> parse_calendar_file(std::string_view text, const std::string& name) {
  VORTEX_TRY(const RawValue root, read_toml(text, name));
  return CalendarFileReader(name).read(root);
}

Result<CalendarChanges> read_calendar_file(const std::string& path) {
  VORTEX_TRY(const std::string text, read_config_text(path));
  return parse_calendar_file(text, path);
}

Result<CalendarBook> load_calendars(const std::string& path) {
  if (path.empty()) return CalendarBook::built_in();
  VORTEX_TRY(const CalendarChanges changes, read_calendar_file(path));
  return CalendarBook::built_in().with(changes);
}

}  // namespace vortex
