// Somebody who knows where a service can be called: the configuration, DNS, Consul. A source that
// needs the network asks in a task of its own and keeps the answer; here it is read without
// waiting. Belongs to one thread.
#pragma once

#include <string_view>
#include <vector>

#include "vortex/discovery/endpoint.hpp"

namespace vortex {

class EndpointSource {
 public:
  virtual ~EndpointSource() = default;

  // "config", "consul": unique among the sources of one service.
  virtual std::string_view name() const = 0;

  // The list as this source knows it now. An error means that it cannot say, an empty list that it
  // says nothing: neither deletes what it said before (RememberedSource).
  virtual Result<std::vector<Endpoint>> current(std::string_view service) const = 0;

  // Does it know its list at start without asking anybody? Then nothing is kept on disk for it.
  virtual bool knows_at_start() const { return false; }
};

}  // namespace vortex
