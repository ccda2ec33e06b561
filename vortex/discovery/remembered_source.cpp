#include "vortex/discovery/remembered_source.hpp"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include <fmt/core.h>

namespace vortex {

std::string_view to_string(SourceState state) {
  switch (state) {
    case SourceState::unasked: return "unasked";
    case SourceState::fresh: return "fresh";
    case SourceState::remembered: return "remembered";
    case SourceState::nothing: return "nothing";
  }
  return "unasked";
}

RememberedSource::RememberedSource(std::shared_ptr<const EndpointSource> source,
                                   std::string service, Duration stale_after)
    : source_(std::move(source)), service_(std::move(service)), stale_after_(stale_after) {}

void RememberedSource::restore(const std::vector<Endpoint>& endpoints, Monotonic said_at) {
  if (state_ == SourceState::fresh) return;  // what it says now goes before what it said
  std::string ignored;
  endpoints_ = checked(endpoints, ignored);
  said_at_ = said_at;
}

std::optional<Error> RememberedSource::ask(Monotonic now) {
  std::string problem;
  auto answer = source_->current(service_);
  std::vector<Endpoint> said;
  if (answer)
    said = checked(*answer, problem);
  else
    problem = answer.error().message;
  if (!said.empty()) {
    endpoints_ = std::move(said);
    said_at_ = now;
    state_ = SourceState::fresh;
  } else {
    if (problem.empty()) problem = "names no endpoint";
    const bool is_usable = !endpoints_.empty() && now - said_at_ <= stale_after_;
    if (!is_usable) endpoints_.clear();
    state_ = is_usable ? SourceState::remembered : SourceState::nothing;
  }
  const bool is_new = !problem.empty() && problem != problem_;
  problem_ = std::move(problem);
  if (!is_new) return std::nullopt;
  return Error{
      .code = answer ? ErrorCode::resolve : answer.error().code,
      .message = fmt::format("{}: endpoints of {}: {}", source_->name(), service_, problem_),
      .provider = service_};
}

// A bad entry costs itself, not the list.
std::vector<Endpoint> RememberedSource::checked(const std::vector<Endpoint>& answer,
                                                std::string& problem) const {
  std::vector<Endpoint> good;
  std::unordered_set<std::string> seen;
  for (const Endpoint& endpoint : answer) {
    if (good.size() == kEndpointsMax) {
      problem = fmt::format("names more than {} endpoints", kEndpointsMax);
      break;
    }
    auto url = canonical_base_url(endpoint.base_url);
    if (!url) {
      problem = url.error().message;
      continue;
    }
    if (!seen.insert(*url).second) continue;
    good.push_back({.base_url = std::move(*url),
                    .weight = std::clamp(endpoint.weight, 1, kEndpointWeightMax),
                    .source = std::string(source_->name())});
  }
  return good;
}

std::vector<Endpoint> merge_endpoints(std::span<const std::vector<Endpoint>> lists) {
  std::vector<Endpoint> merged;
  std::unordered_set<std::string_view> seen;
  for (const auto& list : lists) {
    for (const Endpoint& endpoint : list) {
      if (merged.size() < kEndpointsMax && seen.insert(endpoint.base_url).second)
        merged.push_back(endpoint);
    }
  }
  return merged;
}

}  // namespace vortex
