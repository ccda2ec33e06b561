// The stamps of one Barchart table: all are of one form, which the first one decides. Belongs to
// the one who reads the table. The room's own header.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "vortex/provider/barchart/barchart_cells.hpp"

namespace vortex {

class BarchartStamps {
 public:
  static constexpr std::string_view kForms =
      "MM/DD/YYYY, YYYY-MM-DD, each with HH:MM, or YYYY-MM-DDTHH:MM:SS-06:00";

  // The form of the first stamp; false: none that Barchart is known to write.
  bool learn(std::string_view first);

  // Where a stamp of the learned form ends, or null.
  [[gnu::always_inline]] const char* read(const char* at) {
    if (padded_) [[likely]] {
      std::int64_t date = 0;
      std::int16_t rest = 0;
      std::memcpy(&date, at, sizeof date);
      std::memcpy(&rest, at + sizeof date, sizeof rest);
      if (date != last_date_ || rest != last_rest_) {
        const std::int64_t day = iso_ ? barchart_cells::iso_day(at) : barchart_cells::us_day(at);
        if (day == barchart_cells::kNoDay) return read_loose(at);
        last_date_ = date;
        last_rest_ = rest;
        day_micros_ = day * barchart_cells::kMicrosPerDay;
      }
      at += kDateSize;
    } else {
      return read_loose(at);
    }
    return has_time_ ? read_time(at) : finish(at, 0);
  }

  std::int64_t day_micros() const { return day_micros_; }  // midnight of the date as written
  std::int64_t micros() const { return micros_; }          // the wall clock, or UTC with has_zone
  bool has_time() const { return has_time_; }
  bool has_zone() const { return has_zone_; }

 private:
  static constexpr std::size_t kDateSize = 10;

  const char* finish(const char* at, std::int64_t of_day) {
    micros_ = day_micros_ + of_day;
    return at;
  }
  const char* read_time(const char* at);
  const char* read_loose(const char* at);  // "3/4/2026"

  bool iso_ = false;
  bool padded_ = false;
  bool has_time_ = false;
  bool has_zone_ = false;
  std::int64_t last_date_ = 0;
  std::int16_t last_rest_ = 0;
  std::int64_t day_micros_ = 0;
  std::int64_t micros_ = 0;
};

}  // namespace vortex
