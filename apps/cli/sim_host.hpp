// A simulator with a thread of its own, for commands that block elsewhere meanwhile. Ends with its
// owner.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "vortex/base/clock.hpp"
#include "vortex/base/error.hpp"
#include "vortex/sim/simulator.hpp"

namespace vortex::cli {

class SimHost {
 public:
  // The clock must outlive the host.
  static Result<std::unique_ptr<SimHost>> start(const Clock& clock, SimulatorOptions options);
  ~SimHost();
  SimHost(const SimHost&) = delete;
  SimHost& operator=(const SimHost&) = delete;

  const std::string& addresses_json() const;
  const std::string& yahoo_address() const;

 private:
  struct Impl;
  explicit SimHost(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace vortex::cli
