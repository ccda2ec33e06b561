#include "vortex/engine/route.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "vortex/base/suggest.hpp"
#include "vortex/engine/series_plan.hpp"

namespace vortex {
namespace {

using std::chrono::days;

// Without a depth of its own a provider is asked this far back: one call of Yahoo's daily bars.
constexpr Duration kLongestReach = days(36'000);

std::optional<Duration> depth_of(const IntervalSupport& support, const Settings& settings,
                                 const std::string& provider) {
  const auto entry = settings.providers.find(provider);
  if (entry == settings.providers.end() || !entry->second.depth) return support.depth;
  const auto depth = entry->second.depth->find(support.interval);
  if (depth == entry->second.depth->end()) return std::nullopt;
  return depth->second;
}

// The earliest moment the provider serves, a minute inside its edge: the edge moves while we ask.
TimePoint earliest_served(Interval interval, Duration depth, TimePoint now) {
  const TimePoint edge = now - depth + std::chrono::minutes(1);
  if (is_intraday(interval)) return std::chrono::ceil<std::chrono::seconds>(edge);
  return std::chrono::ceil<days>(edge);
}

Result<Routed> try_provider(const SyncItem& item, const Provider& provider,
                            const RouteContext& context) {
  const Capabilities& capabilities = provider.adapter->capabilities();
  VORTEX_TRY(const IntervalSupport support, find_interval(capabilities, item.interval));
  VORTEX_TRY(std::string spelling, spelling_for(*provider.adapter, item.symbol, *context.settings));
  const std::optional<Duration> depth =
      depth_of(support, *context.settings, std::string(capabilities.name));
  const TimePoint until = item.until.value_or(default_until(item.interval, context.now));
  const Duration reach =
      context.reach_is_depth ? depth.value_or(kLongestReach) : context.default_reach;
  TimeRange range{item.since.value_or(midnight(date_of(context.now - reach))), until};

  Routed routed{.provider = &provider,
                .request = {.symbol = item.symbol,
                            .provider_symbol = std::move(spelling),
                            .interval = item.interval}};
  if (depth) {
    const TimePoint served_from = earliest_served(item.interval, *depth, context.now);
    if (range.end <= served_from) {
      return fail(ErrorCode::range_limit,
                  fmt::format("{} serves {} bars from {} on", capabilities.name,
                              to_string(item.interval), format_time(served_from)));
    }
    if (range.start < served_from) {
      if (item.since) {
        routed.notes.push_back(fmt::format("asked from {}: {} serves {} bars no further back",
                                           format_time(served_from), capabilities.name,
                                           to_string(item.interval)));
      }
      range.start = served_from;
    }
  }
  if (range.empty())
    return fail(ErrorCode::bad_time, fmt::format("the range {} is empty", to_string(range)));
  routed.request.range = range;
  return routed;
}

Error unknown_provider(const std::string& name, const ProviderRegistry& providers) {
  const auto names = providers.names();
  return {
      .code = ErrorCode::unknown_name,
      .message = fmt::format("no provider '{}'{}", untrusted(name, 48), did_you_mean(name, names))};
}

// A pause ends by itself; a missing credential does not.
bool may_pass(const Error& error) {
  const ErrorClass kind = error.error_class();
  return kind == ErrorClass::breaker_open || kind == ErrorClass::quota_exhausted ||
         kind == ErrorClass::rate_limited || kind == ErrorClass::banned;
}

}  // namespace

Result<std::string> spelling_for(const HttpAdapter& adapter, const Symbol& symbol,
                                 const Settings& settings) {
  if (const auto own = settings.symbols.find(symbol.text()); own != settings.symbols.end()) {
    const auto spelling = own->second.find(std::string(adapter.capabilities().name));
    if (spelling != own->second.end()) return spelling->second;
  }
  return adapter.map_symbol(symbol);
}

Route route_item(const SyncItem& item, const RouteContext& context) {
  Route route{.error = Error{.code = ErrorCode::usage, .message = "no provider was given"}};
  std::optional<Routed> later;  // that may be asked when its pause is over
  std::vector<SkippedProvider> before_later;
  for (const std::string& name : item.providers) {
    const Provider* provider = context.providers->find(name);
    if (provider == nullptr) return {.error = unknown_provider(name, *context.providers)};
    Result<Routed> routed = try_provider(item, *provider, context);
    if (route.first) {
      if (routed && !context.unready.contains(name)) route.others.push_back(std::move(*routed));
      continue;
    }
    const auto unready = context.unready.find(name);
    if (routed && unready == context.unready.end()) {
      route.first = std::move(*routed);
      route.error.reset();
      continue;
    }
    route.error = routed ? unready->second : routed.error();
    if (routed && !later && may_pass(*route.error)) {
      later = std::move(*routed);
      before_later = route.skipped;
    }
    route.skipped.push_back(
        {.provider = name, .code = route.error->code, .message = route.error->message});
  }
  if (route.first) return route;
  if (!later) {
    if (!route.skipped.empty()) route.skipped.pop_back();  // its reason is the item's own
    return route;
  }
  return {.first = std::move(later), .skipped = std::move(before_later)};
}

}  // namespace vortex
