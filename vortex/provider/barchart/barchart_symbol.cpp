#include "vortex/provider/barchart/barchart_symbol.hpp"

#include <algorithm>
#include <array>

#include "vortex/base/ascii.hpp"

namespace vortex {
namespace {

constexpr std::string_view kMonthLetters = "FGHJKMNQUVXYZ";  // Y: cash
constexpr std::size_t kRootMax = 3;
constexpr std::size_t kYearDigits = 2;

// Read from the right, for a root may hold digits anywhere: two digits, a month, the root.
bool is_contract(std::string_view symbol) {
  if (symbol.size() < kYearDigits + 2 || symbol.size() > kYearDigits + 1 + kRootMax) return false;
  const std::size_t month = symbol.size() - kYearDigits - 1;
  return is_digit(symbol[month + 1]) && is_digit(symbol[month + 2]) &&
         kMonthLetters.contains(symbol[month]) &&
         std::ranges::all_of(symbol.substr(0, month), is_alnum);
}

bool is_currency(std::string_view code) {
  constexpr auto kCodes = std::to_array<std::string_view>(
      {"AUD", "BRL", "BTC", "CAD", "CHF", "CNH", "CNY", "CZK", "DKK", "ETH", "EUR", "GBP",
       "HKD", "HUF", "ILS", "INR", "JPY", "KRW", "MXN", "NOK", "NZD", "PLN", "RUB", "SEK",
       "SGD", "THB", "TRY", "TWD", "USD", "XAG", "XAU", "XPD", "XPT", "ZAR"});
  return std::ranges::find(kCodes, code) != kCodes.end();
}

// The site drops the sign from file names; these indices are asked for often and are no stocks.
bool is_known_index(std::string_view name) {
  constexpr auto kNames = std::to_array<std::string_view>(
      {"DOWI", "IUXX", "NASX", "NDX", "OEX", "RUT", "SPX", "VIX", "VXN"});
  return std::ranges::find(kNames, name) != kNames.end();
}

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - ('a' - 'A'));
  }
  return out;
}

bool is_symbol_char(char c) {
  return is_alnum(c) || std::string_view("^$-.*").contains(c);
}

}  // namespace

BarchartClass barchart_class(std::string_view symbol) {
  if (symbol.starts_with('$') || symbol.starts_with('-')) return BarchartClass::index;
  if (symbol.starts_with('^')) return BarchartClass::currency;
  if (symbol.contains('*')) return BarchartClass::continuous;
  for (const std::string_view suffix : {".CM", ".CS", ".CP"}) {
    if (symbol.ends_with(suffix)) return BarchartClass::cash;
  }
  return is_contract(symbol) ? BarchartClass::future : BarchartClass::equity;
}

std::string_view barchart_zone_name(BarchartClass kind) {
  switch (kind) {
    case BarchartClass::future:
    case BarchartClass::continuous:
    case BarchartClass::currency: return "America/Chicago";
    case BarchartClass::equity:
    case BarchartClass::index:
    case BarchartClass::cash: break;
  }
  return "America/New_York";
}

Result<TimeZone> barchart_zone(BarchartClass kind) {
  auto zone = TimeZone::find(barchart_zone_name(kind));
  if (!zone) return fail(ErrorCode::internal, std::move(zone).error().message);
  return *zone;
}

std::string_view barchart_type(BarchartClass kind) {
  switch (kind) {
    case BarchartClass::future:
    case BarchartClass::continuous: return "future";
    case BarchartClass::index: return "index";
    case BarchartClass::currency: return "currency";
    case BarchartClass::cash: return "commodity";
    case BarchartClass::equity: break;
  }
  return "equity";
}

std::string barchart_symbol_of_name(std::string_view name) {
  const std::size_t end = name.find('_');
  if (end == std::string_view::npos || end == 0) return {};
  std::string symbol = upper(name.substr(0, end));
  if (!std::ranges::all_of(symbol, is_symbol_char)) return {};
  constexpr std::size_t kPair = 6;
  const std::string_view text = symbol;
  if (text.size() == kPair && is_currency(text.substr(0, 3)) && is_currency(text.substr(3))) {
    return "^" + symbol;
  }
  return is_known_index(text) ? "$" + symbol : symbol;
}

bool barchart_same_symbol(std::string_view asked, std::string_view answered) {
  if (equals_ignoring_case(asked, answered)) return true;
  const std::size_t star = asked.find('*');
  if (star == std::string_view::npos) return false;
  return is_contract(answered) &&
         equals_ignoring_case(asked.substr(0, star),
                              answered.substr(0, answered.size() - kYearDigits - 1));
}

}  // namespace vortex
