#include "vortex/sim/csv_prices.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <span>
#include <system_error>
#include <utility>

#include "vortex/base/http_message.hpp"

namespace vortex {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kExtension = ".csv";
constexpr std::uintmax_t kFileBytesMax = 256ull << 20;
constexpr std::size_t kColumns = 6;
using Cells = std::array<std::string_view, kColumns>;

std::unexpected<Error> bad(std::string_view name, std::size_t line, std::string_view what) {
  return fail(ErrorCode::usage, "price file " + std::string(name) + ":" + std::to_string(line) +
                                    ": " + std::string(what));
}

std::optional<Cells> split(std::string_view line) {
  Cells cells;
  for (std::size_t i = 0; i < kColumns; ++i) {
    const std::size_t comma = line.find(',');
    const bool is_last = i + 1 == kColumns;
    if (is_last != (comma == std::string_view::npos)) return std::nullopt;
    cells.at(i) = line.substr(0, comma);
    if (!is_last) line.remove_prefix(comma + 1);
  }
  return cells;
}

std::optional<double> number(std::string_view text) {
  double value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || stop != text.data() + text.size() || !std::isfinite(value))
    return std::nullopt;
  return value;
}

std::optional<TimePoint> stamp(std::string_view text) {
  if (const auto date = parse_date(text)) return midnight(*date);
  return parse_time(text);
}

// Four empty prices: a day without trade.
bool all_blank(const Cells& cells) {
  for (std::size_t i = 1; i < 5; ++i) {
    if (!cells.at(i).empty()) return false;
  }
  return true;
}

std::optional<SimBar> to_bar(const Cells& cells) {
  SimBar bar;
  const auto start = stamp(cells[0]);
  if (!start) return std::nullopt;
  bar.start = *start;
  bar.empty = all_blank(cells);
  if (bar.empty) return bar;
  std::array<double, 5> values{};
  for (std::size_t i = 0; i < values.size(); ++i) {
    const bool missing_volume = i == 4 && cells.at(5).empty();
    const auto value = missing_volume ? std::optional<double>(0) : number(cells.at(i + 1));
    if (!value) return std::nullopt;
    values.at(i) = *value;
  }
  bar.open = values[0];
  bar.high = values[1];
  bar.low = values[2];
  bar.close = values[3];
  bar.volume = std::llround(values[4]);
  return bar;
}

bool is_header(std::string_view line) {
  return line == "date,open,high,low,close,volume" ||
         line == "timestamp,open,high,low,close,volume";
}

std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

}  // namespace

Result<CsvSeries> parse_price_csv(std::string_view text, std::string_view name) {
  CsvSeries series;
  std::size_t line_number = 1;
  if (!is_header(take_line(text))) {
    return bad(name, 1,
               "the header must be 'date,open,high,low,close,volume' ('timestamp' for 'date')");
  }
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    ++line_number;
    if (line.empty()) continue;
    const auto cells = split(line);
    if (!cells) return bad(name, line_number, "not six columns");
    const auto bar = to_bar(*cells);
    if (!bar) return bad(name, line_number, "not a stamp and five numbers");
    if (!series.rows.empty() && bar->start <= series.rows.back().start) {
      return bad(name, line_number, "stamps must rise");
    }
    series.intraday = series.intraday || bar->start != midnight(date_of(bar->start));
    series.rows.push_back(*bar);
  }
  return series;
}

Result<void> CsvPrices::read(File& file) const {
  std::error_code error;
  const auto size = fs::file_size(file.path, error);
  const auto changed = error ? fs::file_time_type{} : fs::last_write_time(file.path, error);
  if (error) return fail(ErrorCode::storage, "price file " + file.path + ": " + error.message());
  const std::int64_t changed_ns = changed.time_since_epoch().count();
  if (file.changed_ns == changed_ns && std::cmp_equal(file.size, size)) return {};
  if (size > kFileBytesMax)
    return fail(ErrorCode::usage, "price file " + file.path + ": above 256 MiB");
  std::ifstream stream(file.path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  if (!stream) return fail(ErrorCode::storage, "price file " + file.path + ": cannot be read");
  VORTEX_TRY(file.series, parse_price_csv(text, file.path));
  file.changed_ns = changed_ns;
  file.size = static_cast<std::int64_t>(size);
  return {};
}

Result<CsvPrices> CsvPrices::open(const std::string& folder) {
  CsvPrices prices;
  prices.folder_ = folder;
  std::error_code error;
  if (!fs::is_directory(folder, error)) {
    return fail(ErrorCode::usage, "price folder " + folder + ": not a folder");
  }
  for (auto entry = fs::directory_iterator(folder, error);
       !error && entry != fs::directory_iterator(); entry.increment(error)) {
    if (entry->path().extension() != kExtension) continue;
    const auto symbol = percent_decode(entry->path().stem().string());
    if (!symbol)
      return fail(ErrorCode::usage,
                  "price file " + entry->path().string() + ": bad escape in its name");
    File file;
    file.path = entry->path().string();
    VORTEX_TRY_VOID(prices.read(file));
    prices.files_.emplace(*symbol, std::move(file));
  }
  if (error) return fail(ErrorCode::storage, "price folder " + folder + ": " + error.message());
  return prices;
}

Result<const CsvSeries*> CsvPrices::find(const std::string& symbol) {
  auto found = files_.find(symbol);
  if (found == files_.end()) {
    const std::string path = folder_ + "/" + percent_encode(symbol) + std::string(kExtension);
    std::error_code error;
    if (!fs::is_regular_file(path, error)) return nullptr;
    found = files_.emplace(symbol, File{.path = path, .series = {}}).first;
  }
  VORTEX_TRY_VOID(read(found->second));
  return &found->second.series;
}

std::vector<std::string> CsvPrices::symbols() const {
  std::vector<std::string> names;
  names.reserve(files_.size());
  for (const auto& [symbol, file] : files_) names.push_back(symbol);
  return names;
}

}  // namespace vortex
