// Cards C-01 to C-10: planning, capabilities and refusals.
#include "tests/conformance/conformance.hpp"

#include <algorithm>

namespace vortex {
namespace {

using std::chrono::days;
using std::chrono::hours;

constexpr TimePoint kToday{std::chrono::seconds{1'711'645'510}};  // 2024-03-28T17:05:10Z

std::vector<TimeRange> sample_ranges(Interval interval) {
  std::vector<TimeRange> ranges;
  for (const int span : {1, 2, 6, 7, 8, 20, 29, 59, 61, 400, 729, 800, 20'000, 80'000}) {
    const TimePoint start = kToday - days(span);
    ranges.push_back(is_intraday(interval)
                         ? TimeRange{start, kToday}
                         : TimeRange{midnight(date_of(start)), midnight(date_of(kToday))});
  }
  return ranges;
}

TEST_P(ConformanceTest, C01PlanCoversTheServedRangeWithoutGapOrOverlap) {
  for (const IntervalSupport& support : capabilities().intervals) {
    for (const TimeRange& range : sample_ranges(support.interval)) {
      const BarsRequest request = request_of(support.interval, range);
      const auto served = served_range(capabilities(), request, kToday);
      const auto calls = adapter().plan(request, kToday);
      ASSERT_EQ(served.has_value(), calls.has_value()) << to_string(range);
      if (!served) continue;
      ASSERT_FALSE(calls->empty());
      TimePoint covered = adapter().range_of(request, calls->front()).start;
      for (const HttpCall& call : *calls) {
        const TimeRange part = adapter().range_of(request, call);
        EXPECT_EQ(part.start, covered) << to_string(support.interval) << " " << to_string(range);
        EXPECT_FALSE(part.empty());
        covered = part.end;
      }
      EXPECT_LE(adapter().range_of(request, calls->front()).start,
                std::max(served->start, TimePoint{std::chrono::seconds{-2'208'988'800}}));
      EXPECT_EQ(covered, served->end);
    }
  }
}

TEST_P(ConformanceTest, C02NoCallIsLongerThanAllowed) {
  for (const IntervalSupport& support : capabilities().intervals) {
    if (!support.span_max) continue;
    for (const TimeRange& range : sample_ranges(support.interval)) {
      const BarsRequest request = request_of(support.interval, range);
      const auto calls = adapter().plan(request, kToday);
      if (!calls) continue;
      for (const HttpCall& call : *calls) {
        const TimeRange part = adapter().range_of(request, call);
        EXPECT_LE(part.end - part.start, *support.span_max) << to_string(support.interval);
      }
    }
  }
}

TEST_P(ConformanceTest, C03PlanIsDeterministic) {
  for (const IntervalSupport& support : capabilities().intervals) {
    const BarsRequest request = request_of(support.interval, {kToday - days(5), kToday});
    EXPECT_EQ(adapter().plan(request, kToday).value(), adapter().plan(request, kToday).value());
  }
}

TEST_P(ConformanceTest, C04J2HostileSymbolsStayInTheirPlace) {
  BarsRequest request = request_of(Interval::d1, {kToday - days(5), kToday});
  const auto shape = [](const std::string& target) {
    return std::pair(std::ranges::count(target, '/'), std::ranges::count(target, '&'));
  };
  request.provider_symbol = "A";
  const auto plain = shape(adapter().plan(request, kToday).value().front().target());
  for (const std::string& symbol :
       {std::string("../../etc/passwd"), std::string("A\r\nHost: evil"), std::string("A\0B", 3),
        std::string("A?x=1"), std::string("A&period1=0"), std::string("A#b"), std::string("A/../B"),
        std::string("%2e%2e%2f"),
        std::string("\xE2\x80\xAE"
                    "LPAA"),
        std::string(1'000'000, 'A'), std::string("A b\t\x7F"), std::string("http://evil/")}) {
    request.provider_symbol = symbol;
    const auto calls = adapter().plan(request, kToday);
    if (!calls) continue;  // refusing is as good
    for (const HttpCall& call : *calls) {
      const std::string target = call.target();
      EXPECT_EQ(shape(target), plain) << target.substr(0, 80);
      EXPECT_TRUE(std::ranges::all_of(target, [](char c) { return c > ' ' && c < '\x7F'; }));
      EXPECT_EQ(target.find('#'), std::string::npos);
    }
  }
}

TEST_P(ConformanceTest, C05IntervalsThatAreNotServedAreRefusedWithTheList) {
  for (const Interval interval : kIntervals) {
    if (find_interval(capabilities(), interval)) continue;
    const auto calls = adapter().plan(request_of(interval, {kToday - days(5), kToday}), kToday);
    ASSERT_FALSE(calls.has_value()) << to_string(interval);
    EXPECT_EQ(calls.error().code, ErrorCode::unsupported);
    const std::string_view first = to_string(capabilities().intervals.front().interval);
    EXPECT_NE(calls.error().message.find(first), std::string::npos);
  }
}

TEST_P(ConformanceTest, C06EmptyRangesAreRefused) {
  const Interval interval = capabilities().intervals.front().interval;
  for (const TimeRange range : {TimeRange{kToday, kToday}, TimeRange{kToday, kToday - hours(1)}}) {
    const auto calls = adapter().plan(request_of(interval, range), kToday);
    ASSERT_FALSE(calls.has_value());
    EXPECT_EQ(calls.error().code, ErrorCode::usage);
  }
}

TEST_P(ConformanceTest, C07TooOldIsRefusedWithTheEarliestTime) {
  for (const IntervalSupport& support : capabilities().intervals) {
    if (!support.depth) continue;
    const TimePoint edge = kToday - *support.depth;
    const auto calls =
        adapter().plan(request_of(support.interval, {edge - days(9), edge - days(2)}), kToday);
    ASSERT_FALSE(calls.has_value()) << to_string(support.interval);
    EXPECT_EQ(calls.error().code, ErrorCode::range_limit);
    EXPECT_NE(calls.error().message.find(format_date(date_of(edge)).substr(0, 7)),
              std::string::npos)
        << calls.error().message;
  }
}

TEST_P(ConformanceTest, C08CapabilitiesAreComplete) {
  const Capabilities& all = capabilities();
  EXPECT_FALSE(all.name.empty());
  EXPECT_FALSE(all.title.empty());
  EXPECT_TRUE(all.default_base_url.starts_with("https://"));
  EXPECT_FALSE(all.default_base_url.ends_with('/'));
  EXPECT_TRUE(all.terms.starts_with("https://"));
  EXPECT_FALSE(all.cost.empty());
  EXPECT_FALSE(all.intervals.empty());
  EXPECT_TRUE(std::ranges::is_sorted(all.intervals, {}, &IntervalSupport::interval));
  EXPECT_GT(all.concurrency, 0);
  EXPECT_EQ(all.auth == "session", provider().session != nullptr);
  EXPECT_EQ(all.auth == "api_key", !all.credential_place.empty());
  EXPECT_TRUE(all.credential_place.empty() || all.credential_place.starts_with("query:") ||
              all.credential_place.starts_with("header:"));
  // What masks addresses must know the parameter for a secret.
  if (all.credential_place.starts_with("query:")) {
    const std::string param(all.credential_place.substr(6));
    EXPECT_EQ(redact_url("?" + param + "=x"), "?" + param + "=***");
  }
}

TEST_P(ConformanceTest, C09B8B10C1CommonRefusalsAreTold) {
  const BarsRequest request = request_of(Interval::d1, {kToday - days(5), kToday});
  const auto code_of = [&](HttpReply reply) {
    reply.received_at = kToday;
    const auto page = adapter().decode(request, reply);
    return page ? std::string("a page") : to_string(page.error().code);
  };
  EXPECT_EQ(code_of({.status = 429}), to_string(ErrorCode::rate_limited));
  EXPECT_EQ(code_of({.status = 404}), to_string(ErrorCode::not_found));
  for (const int status : {500, 502, 503, 504}) {
    EXPECT_EQ(code_of({.status = status}), to_string(ErrorCode::server)) << status;
  }
  EXPECT_EQ(code_of({.status = 200}), to_string(ErrorCode::bad_payload));
  EXPECT_EQ(code_of({.status = 200, .body = Body::copy_of("null")}),
            to_string(ErrorCode::bad_payload));
  EXPECT_EQ(code_of({.status = 200, .body = Body::copy_of("<!DOCTYPE html><html></html>")}),
            to_string(ErrorCode::html_instead));
  EXPECT_EQ(code_of({.status = 407}), to_string(ErrorCode::proxy_authentication));
}

TEST_P(ConformanceTest, C10B1RateLimitCarriesWhenToAskAgain) {
  const BarsRequest request = request_of(Interval::d1, {kToday - days(5), kToday});
  const auto page = adapter().decode(
      request, {.status = 429, .headers = {{"Retry-After", "30"}}, .received_at = kToday});
  ASSERT_FALSE(page.has_value());
  EXPECT_EQ(page.error().retry_at, kToday + std::chrono::seconds(30));
  EXPECT_TRUE(page.error().retryable());
}

}  // namespace

INSTANTIATE_TEST_SUITE_P(Providers, ConformanceTest, testing::ValuesIn(conformance_names()),
                         [](const auto& info) { return info.param; });

}  // namespace vortex
