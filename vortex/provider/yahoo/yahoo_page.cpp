// A chart as read → the page: is it about what was asked, instrument facts, corporate actions,
// bars.
#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <tuple>
#include <utility>

#include "vortex/base/ascii.hpp"
#include "vortex/provider/http_status.hpp"
#include "vortex/provider/yahoo/yahoo_chart.hpp"

namespace vortex {
namespace {

struct NamePair {
  std::string_view yahoo;
  std::string_view standard;
};

// Yahoo's exchange codes → ISO 10383.
constexpr auto kMics = std::to_array<NamePair>({
    {"NMS", "XNAS"}, {"NGM", "XNAS"}, {"NCM", "XNAS"}, {"NYQ", "XNYS"}, {"ASE", "XASE"},
    {"PCX", "ARCX"}, {"BTS", "BATS"}, {"PNK", "OTCM"}, {"OQB", "OTCM"}, {"OQX", "OTCM"},
    {"LSE", "XLON"}, {"IOB", "XLON"}, {"GER", "XETR"}, {"FRA", "XFRA"}, {"STU", "XSTU"},
    {"MUN", "XMUN"}, {"PAR", "XPAR"}, {"AMS", "XAMS"}, {"BRU", "XBRU"}, {"LIS", "XLIS"},
    {"MIL", "XMIL"}, {"MCE", "XMAD"}, {"EBS", "XSWX"}, {"VIE", "XWBO"}, {"STO", "XSTO"},
    {"CPH", "XCSE"}, {"HEL", "XHEL"}, {"OSL", "XOSL"}, {"WSE", "XWAR"}, {"ATH", "XATH"},
    {"TOR", "XTSE"}, {"VAN", "XTSX"}, {"ASX", "XASX"}, {"NZE", "XNZE"}, {"HKG", "XHKG"},
    {"JPX", "XTKS"}, {"KSC", "XKRX"}, {"KOE", "XKOS"}, {"SHH", "XSHG"}, {"SHZ", "XSHE"},
    {"TAI", "XTAI"}, {"TWO", "ROCO"}, {"NSI", "XNSE"}, {"BSE", "XBOM"}, {"SES", "XSES"},
    {"KLS", "XKLS"}, {"JKT", "XIDX"}, {"SET", "XBKK"}, {"SAO", "BVMF"}, {"MEX", "XMEX"},
    {"BUE", "XBUE"}, {"JNB", "XJSE"}, {"TLV", "XTAE"}, {"IST", "XIST"}, {"SAU", "XSAU"},
    {"CMX", "XCEC"}, {"CME", "XCME"}, {"CBT", "XCBT"}, {"NYM", "XNYM"}, {"NYB", "IFUS"},
});

constexpr auto kTypes = std::to_array<NamePair>({
    {"EQUITY", "equity"},
    {"ETF", "etf"},
    {"MUTUALFUND", "fund"},
    {"INDEX", "index"},
    {"CURRENCY", "currency"},
    {"CRYPTOCURRENCY", "crypto"},
    {"FUTURE", "future"},
    {"OPTION", "option"},
});

std::string_view look_up(std::span<const NamePair> table, std::string_view yahoo) {
  const auto found = std::ranges::find(table, yahoo, &NamePair::yahoo);
  return found == table.end() ? std::string_view() : found->standard;
}

double magnifier_of(std::string_view currency) {
  for (const std::string_view hundredth : {"GBp", "GBX", "ZAc", "ZAC", "ILA"}) {
    if (currency == hundredth) return 100.0;
  }
  return currency == "KWF" ? 1000.0 : 1.0;
}

Instrument instrument_of(const ChartQuery& query, const ChartMeta& meta) {
  constexpr std::int64_t kDecimalsMax = 10;
  Instrument out{.provider = "yahoo",
                 .symbol = query.request.symbol.text(),
                 .name = meta.name,
                 .exchange = meta.exchange,
                 .mic = std::string(look_up(kMics, meta.exchange)),
                 .zone = meta.zone,
                 .currency = meta.currency,
                 .price_magnifier = magnifier_of(meta.currency),
                 .type = std::string(look_up(kTypes, meta.type))};
  if (out.type.empty()) out.type = lower(meta.type);
  if (meta.price_hint && *meta.price_hint >= 0 && *meta.price_hint <= kDecimalsMax) {
    out.tick = std::pow(10.0, -static_cast<double>(*meta.price_hint));
  }
  if (meta.first_trade) out.first_trade = from_unix_seconds(*meta.first_trade);
  return out;
}

Result<void> check_subject(const ChartQuery& query, const ChartMeta& meta) {
  if (!equals_ignoring_case(meta.symbol, query.symbol)) {
    return fail(ErrorCode::mismatch, "asked for " + std::string(query.symbol) +
                                         ", meta.symbol is '" + meta.symbol + "'");
  }
  std::string_view granularity = meta.granularity;
  if (granularity == "1h") granularity = "60m";
  if (granularity != query.support.provider_word) {
    return fail(ErrorCode::mismatch, "asked for " + std::string(query.support.provider_word) +
                                         " bars, meta.dataGranularity is '" + meta.granularity +
                                         "'");
  }
  return {};
}

// Without a zone no session has a date.
Result<TimeZone> zone_of(const Chart& chart) {
  const std::string& name = chart.meta.zone;
  if (name.empty()) {
    if (chart.bars.rows() == 0 && chart.actions.empty()) return TimeZone::utc();
    return fail(ErrorCode::schema, "meta.exchangeTimezoneName is missing");
  }
  auto zone = TimeZone::find(name);
  if (!zone) {
    return fail(ErrorCode::schema, "meta.exchangeTimezoneName: " + std::move(zone).error().message);
  }
  return *zone;
}

bool is_readable(const ChartAction& action) {
  if (action.kind != ActionKind::split) return std::isfinite(action.amount);
  return std::isfinite(action.numerator) && std::isfinite(action.denominator) &&
         action.numerator > 0 && action.denominator > 0;
}

void settle_actions(const std::vector<ChartAction>& actions, TimeZone zone, Page& page) {
  for (const ChartAction& action : actions) {
    if (!is_readable(action) || std::abs(action.date) > 4'102'444'800) {
      ++page.actions_unreadable;
      continue;
    }
    CorporateAction out{.kind = action.kind,
                        .ex_date = zone.local_date(from_unix_seconds(action.date)),
                        .currency = action.currency};
    if (action.kind == ActionKind::split) {
      out.numerator = action.numerator;
      out.denominator = action.denominator;
    } else {
      out.amount = action.amount;
    }
    page.actions.push_back(std::move(out));
  }
  std::ranges::sort(page.actions, {}, [](const CorporateAction& action) {
    return std::tuple(action.ex_date, action.kind, action.amount, action.numerator,
                      action.denominator);
  });
}

Result<Page> page_of(const ChartQuery& query, TimePoint received_at, Chart& chart) {
  VORTEX_TRY_VOID(check_subject(query, chart.meta));
  VORTEX_TRY(const TimeZone zone, zone_of(chart));
  Page page;
  page.instrument = instrument_of(query, chart.meta);
  settle_actions(chart.actions, zone, page);
  VORTEX_TRY_VOID(settle_yahoo_bars(query, zone, received_at, chart, page));
  VORTEX_TRY(page.bars, chart.bars.finish({.symbol = query.request.symbol.text(),
                                           .provider = "yahoo",
                                           .interval = query.request.interval,
                                           .adjusted = Adjustment::split,
                                           .basis = zone.local_date(received_at),
                                           .transform_timestamp = received_at}));
  return page;
}

}  // namespace

Page empty_yahoo_page() {
  Page page;
  page.bars = empty_bars();
  return page;
}

Result<Page> decode_yahoo_chart(const ChartQuery& query, const HttpReply& reply) {
  auto chart = read_yahoo_chart(reply);
  if (!chart) {
    if (chart.error().code == ErrorCode::empty) return empty_yahoo_page();
    return std::unexpected(std::move(chart).error());
  }
  auto page = page_of(query, reply.received_at, *chart);
  if (page) return page;
  // What page_of finds wrong lacks the evidence that only the reply has.
  Error error = std::move(page).error();
  return std::unexpected(reply_error(error.code, std::move(error.message), reply));
}

}  // namespace vortex
