// The rows and words of Barchart's OnDemand getHistory, JSON and CSV, and the files of its website,
// written from their description. Pure.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "vortex/base/http_message.hpp"
#include "vortex/sim/market.hpp"

namespace vortex {

inline constexpr std::string_view kBarchartZone = "America/Chicago";  // in which its days begin

enum class HistoryLength : std::uint8_t { minutes, day, week, month };

// What a call asks for, as far as the simulator serves it.
struct HistoryQuery {
  std::string symbol;  // Barchart's spelling
  HistoryLength length = HistoryLength::day;
  int step_minutes = 1;
  std::optional<Date> start;
  std::optional<Date> end;  // exclusive
  std::size_t rows_max = 20;
  bool newest_first = false;
  bool csv = false;
};

// The error is the message of a 400.
std::expected<HistoryQuery, std::string> read_history_query(const QueryParams& params, bool csv);

// A body; empty where there are no rows. `as_symbol`, where given, is written instead.
std::string history_answer(Market& market, const HistoryQuery& query, TimePoint now,
                           std::string_view as_symbol);

// The website's form for a file. The error says what is wrong with it.
std::expected<HistoryQuery, std::string> read_download_form(const QueryParams& form);

// A file of the website: its header, rows, and the line that says when it was made.
std::string download_answer(Market& market, const HistoryQuery& query, TimePoint now);

bool knows_symbol(Market& market, std::string_view symbol);

// {"status":{"code":…,"message":"…"},"results":null}
std::string history_status(int code, std::string_view message);

}  // namespace vortex
