// Stamps as other tools write them: ISO with and without a zone, plain dates, YYYYMMDD, unix
// seconds to nanoseconds, dates with slashes. One reader reads one column and expects one form
// throughout.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vortex {

// A stamp as written: the wall clock's reading, and its distance from UTC where one is written.
struct WallStamp {
  std::int64_t wall = 0;    // microseconds
  std::int64_t offset = 0;  // microseconds to subtract for UTC
  bool has_zone = false;
  std::int64_t utc() const { return wall - offset; }
};

// What a plain number counts; chosen so that the time is plausible (1900 to 2200).
enum class UnixUnit : std::uint8_t { seconds, millis, micros, nanos };
std::string_view to_string(UnixUnit unit);
std::optional<UnixUnit> plausible_unit(std::int64_t count);
std::optional<std::int64_t> unix_micros(std::int64_t count, UnixUnit unit);  // nothing on overflow

class StampReader {
 public:
  // `order` of dates with slashes: true for day first. Undecided ones are refused.
  void set_day_first(bool day_first) { day_first_ = day_first; }

  // Nothing where the text is no stamp, or a number of another unit than the first one.
  std::optional<WallStamp> read(std::string_view text);

  bool saw_bare() const { return saw_bare_; }  // a stamp without a zone, other than a date
  const std::optional<UnixUnit>& unit() const { return unit_; }

 private:
  std::optional<WallStamp> read_number(std::string_view text);
  std::optional<WallStamp> read_calendar(std::string_view text);

  std::optional<UnixUnit> unit_;
  std::optional<bool> day_first_;
  bool saw_bare_ = false;
};

// Dates like 11/5/2019: true where one of them must be day first, false where month first, nothing
// where all of them could be either.
std::optional<bool> day_first_in(const std::vector<std::string_view>& stamps);

}  // namespace vortex
