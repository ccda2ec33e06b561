#include "vortex/provider/adapter.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "vortex/base/ascii.hpp"

namespace vortex {
namespace {

std::string served_intervals(const Capabilities& capabilities) {
  std::string out;
  for (const IntervalSupport& support : capabilities.intervals) {
    if (!out.empty()) out += ' ';
    out += to_string(support.interval);
  }
  return out;
}

// Beyond these no exchange has a session; a range outside would only wrap around in arithmetic.
constexpr TimeRange kPlannable{TimePoint{std::chrono::seconds{-2'208'988'800}},  // 1900
                               TimePoint{std::chrono::seconds{4'102'444'800}}};  // 2100

// The first bar that begins at or after `time`: bars cut by the edge of the depth are not asked.
TimePoint first_bar_from(Interval interval, TimePoint time) {
  if (is_intraday(interval)) {
    const Duration length = nominal_length(interval);
    const auto past = time.time_since_epoch() % length;
    return past == Duration::zero() ? time : time - past + length;
  }
  const Date date = date_of(time);
  return midnight(midnight(date) == time ? date : date + std::chrono::days(1));
}

}  // namespace

Result<IntervalSupport> find_interval(const Capabilities& capabilities, Interval interval) {
  const auto found =
      std::ranges::find(capabilities.intervals, interval, &IntervalSupport::interval);
  if (found != capabilities.intervals.end()) return *found;
  return fail(ErrorCode::unsupported, std::string(capabilities.name) + " serves no " +
                                          std::string(to_string(interval)) + " bars; it has " +
                                          served_intervals(capabilities));
}

Result<TimeRange> served_range(const Capabilities& capabilities, const BarsRequest& request,
                               TimePoint now) {
  VORTEX_TRY(const IntervalSupport support, find_interval(capabilities, request.interval));
  if (request.range.empty()) {
    return fail(ErrorCode::usage, "the range " + to_string(request.range) + " is empty");
  }
  const TimeRange range{.start = std::max(request.range.start, kPlannable.start),
                        .end = std::min(request.range.end, kPlannable.end)};
  if (range.empty()) {
    return fail(ErrorCode::range_limit,
                "the range " + to_string(request.range) + " lies outside the years 1900 to 2100");
  }
  if (!support.depth) return range;
  const TimePoint earliest = first_bar_from(request.interval, now - *support.depth + kDepthSafety);
  if (range.end <= earliest) {
    return fail(ErrorCode::range_limit, std::string(to_string(request.interval)) + " bars of " +
                                            to_string(request.range) +
                                            " are too old: " + std::string(capabilities.name) +
                                            " serves them from " + format_time(earliest));
  }
  return TimeRange{.start = std::max(range.start, earliest), .end = range.end};
}

TimeRange whole_bars(Interval interval, TimeRange range) {
  if (is_intraday(interval)) return range;
  const Date first = bar_date(interval, date_of(range.start));
  const Date last = bar_date(interval, date_of(range.end - Duration(1)));
  return {midnight(first), midnight(next_bar_date(interval, last))};
}

Result<std::string> spelling_of(const HttpAdapter& adapter, const BarsRequest& request) {
  if (!request.provider_symbol.empty()) return request.provider_symbol;
  return adapter.map_symbol(request.symbol);
}

Error no_spelling(const Capabilities& capabilities, const Symbol& symbol,
                  std::string_view look_up) {
  const std::string name(capabilities.name);
  Error error{.code = ErrorCode::bad_symbol,
              .message = name + " has no symbol written '" + symbol.text() + "'"};
  std::string hint(look_up);
  if (!hint.empty()) hint += ", then ";
  hint += "say what it is called there: [symbols.\"" + symbol.text() + "\"] " + name + " = \"…\"";
  return std::move(error).with_hint(std::move(hint));
}

TimeRange HttpAdapter::range_of(const BarsRequest& request, const HttpCall& /*call*/) const {
  return request.range;
}

void SessionSteps::apply(const Session& session, HttpCall& call) const {
  for (const Header& header : session.headers) {
    std::erase_if(call.headers,
                  [&](const Header& old) { return equals_ignoring_case(old.name, header.name); });
    call.headers.push_back(header);
  }
  for (const auto& param : session.params) {
    std::erase_if(call.query, [&](const auto& old) { return old.first == param.first; });
    call.query.push_back(param);
  }
}

}  // namespace vortex
