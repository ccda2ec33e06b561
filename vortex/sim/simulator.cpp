#include "vortex/sim/simulator.hpp"

#include <charconv>
#include <system_error>
#include <utility>

#include "vortex/base/json.hpp"
#include "vortex/config/rate_limit.hpp"
#include "vortex/net/http_server.hpp"
#include "vortex/sim/yahoo_imposter.hpp"

namespace vortex {
namespace {

constexpr std::string_view kYahoo = "yahoo";

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

}  // namespace

struct Simulator::Impl {
  YahooImposter yahoo;
  std::unique_ptr<HttpServer> server;
  std::string host;
};

Simulator::Simulator(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Simulator::~Simulator() = default;

Result<std::unique_ptr<Simulator>> Simulator::start(Runtime& runtime,
                                                    const SimulatorOptions& options) {
  VORTEX_TRY(const Address address, read_address(options.listen));
  VORTEX_TRY(auto limit, read_limit(options.limit));
  VORTEX_TRY(Market market, read_market(options));
  VORTEX_TRY(FaultScript faults, read_faults(options));
  YahooImposterOptions imposter{.seed = options.seed,
                                .require_crumb = options.require_crumb,
                                .consent_wall = options.consent_wall,
                                .limit = std::move(limit),
                                .now = options.now};
  auto impl =
      std::make_unique<Impl>(Impl{.yahoo = YahooImposter(runtime.clock(), std::move(market),
                                                         std::move(faults), std::move(imposter)),
                                  .server = nullptr,
                                  .host = address.host});
  const auto handler = [yahoo = &impl->yahoo](const ServerRequest& request) {
    return yahoo->answer(request);
  };
  VORTEX_TRY(impl->server, HttpServer::listen(runtime, address.host, address.port, handler));
  return std::unique_ptr<Simulator>(new Simulator(std::move(impl)));
}

std::string Simulator::address_of(std::string_view provider) const {
  if (provider != kYahoo) return {};
  return "http://" + impl_->host + ":" + std::to_string(impl_->server->port());
}

std::string Simulator::addresses_json() const {
  JsonWriter json;
  json.begin_object();
  json.member(kYahoo, address_of(kYahoo));
  json.end_object();
  return json.take();
}

boost::asio::awaitable<void> Simulator::stop() {
  co_await impl_->server->stop();
}

}  // namespace vortex
