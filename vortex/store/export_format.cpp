#include "vortex/store/export_format.hpp"

#include <algorithm>
#include <array>
#include <map>

#include <fmt/core.h>

#include "vortex/base/ascii.hpp"
#include "vortex/base/suggest.hpp"

namespace vortex {
namespace {

struct FormatEntry {
  ExportFormat format;
  std::string_view name;
};

constexpr std::array kFormats = {
    FormatEntry{ExportFormat::csv, "csv"},
    FormatEntry{ExportFormat::parquet, "parquet"},
    FormatEntry{ExportFormat::zipline, "zipline"},
    FormatEntry{ExportFormat::backtrader, "backtrader"},
};

// Beside letters and digits. '.' inside a name is kept where the tool can read it.
constexpr std::string_view kKept = "^=_-";

constexpr std::array kDevices = {std::string_view("con"), std::string_view("prn"),
                                 std::string_view("aux"), std::string_view("nul")};
constexpr std::array kNumberedDevices = {std::string_view("com"), std::string_view("lpt")};

// CON, con.anything, COM1 …
bool is_device(std::string_view symbol) {
  const std::string stem = lower(symbol.substr(0, symbol.find('.')));
  if (std::ranges::find(kDevices, stem) != kDevices.end()) return true;
  return stem.size() == 4 && stem[3] >= '0' && stem[3] <= '9' &&
         std::ranges::find(kNumberedDevices, stem.substr(0, 3)) != kNumberedDevices.end();
}

bool is_kept(std::string_view symbol, std::size_t at, bool dots_kept) {
  const char c = symbol[at];
  if (c == '.') return dots_kept && at > 0 && at + 1 < symbol.size();
  return is_alnum(c) || kKept.contains(c);
}

std::string name_of(std::string_view symbol, bool dots_kept, bool case_matters) {
  const bool device = is_device(symbol);
  std::string name;
  for (std::size_t i = 0; i < symbol.size(); ++i) {
    const char c = symbol[i];
    const bool escaped = !is_kept(symbol, i, dots_kept) || (device && i == 0) ||
                         (case_matters && c >= 'a' && c <= 'z');
    if (escaped) {
      name += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    } else {
      name += c;
    }
  }
  return name;
}

}  // namespace

std::string_view to_string(ExportFormat format) {
  return std::ranges::find(kFormats, format, &FormatEntry::format)->name;
}

Result<ExportFormat> parse_export_format(std::string_view text) {
  std::vector<std::string_view> names;
  for (const FormatEntry& entry : kFormats) {
    if (entry.name == text) return entry.format;
    names.push_back(entry.name);
  }
  return fail(ErrorCode::unknown_name,
              fmt::format("--to: unknown format '{}'{}: csv, parquet, zipline, backtrader",
                          untrusted(text, 40), did_you_mean(text, names)));
}

Adjustment default_adjustment(ExportFormat format) {
  return format == ExportFormat::zipline ? Adjustment::none : Adjustment::split;
}

Result<std::string> export_folder(ExportFormat format, Interval interval) {
  if (format != ExportFormat::zipline) return std::string();
  if (interval == Interval::d1) return std::string("daily");
  if (interval == Interval::m1) return std::string("minute");
  return fail(ErrorCode::unsupported,
              fmt::format("zipline reads bars of 1d and 1m, not of {}", to_string(interval)));
}

std::string_view export_extension(ExportFormat format) {
  return format == ExportFormat::parquet ? ".parquet" : ".csv";
}

std::vector<std::string> export_names(ExportFormat format,
                                      const std::vector<std::string>& symbols) {
  std::map<std::string, std::string> spelling;  // in small letters → the symbol; empty: several
  for (const std::string& symbol : symbols) {
    const auto [at, added] = spelling.try_emplace(lower(symbol), symbol);
    if (!added && at->second != symbol) at->second.clear();
  }
  std::vector<std::string> names;
  names.reserve(symbols.size());
  for (const std::string& symbol : symbols) {
    const bool case_matters = spelling[lower(symbol)].empty();
    names.push_back(name_of(symbol, format != ExportFormat::zipline, case_matters));
  }
  return names;
}

}  // namespace vortex
