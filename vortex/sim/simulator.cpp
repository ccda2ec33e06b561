#include "vortex/sim/simulator.hpp"

#include <charconv>
#include <map>
#include <system_error>
#include <utility>

#include "vortex/base/json.hpp"
#include "vortex/config/rate_limit.hpp"
#include "vortex/net/http_server.hpp"
#include "vortex/sim/alphavantage_imposter.hpp"
#include "vortex/sim/barchart_imposter.hpp"
#include "vortex/sim/yahoo_imposter.hpp"

namespace vortex {
namespace {

constexpr std::string_view kYahoo = "yahoo";
constexpr std::string_view kAlphaVantage = "alphavantage";
constexpr std::string_view kBarchart = "barchart";

struct Address {
  std::string host;
  std::uint16_t port = 0;
};

Result<Address> read_address(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  Address address;
  if (colon != std::string::npos && colon > 0) {
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + colon + 1, end, address.port);
    address.host = text.substr(0, colon);
    if (error == std::errc() && stop == end && colon + 1 < text.size()) return address;
  }
  return fail(ErrorCode::usage, "listen address '" + untrusted(text, 80) + "' is not ADDRESS:PORT");
}

Result<std::optional<RequestWindow>> read_limit(const std::string& text) {
  if (text.empty()) return std::nullopt;
  VORTEX_TRY(const RateLimit limit, parse_rate_limit(text));
  if (limit.window == Duration::zero()) {
    return fail(ErrorCode::usage,
                "limit '" + untrusted(text, 80) + "': the simulator needs n/[k](s|min|h)");
  }
  return RequestWindow(limit.count, limit.window);
}

Result<Market> read_market(const SimulatorOptions& options) {
  if (options.data_dir.empty()) return Market(options.seed);
  VORTEX_TRY(CsvPrices prices, CsvPrices::open(options.data_dir));
  return Market(options.seed, std::move(prices));
}

Result<FaultScript> read_faults(const SimulatorOptions& options) {
  if (options.faults_file.empty()) return FaultScript();
  return FaultScript::load(options.faults_file, options.seed);
}

// The worlds share seed and prices, not changes made by a test: those are how two providers come to
// differ.
Result<SimWorld> make_world(std::string_view provider, const Clock& clock,
                            const SimulatorOptions& options) {
  VORTEX_TRY(auto limit, read_limit(options.limit));
  VORTEX_TRY(Market market, read_market(options));
  VORTEX_TRY(FaultScript faults, read_faults(options));
  return SimWorld(provider, clock, std::move(market), std::move(faults),
                  {.seed = options.seed, .limit = std::move(limit), .now = options.now});
}

}  // namespace

struct Simulator::Impl {
  YahooImposter yahoo;
  AlphaVantageImposter alphavantage;
  BarchartImposter barchart;
  std::map<std::string, std::unique_ptr<HttpServer>, std::less<>> servers;  // by provider
  std::string host;

  template <class Imposter>
  Result<void> serve(Runtime& runtime, std::string_view name, Imposter& imposter,
                     std::uint16_t port) {
    const auto handler = [&imposter](const ServerRequest& request) {
      return imposter.answer(request);
    };
    VORTEX_TRY(servers[std::string(name)], HttpServer::listen(runtime, host, port, handler));
    return {};
  }
};

Simulator::Simulator(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Simulator::~Simulator() = default;

Result<std::unique_ptr<Simulator>> Simulator::start(Runtime& runtime,
                                                    const SimulatorOptions& options) {
  VORTEX_TRY(const Address address, read_address(options.listen));
  const Clock& clock = runtime.clock();
  VORTEX_TRY(SimWorld yahoo, make_world(kYahoo, clock, options));
  VORTEX_TRY(SimWorld alphavantage, make_world(kAlphaVantage, clock, options));
  VORTEX_TRY(SimWorld barchart, make_world(kBarchart, clock, options));
  auto impl = std::make_unique<Impl>(
      Impl{.yahoo = YahooImposter(std::move(yahoo), {.require_crumb = options.require_crumb,
                                                     .consent_wall = options.consent_wall}),
           .alphavantage =
               AlphaVantageImposter(std::move(alphavantage), {.api_key = options.api_key,
                                                              .day_calls = options.day_calls,
                                                              .free_plan = options.free_plan}),
           .barchart = BarchartImposter(
               std::move(barchart), {.api_key = options.api_key, .day_calls = options.day_calls}),
           .servers = {},
           .host = address.host});
  VORTEX_TRY_VOID(impl->serve(runtime, kYahoo, impl->yahoo, address.port));
  VORTEX_TRY_VOID(impl->serve(runtime, kAlphaVantage, impl->alphavantage, 0));
  VORTEX_TRY_VOID(impl->serve(runtime, kBarchart, impl->barchart, 0));
  return std::unique_ptr<Simulator>(new Simulator(std::move(impl)));
}

std::string Simulator::address_of(std::string_view provider) const {
  const auto found = impl_->servers.find(provider);
  if (found == impl_->servers.end()) return {};
  return "http://" + impl_->host + ":" + std::to_string(found->second->port());
}

std::string Simulator::addresses_json() const {
  JsonWriter json;
  json.begin_object();
  for (const std::string_view name : {kYahoo, kAlphaVantage, kBarchart})
    json.member(name, address_of(name));
  json.end_object();
  return json.take();
}

boost::asio::awaitable<void> Simulator::stop() {
  for (const auto& [name, server] : impl_->servers) co_await server->stop();
}

}  // namespace vortex
