#include "vortex/provider/barchart/barchart_footer.hpp"

#include "vortex/base/ascii.hpp"
#include "vortex/provider/barchart/barchart_cells.hpp"

namespace vortex {
namespace {

constexpr std::string_view kBegin = "Downloaded from";
constexpr std::string_view kAsOf = "Downloaded from Barchart.com as of ";
constexpr std::string_view kStampShape = "MM-DD-YYYY hh:mmam CST";

}  // namespace

bool is_barchart_footer(std::string_view text) {
  if (text.starts_with('"')) text.remove_prefix(1);
  return text.starts_with(kBegin);
}

std::optional<TimePoint> read_barchart_footer(std::string_view line) {
  using barchart_cells::two_digits;
  while (line.ends_with(',') || line.ends_with('"')) line.remove_suffix(1);
  if (line.starts_with('"')) line.remove_prefix(1);
  if (!line.starts_with(kAsOf)) return std::nullopt;
  line.remove_prefix(kAsOf.size());
  if (line.size() != kStampShape.size() || line[2] != '-' || line[5] != '-' || line[10] != ' ') {
    return std::nullopt;
  }
  for (const std::size_t digit : {0U, 1U, 3U, 4U, 6U, 7U, 8U, 9U}) {
    if (!is_digit(line[digit])) return std::nullopt;
  }
  const char* const at = line.data();
  const std::int64_t day = barchart_cells::day_of(two_digits(at + 6) * 100 + two_digits(at + 8),
                                                  two_digits(at), two_digits(at + 3));
  int minute = barchart_cells::minute_of_day(at + 11);
  const std::string half = lower(line.substr(16, 2));
  const std::string_view zone = line.substr(19);
  constexpr int kNoon = 12 * 60;
  const bool clock = minute >= 60 && minute < kNoon + 60 && (half == "am" || half == "pm");
  if (day == barchart_cells::kNoDay || !clock || (zone != "CST" && zone != "CDT")) {
    return std::nullopt;
  }
  minute = minute % kNoon + (half == "pm" ? kNoon : 0);
  const auto offset = std::chrono::hours(zone == "CST" ? 6 : 5);
  return TimePoint{std::chrono::days(day)} + std::chrono::minutes(minute) + offset;
}

}  // namespace vortex
