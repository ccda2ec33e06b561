#include "vortex/provider/adapter.hpp"

#include <algorithm>
#include <string>

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
  if (!support.depth) return request.range;
  const TimePoint earliest = first_bar_from(request.interval, now - *support.depth + kDepthSafety);
  if (request.range.end <= earliest) {
    return fail(ErrorCode::range_limit, std::string(to_string(request.interval)) + " bars of " +
                                            to_string(request.range) +
                                            " are too old: " + std::string(capabilities.name) +
                                            " serves them from " + format_time(earliest));
  }
  return TimeRange{.start = std::max(request.range.start, earliest), .end = request.range.end};
}

TimeRange HttpAdapter::range_of(const BarsRequest& request, const HttpCall& /*call*/) const {
  return request.range;
}

}  // namespace vortex
