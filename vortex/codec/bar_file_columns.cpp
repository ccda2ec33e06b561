#include "vortex/codec/bar_file_columns.hpp"

#include <algorithm>
#include <string_view>

#include "vortex/base/suggest.hpp"

namespace vortex {
namespace {

struct Alias {
  std::string_view name;
  BarColumn column;
};

// Of a column's names the earlier wins. An unnamed column is a data frame's index.
constexpr std::array kAliases = {
    Alias{"timestamp", kTimestamp},
    Alias{"timestamputc", kTimestamp},
    Alias{"datetime", kTimestamp},
    Alias{"date", kTimestamp},
    Alias{"time", kTimestamp},
    Alias{"ts", kTimestamp},
    Alias{"tsevent", kTimestamp},
    Alias{"opentime", kTimestamp},
    Alias{"unix", kTimestamp},
    Alias{"index", kTimestamp},
    Alias{"indexlevel0", kTimestamp},
    Alias{"unnamed:0", kTimestamp},
    Alias{"", kTimestamp},
    Alias{"open", kOpen},
    Alias{"high", kHigh},
    Alias{"low", kLow},
    Alias{"close", kClose},
    Alias{"last", kClose},
    Alias{"close/last", kClose},
    Alias{"volume", kVolume},
    Alias{"vol", kVolume},
    Alias{"tickvolume", kVolume},
    Alias{"symbol", kSymbol},
    Alias{"ticker", kSymbol},
    Alias{"provider", kProvider},
    Alias{"interval", kInterval},
    Alias{"vwap", kVwap},
    Alias{"tradecount", kTradeCount},
    Alias{"trades", kTradeCount},
    Alias{"openinterest", kOpenInterest},
    Alias{"adjusted", kAdjusted},
    Alias{"basis", kBasis},
    Alias{"final", kFinal},
    Alias{"transformtimestamp", kTransformTimestamp},
    Alias{"captureid", kCaptureId},
};

constexpr std::array kRequired = {kTimestamp, kOpen, kHigh, kLow, kClose, kVolume};

std::string plain_name(std::string_view name) {
  std::string plain;
  for (const char c : name) {
    if (c == ' ' || c == '_' || c == '-' || c == '\t') continue;
    plain += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return plain;
}

std::size_t rank_of(std::string_view plain) {
  const auto found = std::ranges::find(kAliases, plain, &Alias::name);
  return static_cast<std::size_t>(found - kAliases.begin());
}

Error missing(BarColumn column, const std::vector<std::string>& names) {
  const std::string wanted(bar_column_name(column));
  const std::vector<std::string_view> candidates(names.begin(), names.end());
  std::string message = "no column '" + wanted + "'";
  const std::string_view nearest = nearest_name(wanted, candidates);
  if (!nearest.empty()) message += ": the nearest is '" + untrusted(nearest, 64) + "'";
  std::string seen;
  for (const std::string& name : names) seen.append(seen.empty() ? "" : ", ").append(name);
  return Error{.code = ErrorCode::schema, .message = std::move(message)}.with_evidence(seen);
}

}  // namespace

Result<FileColumns> recognise_columns(const std::vector<std::string>& names) {
  FileColumns columns;
  std::array<std::size_t, kBarColumns> rank_at{};
  std::vector<bool> used(names.size());
  std::vector<std::string> plain;
  plain.reserve(names.size());
  for (const std::string& name : names) plain.push_back(plain_name(name));
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::size_t rank = rank_of(plain[i]);
    if (rank == kAliases.size()) continue;
    const auto column = static_cast<std::size_t>(kAliases[rank].column);
    auto& at = columns.at[column];
    if (at && rank_at[column] == rank) {
      return fail(ErrorCode::schema, "column '" + untrusted(names[i], 64) + "' is there twice");
    }
    if (at && rank_at[column] < rank) continue;
    if (at) used[*at] = false;
    at = i;
    rank_at[column] = rank;
    used[i] = true;
  }
  for (const BarColumn column : kRequired) {
    if (!columns.at[static_cast<std::size_t>(column)]) {
      return std::unexpected(missing(column, names));
    }
  }
  const auto time = std::ranges::find(plain, "time");
  if (plain[*columns.at[kTimestamp]] == "date" && time != plain.end()) {
    columns.time_of_day = static_cast<std::size_t>(time - plain.begin());
    used[*columns.time_of_day] = true;
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!used[i]) columns.ignored.push_back(names[i]);
  }
  return columns;
}

}  // namespace vortex
