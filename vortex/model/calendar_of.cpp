// Which calendar an instrument keeps: after its type where the market has no house, else after its
// MIC; US indices and funds, which have none, after the providers' codes for who publishes them.
#include <algorithm>
#include <array>
#include <span>
#include <string_view>

#include "vortex/base/ascii.hpp"
#include "vortex/model/calendar_book.hpp"

namespace vortex {
namespace {

constexpr std::array<std::string_view, 13> kGrainRoots = {"ZC", "ZS", "ZW", "ZL", "ZM",  "ZO", "ZR",
                                                          "KE", "XC", "XK", "XW", "MKC", "MWE"};
constexpr std::array<std::string_view, 3> kLivestockRoots = {"LE", "HE", "GF"};
constexpr std::array<std::string_view, 4> kGlobexMics = {"XCME", "XCBT", "XCEC", "XNYM"};
// S&P, Dow Jones, Nasdaq's indices and funds, as Yahoo names them.
constexpr std::array<std::string_view, 4> kUsPublishers = {"SNP", "DJI", "NIM", "NAS"};

bool holds(std::span<const std::string_view> names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

// "ZC" of "ZC=F", "ZCZ24.CBT", "ZCZ4".
std::string_view root_of(std::string_view symbol) {
  const std::size_t end = symbol.find_first_of("=.");
  if (end != std::string_view::npos) symbol = symbol.substr(0, end);
  std::size_t letters = symbol.size();
  while (letters > 0 && is_digit(symbol[letters - 1])) --letters;
  if (letters == symbol.size() || letters == 0) return symbol;
  return symbol.substr(0, letters - 1);  // a month's letter stands before the year
}

std::string_view futures_calendar(std::string_view symbol) {
  const std::string_view root = root_of(symbol);
  if (holds(kGrainRoots, root)) return "CME_GRAINS";
  if (holds(kLivestockRoots, root)) return "CME_LIVESTOCK";
  return "CME";
}

}  // namespace

std::string_view calendar_name_of(const Instrument& instrument) {
  if (instrument.type == "crypto") return "24/7";
  if (instrument.type == "currency") return "FX";
  if (holds(kGlobexMics, instrument.mic)) return futures_calendar(instrument.symbol);
  if (!instrument.mic.empty()) return instrument.mic;
  const bool us =
      instrument.zone == "America/New_York" && holds(kUsPublishers, instrument.exchange);
  return us ? "XNYS" : "";
}

}  // namespace vortex
