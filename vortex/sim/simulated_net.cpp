#include "vortex/sim/simulated_net.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "vortex/sim/fault_reply.hpp"

namespace vortex {
namespace {

constexpr std::string_view kAnotherSymbol = "WRNG";
constexpr std::string_view kSymbolParameter = "symbol";

std::string symbol_in(const HttpCall& call) {
  for (const auto& [name, value] : call.query) {
    if (name == kSymbolParameter) return value;
  }
  const std::string_view path = call.path;
  return percent_decode(path.substr(path.rfind('/') + 1)).value_or(std::string());
}

// The same question about another symbol.
HttpCall with_symbol(HttpCall call, const std::string& from, std::string_view to) {
  const std::string encoded = percent_encode(from);
  if (!from.empty() && call.path.ends_with(encoded)) {
    call.path.replace(call.path.size() - encoded.size(), encoded.size(), to);
  }
  for (auto& [name, value] : call.query) {
    if (name == kSymbolParameter && value == from) value = to;
  }
  return call;
}

SimulatedNet::Reaction take_reply(HttpReply answer) {
  SimulatedNet::Reaction reaction;
  reaction.reply.status = answer.status;
  reaction.reply.headers = std::move(answer.headers);
  reaction.body = std::move(answer.body);
  return reaction;
}

ServerRequest to_request(std::string_view host, const HttpCall& call) {
  ServerRequest request{.method = call.method == HttpMethod::get ? "GET" : "POST",
                        .path = call.path,
                        .query = call.query,
                        .headers = call.headers,
                        .body = call.body};
  request.headers.push_back({"Host", std::string(host)});
  return request;
}

int status_of(const SimulatedNet::Reaction& reaction) {
  const bool unanswered =
      reaction.reply.hang || (reaction.reply.reset && !reaction.reply.close_after_bytes);
  return unanswered ? 0 : reaction.reply.status;
}

}  // namespace

SimulatedNet::SimulatedNet(const Clock& clock, SimulatedNetOptions options)
    : clock_(clock), options_(options), random_(options.seed), faults_since_(clock.monotonic()) {}

void SimulatedNet::serve(const std::string& provider, const std::string& host, Answer answer,
                         SymbolOf symbol_of) {
  if (!symbol_of) symbol_of = symbol_in;
  traffic_.try_emplace(provider);
  peers_[host] = {.provider = provider,
                  .react = [this, provider, answer = std::move(answer),
                            symbol_of = std::move(symbol_of)](const HttpCall& call) {
                    return react(provider, answer, symbol_of, call);
                  }};
}

void SimulatedNet::serve(const std::string& provider, const std::string& host,
                         YahooImposter& imposter) {
  traffic_.try_emplace(provider);
  peers_[host] = {.provider = provider, .react = [&imposter, host](const HttpCall& call) {
                    Reaction reaction{.reply = imposter.answer(to_request(host, call)),
                                      .body = std::nullopt,
                                      .fault = std::nullopt};
                    reaction.fault = imposter.last_fault();
                    return reaction;
                  }};
}

void SimulatedNet::set_faults(FaultScript faults) {
  faults_ = std::move(faults);
  faults_since_ = clock_.monotonic();
}

const SimulatedNet::Peer* SimulatedNet::find(std::string_view host) const {
  auto found = peers_.find(host);
  if (found == peers_.end()) found = peers_.find(std::string_view());
  return found == peers_.end() ? nullptr : &found->second;
}

const std::string* SimulatedNet::provider_of(std::string_view host) const {
  const Peer* const peer = find(host);
  return peer == nullptr ? nullptr : &peer->provider;
}

SimulatedNet::Reaction SimulatedNet::react(const std::string& provider, const Answer& answer,
                                           const SymbolOf& symbol_of, const HttpCall& call) {
  const TimePoint now = clock_.now();
  if (faults_.size() == 0) return take_reply(answer(call, now));
  const std::string symbol = symbol_of(call);
  const FaultRule* const rule = faults_.decide(
      {.provider = provider,
       .symbol = symbol,
       .path = call.path,
       .since_start = std::chrono::duration_cast<Duration>(clock_.monotonic() - faults_since_)});
  if (rule == nullptr) return take_reply(answer(call, now));
  Reaction reaction;
  if (rule->kind == FaultKind::bad_session) {
    reaction.reply.status = 401;
  } else if (!is_before_sending(rule->kind)) {
    const bool wrong = rule->kind == FaultKind::wrong_symbol;
    reaction = take_reply(answer(wrong ? with_symbol(call, symbol, kAnotherSymbol) : call, now));
    reaction.reply.body = reaction.body->view();
    reaction.body.reset();
  }
  reaction.reply = with_fault(std::move(reaction.reply), *rule);
  reaction.fault = rule->kind;
  return reaction;
}

void SimulatedNet::note(const Peer& peer, const HttpCall& call, const Reaction& reaction) {
  ProviderTraffic& traffic = traffic_.find(peer.provider)->second;
  const bool reached = !reaction.fault || !is_before_sending(*reaction.fault);
  ++(reached ? traffic.asked : traffic.failed_before_sending);
  traffic.running_max = std::max(traffic.running_max, ++traffic.running);
  if (arrivals_.size() >= options_.arrivals_max) {
    ++arrivals_dropped_;
    return;
  }
  arrivals_.push_back({.at = clock_.monotonic(),
                       .provider = peer.provider,
                       .target = call.target(),
                       .status = status_of(reaction),
                       .fault = reaction.fault});
}

SimulatedNet::Reaction SimulatedNet::arrive(std::string_view host, const HttpCall& call) {
  const Peer& peer = *find(host);
  Reaction reaction = peer.react(call);
  note(peer, call, reaction);
  return reaction;
}

void SimulatedNet::leave(std::string_view provider) {
  --traffic_.find(provider)->second.running;
}

Duration SimulatedNet::draw_latency() {
  const SimulatedRoad& road = options_.road;
  const double rest =
      -std::log(1.0 - random_.uniform()) * static_cast<double>(road.latency_rest_mean.count());
  const auto over = Duration(std::llround(rest));
  return std::min(road.latency_max, road.latency_min + over);
}

const ProviderTraffic& SimulatedNet::traffic(std::string_view provider) const {
  static const ProviderTraffic kNone;
  const auto found = traffic_.find(provider);
  return found == traffic_.end() ? kNone : found->second;
}

std::string SimulatedNet::log_text() const {
  std::string text;
  for (const Arrival& arrival : arrivals_) {
    const auto elapsed = std::chrono::duration_cast<Duration>(arrival.at.time_since_epoch());
    text += std::to_string(elapsed.count()) + ' ' + arrival.provider + ' ' + arrival.target + ' ' +
            std::to_string(arrival.status);
    if (arrival.fault) text += ' ' + std::string(to_string(*arrival.fault));
    text += '\n';
  }
  return text;
}

}  // namespace vortex
