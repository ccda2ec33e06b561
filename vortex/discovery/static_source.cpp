#include "vortex/discovery/static_source.hpp"

#include <algorithm>
#include <utility>

namespace vortex {

StaticSource::StaticSource(std::string name, std::vector<ServiceEndpoints> lists)
    : name_(std::move(name)), lists_(std::move(lists)) {}

Result<std::vector<Endpoint>> StaticSource::current(std::string_view service) const {
  const auto found = std::ranges::find(lists_, service, &ServiceEndpoints::service);
  return found == lists_.end() ? std::vector<Endpoint>() : found->endpoints;
}

ServiceEndpoints equal_endpoints(std::string service, const std::vector<std::string>& base_urls) {
  ServiceEndpoints list{.service = std::move(service), .endpoints = {}};
  for (const std::string& url : base_urls) list.endpoints.push_back({.base_url = url});
  return list;
}

}  // namespace vortex
