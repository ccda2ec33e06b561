#include "vortex/provider/barchart/barchart_adapter.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "vortex/base/ascii.hpp"
#include "vortex/provider/barchart/barchart_errors.hpp"
#include "vortex/provider/barchart/barchart_rows.hpp"
#include "vortex/provider/barchart/barchart_saved.hpp"
#include "vortex/provider/barchart/barchart_site_file.hpp"
#include "vortex/provider/http_status.hpp"

namespace vortex {
namespace {

using std::chrono::days;

constexpr std::string_view kHost = "ondemand.websol.barchart.com";
constexpr std::string_view kPath = "/getHistory.json";

// No part can hold more rows than are asked for at most, so that no answer is cut by the cap.
constexpr std::int64_t kRecordsMax = 20'000;
constexpr std::int64_t kMinutesADay = 1440;
// Nothing says in which zone startDate is read: a day more is asked on either side.
constexpr Duration kZonePad = days(1);

Duration span_of(std::int64_t minutes) {
  constexpr std::int64_t kPadDays = 3;  // both sides, and a part of a day
  return days(kRecordsMax * minutes / kMinutesADay - kPadDays);
}

Capabilities make_capabilities() {
  constexpr Duration kSince2008 = days(6'700);      // minutes of the large exchanges
  constexpr Duration kHalfACentury = days(19'000);  // of days, one row each
  return {
      .name = "barchart",
      .title = "Barchart OnDemand",
      .default_base_url = "https://ondemand.websol.barchart.com",
      .intervals = {{Interval::m1, "1", kSince2008, span_of(1)},
                    {Interval::m5, "5", kSince2008, span_of(5)},
                    {Interval::m15, "15", kSince2008, span_of(15)},
                    {Interval::m30, "30", kSince2008, span_of(30)},
                    {Interval::h1, "60", kSince2008, span_of(60)},
                    {Interval::d1, "daily", std::nullopt, kHalfACentury},
                    {Interval::wk1, "weekly", std::nullopt, kHalfACentury},
                    {Interval::mo1, "monthly", std::nullopt, kHalfACentury}},
      .limits = {},
      .concurrency = 2,
      .auth = "api_key",
      .credential_place = "query:apikey",
      .cost = "by contract; a trial key is free",
      .terms = "https://www.barchart.com/terms",
  };
}

std::string compact_date(TimePoint time) {
  std::string text = format_date(date_of(time));
  std::erase(text, '-');
  return text;
}

// Parts end at midnights, so that no part begins in the middle of a day but the first.
TimePoint end_of_part(Interval interval, TimePoint start, Duration span_max) {
  const Date end = date_of(start + span_max);
  return midnight(is_intraday(interval) ? end : bar_date(interval, end));
}

HttpCall history_call(const std::string& symbol, Interval interval, std::string_view word,
                      TimeRange part) {
  const BarchartClass kind = barchart_class(symbol);
  const bool continuous = kind == BarchartClass::continuous;
  const bool intraday = is_intraday(interval);
  std::string type = intraday     ? (continuous ? "nearbyMinutes" : "minutes")
                     : continuous ? std::string(word) + "Nearest"
                                  : std::string(word);
  const TimePoint end = midnight(date_of(part.end - Duration(1))) + days(1) + kZonePad;
  HttpCall call{.host = std::string(kHost),
                .path = std::string(kPath),
                .query = {{"symbol", symbol},
                          {"type", std::move(type)},
                          {"startDate", compact_date(part.start - kZonePad)},
                          {"endDate", compact_date(end)},
                          {"maxRecords", std::to_string(kRecordsMax)},
                          {"order", "asc"}}};
  if (intraday) call.query.emplace_back("interval", std::string(word));
  if (kind == BarchartClass::equity) {
    call.query.emplace_back("splits", "true");
    call.query.emplace_back("dividends", "false");
  }
  if (kind == BarchartClass::future || continuous) call.query.emplace_back("volume", "contract");
  if (continuous) call.query.emplace_back("backAdjust", "false");
  return call;
}

std::optional<TimePoint> date_param(const HttpCall& call, std::string_view name) {
  const auto found = std::ranges::find(call.query, name, &QueryParams::value_type::first);
  constexpr std::size_t kSize = 8;
  if (found == call.query.end() || found->second.size() != kSize) return std::nullopt;
  const std::string& text = found->second;
  const auto date = parse_date(text.substr(0, 4) + "-" + text.substr(4, 2) + "-" + text.substr(6));
  if (!date) return std::nullopt;
  return midnight(*date);
}

}  // namespace

const Capabilities& BarchartAdapter::capabilities() const {
  static const Capabilities capabilities = make_capabilities();
  return capabilities;
}

Result<std::string> BarchartAdapter::map_symbol(const Symbol& symbol) const {
  const auto is_barcharts = [](char c) {
    return is_alnum(c) || std::string_view("^$-.*_").contains(c);
  };
  if (std::ranges::all_of(symbol.text(), is_barcharts)) return symbol.text();
  return std::unexpected(no_spelling(capabilities(), symbol));
}

Result<std::vector<HttpCall>> BarchartAdapter::plan(const BarsRequest& request,
                                                    TimePoint now) const {
  VORTEX_TRY(const IntervalSupport support, find_interval(capabilities(), request.interval));
  VORTEX_TRY(TimeRange range, served_range(capabilities(), request, now));
  VORTEX_TRY(const std::string symbol, spelling_of(*this, request));
  range = whole_bars(request.interval, range);
  std::vector<HttpCall> calls;
  for (TimePoint start = range.start; start < range.end;) {
    const TimePoint end =
        std::min(range.end, end_of_part(request.interval, start, *support.span_max));
    calls.push_back(history_call(symbol, request.interval, support.provider_word, {start, end}));
    start = end;
  }
  return calls;
}

TimeRange BarchartAdapter::range_of(const BarsRequest& request, const HttpCall& call) const {
  const auto first = date_param(call, "startDate");
  const auto last = date_param(call, "endDate");
  if (!first || !last) return request.range;
  return {std::max(*first + kZonePad, request.range.start),
          std::min(*last - kZonePad, request.range.end)};
}

Result<Page> BarchartAdapter::decode(const BarsRequest& request, const HttpReply& reply) const {
  VORTEX_TRY(const std::string symbol, spelling_of(*this, request));
  BarchartQuery query{.request = request, .symbol = symbol};
  const std::string_view type = find_header(reply.headers, "Content-Type");
  if (type == kBarchartSavedType || type == kBarchartSavedByEndType) {
    query.form = BarchartForm::saved;
    query.labels_are_ends = type == kBarchartSavedByEndType;
    VORTEX_TRY(BarchartRows rows, read_barchart_csv(query, reply));
    return settle_barchart(query, reply, std::move(rows));
  }
  if (is_barchart_download(reply)) return decode_barchart_download(query, reply);
  VORTEX_TRY_VOID(find_interval(capabilities(), request.interval));
  if (auto refusal = barchart_refusal(reply)) {
    if (refusal->code == ErrorCode::empty) return empty_barchart_page();
    return std::unexpected(std::move(*refusal));
  }
  const bool is_json = trim(reply.body.view().substr(0, 64)).starts_with('{');
  auto rows = is_json ? read_barchart_json(query, reply) : read_barchart_csv(query, reply);
  if (!rows && rows.error().code == ErrorCode::empty) return empty_barchart_page();
  if (!rows) return std::unexpected(std::move(rows).error());
  if (std::cmp_greater_equal(rows->bars.rows(), kRecordsMax)) {
    return std::unexpected(reply_error(
        ErrorCode::truncated, "the answer holds all of maxRecords: it may lack rows", reply));
  }
  return settle_barchart(query, reply, *std::move(rows));
}

}  // namespace vortex
