// What JSON and CSV answers share: columns by their words, stamps, numbers.
#include "vortex/provider/alphavantage/alphavantage_series.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>

#include "vortex/base/ascii.hpp"

namespace vortex::alphavantage {
namespace {

constexpr auto kPowersOfTen = std::to_array<double>(
    {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15});
constexpr std::ptrdiff_t kExactDigitsMax = 15;  // below 2^53: one division gives the nearest double
constexpr std::int64_t kDayUs = 86'400'000'000;

constexpr auto kWords = std::to_array<std::pair<std::string_view, Column>>({
    {"open", Column::open},
    {"high", Column::high},
    {"low", Column::low},
    {"close", Column::close},
    {"volume", Column::volume},
    {"adjusted close", Column::ignored},
    {"dividend amount", Column::dividend},
    {"split coefficient", Column::split},
    {"market cap (USD)", Column::ignored},
});

// Until 2024 coins had each price twice: "open (CNY)" in the market's currency and "open (USD)".
std::optional<Column> column_of(const Query& query, std::string_view word) {
  const std::size_t bracket = word.find(" (");
  bool foreign = false;
  if (query.spelling.asset == Asset::coin && bracket != std::string_view::npos &&
      word.ends_with(')') && !word.starts_with("market")) {
    foreign = word.substr(bracket + 2, word.size() - bracket - 3) != query.spelling.quote;
    word = word.substr(0, bracket);
  }
  const auto* found =
      std::ranges::find(kWords, word, [](const auto& entry) { return entry.first; });
  if (found == kWords.end()) return std::nullopt;
  return foreign ? Column::ignored : found->second;
}

std::string_view expected_columns(const Query& query) {
  return query.spelling.asset == Asset::currency ? "open, high, low, close"
                                                 : "open, high, low, close, volume (adjusted "
                                                   "close, dividend amount, split coefficient)";
}

bool two_digits(const char* text, int limit, int& out) {
  const int tens = text[0] - '0';
  const int ones = text[1] - '0';
  out = tens * 10 + ones;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 && out < limit;
}

}  // namespace

// "Time Series (Daily)", "Weekly Adjusted Time Series", "Time Series FX (5min)", "Time Series
// Crypto (5min)", "Time Series (Digital Currency Daily)".
bool names_asked(const Query& query, std::string_view name) {
  const std::string words = lower(name);
  const bool coin = words.contains("crypto") || words.contains("digital currency");
  const bool currency = words.contains(" fx ");
  const Asset asset = coin ? Asset::coin : currency ? Asset::currency : Asset::share;
  if (asset != query.spelling.asset) return false;
  const std::size_t at = words.find(query.provider_word);  // "5min" stands in "15min"
  return at != std::string::npos && (at == 0 || !is_alnum(words[at - 1]));
}

Result<std::vector<Column>> read_columns(const Query& query, std::span<const std::string> words,
                                         const std::string& found) {
  std::vector<Column> columns;
  std::array<bool, 8> seen{};
  const auto drift = [&] {
    return fail(ErrorCode::schema, "the columns are " + untrusted(found, 200) + "; expected " +
                                       std::string(expected_columns(query)));
  };
  for (const std::string& word : words) {
    const auto column = column_of(query, word);
    if (!column) return drift();
    bool& before = seen.at(static_cast<std::size_t>(*column));
    const bool again = before && *column != Column::ignored;
    // Where the market is the dollar itself, the old form says the same twice.
    if (again && !word.ends_with(')')) return drift();
    columns.push_back(again ? Column::ignored : *column);
    before = true;
  }
  const std::size_t needed = query.spelling.asset == Asset::currency ? 4 : 5;
  if (!std::ranges::all_of(std::span(seen).first(needed), [](bool is) { return is; })) {
    return drift();
  }
  return columns;
}

bool StampReader::read(const char* text, std::int64_t& out) {
  constexpr std::size_t kDaySize = 10;
  const std::string_view day(text, kDaySize);
  if (day != day_text_) {
    const auto date = parse_date(day);
    if (!date || text[0] < '1' || text[0] > '2') return false;
    day_text_ = day;
    day_ = date->time_since_epoch().count() * kDayUs;
  }
  out = day_;
  if (!intraday_) return true;
  int hour = 0;
  int minute = 0;
  int second = 0;
  if (text[10] != ' ' || text[13] != ':' || text[16] != ':' || !two_digits(text + 11, 24, hour) ||
      !two_digits(text + 14, 60, minute) || !two_digits(text + 17, 60, second)) {
    return false;
  }
  out += ((hour * 60 + minute) * 60 + second) * std::int64_t{1'000'000};
  return true;
}

Error StampReader::refusal(std::string_view found) const {
  return {.code = ErrorCode::schema,
          .message = "a row is stamped '" + untrusted(found, 40) + "'; expected the form " +
                     (intraday_ ? "2024-01-02 15:35:00" : "2024-01-02")};
}

bool read_plain_number(const char*& at, double& out) {
  const char* p = at;
  const bool negative = *p == '-';
  if (negative) ++p;
  const char* digits = p;
  std::uint64_t value = 0;
  for (; is_digit(*p); ++p) value = value * 10 + static_cast<std::uint64_t>(*p - '0');
  std::ptrdiff_t count = p - digits;
  if (count == 0 || (count > 1 && *digits == '0')) return false;
  std::ptrdiff_t decimals = 0;
  if (*p == '.') {
    const char* fraction = ++p;
    for (; is_digit(*p); ++p) value = value * 10 + static_cast<std::uint64_t>(*p - '0');
    decimals = p - fraction;
    if (decimals == 0) return false;
    count += decimals;
  }
  if (count > kExactDigitsMax) {
    const auto [end, ec] = std::from_chars(at, p, out);
    if (ec != std::errc{} || end != p) return false;
  } else {
    const double size =
        static_cast<double>(value) / kPowersOfTen[static_cast<std::size_t>(decimals)];
    out = negative ? -size : size;
  }
  at = p;
  return true;
}

bool read_number(std::string_view text, double& out) {
  if (text == "None") {
    out = BarBatchBuilder::kMissing;
    return true;
  }
  // Written with an exponent, or as a double writes itself; never "inf" or "nan".
  const std::string_view digits = text.starts_with('-') ? text.substr(1) : text;
  if (digits.empty() || !is_digit(digits.front())) return false;
  if (digits.size() > 1 && digits[0] == '0' && is_digit(digits[1])) return false;
  if (digits.ends_with('.')) return false;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), out);
  return end == text.data() + text.size() && ec == std::errc{} && std::isfinite(out);
}

void append_row(std::span<const Column> columns, const double* values, std::int64_t stamp,
                Series& series) {
  constexpr std::array kTargets = {kOpen, kHigh, kLow, kClose, kVolume};
  Event event{.date = Date(std::chrono::days(stamp / kDayUs))};
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const auto column = static_cast<std::size_t>(columns[i]);
    if (column < kTargets.size()) {
      series.bars.column(kTargets.at(column)).append(values[i]);
    } else if (columns[i] == Column::dividend) {
      event.dividend = values[i];
    } else if (columns[i] == Column::split) {
      event.split = values[i];
    }
  }
  series.bars.timestamps().append(stamp);
  if (event.dividend != 0 || event.split != 1) [[unlikely]]
    series.events.push_back(event);
}

}  // namespace vortex::alphavantage
