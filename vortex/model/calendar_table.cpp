#include "vortex/model/calendar_table.hpp"

#include <charconv>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace vortex {
namespace {

using Words = std::vector<std::string_view>;

Words words_of(std::string_view line) {
  Words words;
  while (!line.empty()) {
    const std::size_t end = std::min(line.find(' '), line.size());
    if (end > 0) words.push_back(line.substr(0, end));
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return words;
}

template <class Number>
bool read_number(std::string_view text, Number& number, int base = 10) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  return error == std::errc{} && end == text.data() + text.size();
}

// Reads the lines one after the other. Each reader says whether it understood its line.
class TableReader {
 public:
  bool read(std::string_view line) {
    if (line.empty() || line.starts_with('#')) return true;
    const Words words = words_of(line);
    if (words.empty()) return true;
    const std::string_view kind = words[0];
    if (kind == "source" && words.size() == 3) {
      table_.source = fmt::format("{} {}", words[1], words[2]);
      return true;
    }
    if (kind == "alias" && words.size() == 3) {
      return table_.aliases.emplace(words[1], words[2]).second;
    }
    if (kind == "calendar") return begin_calendar(words);
    if (current_ == nullptr) return false;
    if (kind == "hours") return read_hours(words);
    if (kind == "every") return read_every(words);
    if (kind == "closed") return read_days({words.begin() + 1, words.end()}, std::nullopt);
    if (kind == "on") return read_other_hours(words);
    return kind == "check" && read_check(words);
  }

  CalendarTable take() { return std::move(table_); }

 private:
  bool begin_calendar(const Words& words) {
    if (words.size() < 6) return false;
    const auto first = parse_date(words[3]);
    const auto last = parse_date(words[4]);
    if (!first || !last) return false;
    const std::string name(words[1]);
    const auto [place, is_new] = table_.calendars.try_emplace(name);
    current_ = &place->second;
    *current_ = {.name = name, .zone = std::string(words[2]), .first = first, .horizon = last};
    current_->title = fmt::format("{}", fmt::join(words.begin() + 5, words.end(), " "));
    return is_new;
  }

  bool read_hours(const Words& words) {
    if (words.size() != 4) return false;
    const auto from = parse_date(words[1]);
    std::optional<DayHours> hours;
    if (words[3] != "closed") {
      hours = parse_hours(words[3]);
      if (!hours) return false;
    }
    if (!from) return false;
    auto& weeks = current_->weeks;
    if (weeks.empty() || weeks.back().from < *from) {
      weeks.push_back(weeks.empty() ? CalendarRules::Week{} : weeks.back());
      weeks.back().from = *from;
    }
    if (weeks.back().from != *from) return false;
    for (const char digit : words[2]) {
      if (digit < '1' || digit > '7') return false;
      weeks.back().days[static_cast<std::size_t>(digit - '0') % 7] = hours;
    }
    return true;
  }

  bool read_every(const Words& words) {
    for (std::size_t i = 1; i < words.size(); ++i) {
      if (words[i].starts_with("E")) {
        const std::size_t sign = words[i].starts_with("E+") ? 2 : 1;
        int from_easter = 0;
        if (!read_number(words[i].substr(sign), from_easter)) return false;
        current_->from_easter.push_back(from_easter);
        continue;
      }
      unsigned day = 0;
      if (!read_number(words[i], day)) return false;
      if (!current_->every.empty() && current_->every.back() >= day) return false;
      current_->every.push_back(day);
    }
    return true;
  }

  // YEAR MMDD…
  bool read_days(const Words& words, const std::optional<DayHours>& hours) {
    int year = 0;
    if (words.empty() || !read_number(words[0], year)) return false;
    for (std::size_t i = 1; i < words.size(); ++i) {
      unsigned day = 0;
      if (!read_number(words[i], day)) return false;
      const std::chrono::year_month_day ymd(std::chrono::year(year), std::chrono::month(day / 100),
                                            std::chrono::day(day % 100));
      if (!ymd.ok()) return false;
      if (!current_->special.emplace(Date{ymd}, SpecialDay{.hours = hours}).second) return false;
    }
    return true;
  }

  bool read_other_hours(const Words& words) {
    if (words.size() < 4) return false;
    const auto hours = parse_hours(words[1]);
    if (!hours) return false;
    Words year;
    for (std::size_t i = 2; i < words.size(); ++i) {
      if (words[i] != "/") {
        year.push_back(words[i]);
        continue;
      }
      if (!read_days(year, hours)) return false;
      year.clear();
    }
    return read_days(year, hours);
  }

  bool read_check(const Words& words) {
    if (words.size() != 3) return false;
    CalendarCheck& check = table_.checks[current_->name];
    return read_number(words[1], check.sessions) && read_number(words[2], check.hash, 16);
  }

  CalendarTable table_;
  CalendarRules* current_ = nullptr;
};

}  // namespace

Result<CalendarTable> read_calendar_table(std::span<const std::string_view> lines) {
  TableReader reader;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (!reader.read(lines[i])) {
      return fail(ErrorCode::corrupt, fmt::format("calendars: line {} is not understood: {}", i + 1,
                                                  untrusted(lines[i], 80)));
    }
  }
  return reader.take();
}

}  // namespace vortex
