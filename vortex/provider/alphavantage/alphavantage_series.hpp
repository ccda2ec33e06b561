// An answer as read, before anything is judged, and the three steps from bytes to a page. The
// room's own header; pure functions.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vortex/codec/bar_batch_builder.hpp"
#include "vortex/provider/adapter.hpp"

namespace vortex::alphavantage {

enum class Asset : std::uint8_t { share, currency, coin };

// A provider symbol taken apart: "TSCO.LON", "EUR/USD", "BTC-USD".
struct Spelling {
  Asset asset = Asset::share;
  std::string base;
  std::string quote;  // empty for a share
};
Spelling read_spelling(std::string_view symbol);

// What was asked, as decode needs it. Borrows.
struct Query {
  const BarsRequest& request;
  const Spelling& spelling;
  std::string_view provider_word;  // "5min", "daily"
};

// A session with a dividend or a split, in the terms of that day.
struct Event {
  Date date;
  double dividend = 0;
  double split = 1;
};

struct Series {
  BarBatchBuilder bars;  // timestamps are wall time until settled
  std::vector<Event> events;
  // Meta Data; none where it did not come (CSV has none).
  std::optional<std::string> symbol, base, quote, zone;
  bool has_meta = false;
  std::string name;  // "Time Series (Daily)"; empty in CSV
};

enum class Column : std::int8_t { open, high, low, close, volume, dividend, split, ignored };

// The columns of a row in the vendor's words ("open", "adjusted close"), in their order; `schema`
// with both forms where they are not what `query` must have. `found` is how they were written.
Result<std::vector<Column>> read_columns(const Query& query, std::span<const std::string> words,
                                         const std::string& found);

// "2024-01-02" and "2024-01-02 15:35:00" as wall time; `schema` with both forms for anything else.
class StampReader {
 public:
  explicit StampReader(bool intraday) : intraday_(intraday) {}
  std::size_t size() const { return intraday_ ? 19 : 10; }
  // `text` has that many bytes. False: another form.
  bool read(const char* text, std::int64_t& out);
  Error refusal(std::string_view found) const;

 private:
  bool intraday_;
  std::string day_text_;  // the last one, and
  std::int64_t day_ = 0;  // its midnight
};

// A plain decimal at `at`, which then stands behind it; the nearest double. False: no such number.
bool read_plain_number(const char*& at, double& out);
inline constexpr std::string_view kNumberForm = "a number such as 187.1500";
// A whole text; "None" is missing. False: no number.
bool read_number(std::string_view text, double& out);

void append_row(std::span<const Column> columns, const double* values, std::int64_t stamp,
                Series& series);

Result<Series> read_json(const Query& query, const HttpReply& reply);
Result<Series> read_csv(const Query& query, const HttpReply& reply);

// Is a series of this name ("Time Series FX (5min)") the one asked for?
bool names_asked(const Query& query, std::string_view name);

// Is it about what was asked; wall time to UTC; what is outside, empty or unfinal goes.
Result<Page> settle(const Query& query, TimePoint received_at, Series series);

}  // namespace vortex::alphavantage
