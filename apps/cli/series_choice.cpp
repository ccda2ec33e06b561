#include "apps/cli/series_choice.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/core.h>

#include "vortex/base/suggest.hpp"

#include "apps/cli/arguments.hpp"

namespace vortex::cli {
namespace {

// Why there is no such series: the symbol is misspelt, or there in other intervals or of other
// providers.
Error no_series(const SeriesWanted& wanted, const std::vector<SeriesState>& states,
                const std::string& path) {
  std::vector<std::string_view> symbols;
  std::string others;
  for (const SeriesState& state : states) {
    symbols.push_back(state.key.symbol);
    if (state.key.symbol != wanted.symbol || others.size() > 200) continue;
    others += fmt::format("{}{} of {}", others.empty() ? "" : ", ", to_string(state.key.interval),
                          state.key.provider);
  }
  Error error{.code = ErrorCode::not_found,
              .message = fmt::format("no bars of '{}' {} in {}", wanted.symbol,
                                     to_string(wanted.interval), untrusted(path, 100))};
  if (others.empty()) {
    error.message += did_you_mean(wanted.symbol, symbols);
    error.hint = fmt::format("vortex sync '{}'", wanted.symbol);
  } else {
    error.message += fmt::format(" (there is {})", others);
    error.hint = "--interval or --provider chooses";
  }
  return error;
}

}  // namespace

Result<SeriesKey> choose_series(const SeriesWanted& wanted, const Settings& settings,
                                const std::vector<SeriesState>& states, const std::string& path,
                                bool even_without_bars) {
  std::vector<std::string> having;
  for (const SeriesState& state : states) {
    const bool fits = state.key.symbol == wanted.symbol && state.key.interval == wanted.interval &&
                      (state.rows > 0 || even_without_bars);
    if (fits) having.push_back(state.key.provider);
  }
  const auto has = [&](const std::string& provider) {
    return std::ranges::find(having, provider) != having.end();
  };
  const auto key = [&](const std::string& provider) {
    return SeriesKey{.provider = provider, .symbol = wanted.symbol, .interval = wanted.interval};
  };
  for (const std::string& provider : wanted.providers) {
    if (has(provider)) return key(provider);
  }
  if (!wanted.providers.empty() || having.empty())
    return std::unexpected(no_series(wanted, states, path));
  if (having.size() == 1) return key(having.front());
  for (const JobSettings& job : settings.jobs) {
    if (std::ranges::find(job.symbols, wanted.symbol) == job.symbols.end()) continue;
    const auto first = std::ranges::find_if(job.providers, has);
    if (first != job.providers.end()) return key(*first);
  }
  return fail(ErrorCode::usage,
              fmt::format("'{}' is there from several providers: choose one with --provider {}",
                          wanted.symbol, having.front()));
}

Result<AsOf> parse_as_of(const std::string& text) {
  std::int64_t version = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), version);
  if (error == std::errc{} && end == text.data() + text.size() && version >= 0)
    return AsOf(version);
  VORTEX_TRY(const TimePoint moment, parse_moment("--as-of", text));
  return AsOf(moment);
}

}  // namespace vortex::cli
