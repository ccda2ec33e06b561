#include "vortex/provider/barchart/barchart_site_adapter.hpp"

#include <algorithm>
#include <utility>

#include "vortex/base/ascii.hpp"
#include "vortex/base/json.hpp"
#include "vortex/provider/barchart/barchart_site_file.hpp"
#include "vortex/provider/barchart/barchart_site_page.hpp"
#include "vortex/provider/barchart/barchart_symbol.hpp"

namespace vortex {
namespace {

using std::chrono::days;

constexpr std::int64_t kMinutesADay = 1440;
// Minutes are asked by dates of another zone: a day more on either side, of which range_of takes
// off what was not meant.
constexpr Duration kZonePad = days(1);

// So many days of minutes that no file can be full.
Duration span_of(std::int64_t minutes) {
  constexpr std::int64_t kPadDays = 3;
  return days(kBarchartFileRowsMax * minutes / kMinutesADay - kPadDays);
}

Capabilities make_capabilities() {
  constexpr Duration kSince2008 = days(6'700);
  constexpr Duration kHalfACentury = days(19'000);
  return {
      .name = "barchart",
      .title = "Barchart website",
      .default_base_url = "https://www.barchart.com",
      .intervals = {{Interval::m1, "1", kSince2008, span_of(1)},
                    {Interval::m5, "5", kSince2008, span_of(5)},
                    {Interval::m15, "15", kSince2008, span_of(15)},
                    {Interval::m30, "30", kSince2008, span_of(30)},
                    {Interval::h1, "60", kSince2008, span_of(60)},
                    {Interval::d1, "daily", std::nullopt, kHalfACentury}},
      // A file in ten seconds, as people do; the day is that of a subscriber.
      .limits = {"6/min", "250/day@America/Chicago"},
      .concurrency = 1,
      .auth = "session",
      .credential_place = "",
      .cost = "a subscription; each file counts against its day",
      .terms = "https://www.barchart.com/terms",
  };
}

std::string_view section_of(BarchartClass kind) {
  switch (kind) {
    case BarchartClass::equity:
    case BarchartClass::index: return "/stocks";
    case BarchartClass::currency: return "/forex";
    case BarchartClass::future:
    case BarchartClass::continuous:
    case BarchartClass::cash: break;
  }
  return "/futures";
}

HttpCall file_call(const std::string& symbol, Interval interval, std::string_view word,
                   TimeRange part) {
  const bool intraday = is_intraday(interval);
  const Duration pad = intraday ? kZonePad : Duration::zero();
  HttpCall call{.host = std::string(kBarchartHost),
                .path = std::string(section_of(barchart_class(symbol))) + "/quotes/" +
                        percent_encode(symbol) + "/historical-download",
                .query = {{"symbol", symbol},
                          {"type", intraday ? "minutes" : "eod"},
                          {intraday ? "interval" : "period", std::string(word)},
                          {"startDate", format_date(date_of(part.start - pad))},
                          {"endDate", format_date(date_of(part.end - Duration(1) + pad))}}};
  return call;
}

std::optional<TimePoint> date_param(const HttpCall& call, std::string_view name) {
  const auto found = std::ranges::find(call.query, name, &QueryParams::value_type::first);
  if (found == call.query.end()) return std::nullopt;
  const auto date = parse_date(found->second);
  if (!date) return std::nullopt;
  return midnight(*date);
}

}  // namespace

const Capabilities& BarchartSiteAdapter::capabilities() const {
  static const Capabilities capabilities = make_capabilities();
  return capabilities;
}

Result<std::string> BarchartSiteAdapter::map_symbol(const Symbol& symbol) const {
  return ondemand_.map_symbol(symbol);
}

Result<std::vector<HttpCall>> BarchartSiteAdapter::plan(const BarsRequest& request,
                                                        TimePoint now) const {
  VORTEX_TRY(const IntervalSupport support, find_interval(capabilities(), request.interval));
  VORTEX_TRY(TimeRange range, served_range(capabilities(), request, now));
  VORTEX_TRY(const std::string symbol, spelling_of(*this, request));
  // Files are of whole days: what is left of the last one costs no file of its own.
  range = {midnight(date_of(range.start)), midnight(date_of(range.end - Duration(1))) + days(1)};
  std::vector<HttpCall> calls;
  for (TimePoint start = range.start; start < range.end;) {
    const TimePoint end = std::min(range.end, midnight(date_of(start + *support.span_max)));
    calls.push_back(file_call(symbol, request.interval, support.provider_word, {start, end}));
    start = end;
  }
  return calls;
}

TimeRange BarchartSiteAdapter::range_of(const BarsRequest& request, const HttpCall& call) const {
  const auto first = date_param(call, "startDate");
  const auto last = date_param(call, "endDate");
  if (!first || !last) return request.range;
  const Duration pad = is_intraday(request.interval) ? kZonePad : Duration::zero();
  return {std::max(*first + pad, request.range.start),
          std::min(*last + days(1) - pad, request.range.end)};
}

Result<Page> BarchartSiteAdapter::decode(const BarsRequest& request, const HttpReply& reply) const {
  const std::string_view body = reply.body.view();
  const bool is_page = trim(body.substr(0, 64)).starts_with('<');
  if (is_page || reply.status >= 300) {
    if (auto refusal = barchart_site_refusal(reply)) return std::unexpected(std::move(*refusal));
    if (asks_for_barchart_login(reply) || !barchart_page_token(body).empty()) {
      return std::unexpected(
          barchart_session_ended("a page came instead of the file: no session", reply));
    }
    if (is_page) {
      return std::unexpected(
          barchart_site_error(ErrorCode::html_instead, "a page came instead of the file", reply));
    }
  }
  constexpr std::size_t kShortMax = std::size_t{64} << 10;
  if (body.starts_with('{') && body.size() <= kShortMax) {
    const auto json = Json::parse(body);
    const auto words = json ? json->string_at("error") : std::nullopt;
    if (words) return std::unexpected(barchart_site_told(*words, reply));
  }
  return ondemand_.decode(request, reply);
}

}  // namespace vortex
