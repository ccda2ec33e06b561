// The lists somebody gave: base_url and endpoints of the configuration. Immutable.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "vortex/discovery/endpoint_source.hpp"

namespace vortex {

class StaticSource final : public EndpointSource {
 public:
  StaticSource(std::string name, std::vector<ServiceEndpoints> lists);

  std::string_view name() const override { return name_; }
  Result<std::vector<Endpoint>> current(std::string_view service) const override;
  bool knows_at_start() const override { return true; }

 private:
  std::string name_;
  std::vector<ServiceEndpoints> lists_;
};

// A list of equal weights.
ServiceEndpoints equal_endpoints(std::string service, const std::vector<std::string>& base_urls);

}  // namespace vortex
