#include "vortex/discovery/directory.hpp"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

namespace vortex {
namespace {

// A list that did not change is written anew when this part of its life has passed, so that its age
// on disk stays true without a write at every refresh.
constexpr int kRestampsInALife = 4;

Duration age_of(Monotonic said_at, Monotonic now) {
  return std::chrono::floor<Duration>(now - said_at);
}

}  // namespace

Directory::Directory(const DirectoryOptions& options, std::vector<ServiceSpec> services)
    : stale_after_(options.stale_after) {
  for (ServiceSpec& spec : services) {
    BalancerOptions own = options.balancer;
    own.strategy = spec.strategy;
    auto service = std::make_unique<Service>(own);
    for (auto& source : spec.sources)
      service->sources.emplace_back(std::move(source), spec.service, stale_after_);
    services_.emplace(std::move(spec.service), std::move(service));
  }
}

RememberedSource* Directory::find_source(std::string_view service, std::string_view source) {
  const auto found = services_.find(service);
  if (found == services_.end()) return nullptr;
  auto& sources = found->second->sources;
  const auto named = std::ranges::find_if(sources, [&](const RememberedSource& one) {
    return one.source().name() == source && !one.source().knows_at_start();
  });
  return named == sources.end() ? nullptr : &*named;
}

void Directory::restore(const LastGood& lists, DirectoryTime now) {
  for (const LastGoodList& list : lists) {
    // A calendar that was set back makes a list look young, never older than it is.
    const Duration age = std::max<Duration>(now.calendar - list.at, Duration::zero());
    if (age > stale_after_) continue;
    if (RememberedSource* source = find_source(list.service, list.source))
      source->restore(list.endpoints, now.elapsed - age);
    else
      others_.push_back(list);
  }
  taken_ = lasting_lists(now);
}

DirectoryChange Directory::refresh(DirectoryTime now) {
  DirectoryChange change;
  for (auto& [name, service] : services_) {
    std::vector<std::vector<Endpoint>> lists;
    for (RememberedSource& source : service->sources) {
      if (auto problem = source.ask(now.elapsed)) change.problems.push_back(std::move(*problem));
      lists.push_back(source.endpoints());
    }
    std::vector<Endpoint> merged = merge_endpoints(lists);
    if (merged == service->merged) continue;
    service->merged = std::move(merged);
    service->balancer.update(service->merged);
    change.services.push_back(name);
  }
  return change;
}

Result<PickedEndpoint> Directory::pick(std::string_view service, Monotonic now, Random& random,
                                       AvoidList avoid) {
  const auto found = services_.find(service);
  if (found == services_.end()) {
    return fail(ErrorCode::unknown_name,
                fmt::format("no endpoints are kept for '{}'", untrusted(service, 60)));
  }
  PickedEndpoint picked = found->second->balancer.pick(now, random, avoid);
  if (picked) return picked;
  std::string why;
  for (const RememberedSource& source : found->second->sources) {
    why += fmt::format("{}{}: {}", why.empty() ? "" : "; ", source.source().name(),
                       source.problem().empty() ? "not asked yet" : source.problem());
  }
  return std::unexpected(
      Error{.code = ErrorCode::resolve,
            .message = fmt::format("{}: no address is known ({})", found->first,
                                   why.empty() ? "nobody names any" : untrusted(why)),
            .provider = found->first});
}

LastGood Directory::lasting_lists(DirectoryTime now) const {
  LastGood lists = others_;
  for (const auto& [name, service] : services_) {
    for (const RememberedSource& source : service->sources) {
      if (source.source().knows_at_start() || source.endpoints().empty()) continue;
      lists.push_back({.service = name,
                       .source = std::string(source.source().name()),
                       .at = now.calendar - age_of(source.said_at(), now.elapsed),
                       .endpoints = source.endpoints()});
    }
  }
  return lists;
}

std::optional<LastGood> Directory::take_unsaved(DirectoryTime now) {
  LastGood lists = lasting_lists(now);
  const auto is_kept = [&](const LastGoodList& a, const LastGoodList& b) {
    return a.service == b.service && a.source == b.source && a.endpoints == b.endpoints &&
           a.at - b.at < stale_after_ / kRestampsInALife;
  };
  // An emptied memory deletes nothing on disk: the file may be all there is after a restart.
  if (lists.size() == others_.size() || std::ranges::equal(lists, taken_, is_kept))
    return std::nullopt;
  taken_ = lists;
  return lists;
}

std::vector<ServiceStatus> Directory::snapshot(Monotonic now) const {
  std::vector<ServiceStatus> statuses;
  for (const auto& [name, service] : services_) {
    ServiceStatus status{.service = name,
                         .strategy = service->balancer.options().strategy,
                         .in_panic = service->balancer.in_panic(now),
                         .sources = {},
                         .endpoints = service->balancer.snapshot(now)};
    for (const RememberedSource& source : service->sources) {
      status.sources.push_back(
          {.name = std::string(source.source().name()),
           .state = source.state(),
           .age = source.endpoints().empty() ? Duration::zero() : age_of(source.said_at(), now),
           .problem = source.problem()});
    }
    statuses.push_back(std::move(status));
  }
  return statuses;
}

}  // namespace vortex
