// The provider simulator: speaks providers' wire forms on loopback, from generated or given prices,
// with limits and scripted faults, and counts what it was asked. Shares no encoder or decoder with
// `provider`.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "vortex/base/clock.hpp"
#include "vortex/base/error.hpp"
#include "vortex/runtime/runtime.hpp"

namespace vortex {

struct SimulatorOptions {
  std::string listen = "127.0.0.1:0";  // address:port of the first provider; port 0 picks free ones
  std::uint64_t seed = 1;
  std::string data_dir;          // CSV files instead of generated prices
  std::string faults_file;       // a fault script
  bool require_crumb = false;    // chart calls need cookie and crumb
  bool consent_wall = false;     // the cookie comes by the consent pages alone
  std::string limit;             // "5/5s": refuses calls above it; empty: none
  std::string api_key;           // the one that is good, where a provider wants one; empty: any
  std::int64_t day_calls = 0;    // a key may make, where the provider counts days; 0: no end
  bool free_plan = false;        // what a provider sells is refused
  std::optional<TimePoint> now;  // the simulated moment, standing still; none: the runtime's clock
};

class Simulator {
 public:
  // Fails with usage when an option, the fault script or a price file is wrong, with storage when
  // it cannot listen.
  static Result<std::unique_ptr<Simulator>> start(Runtime& runtime,
                                                  const SimulatorOptions& options);
  Simulator(const Simulator&) = delete;
  Simulator& operator=(const Simulator&) = delete;
  ~Simulator();
  // {"yahoo": "http://127.0.0.1:PORT", "alphavantage": …}: the content of --ready-file.
  std::string addresses_json() const;
  std::string address_of(std::string_view provider) const;
  boost::asio::awaitable<void> stop();

 private:
  struct Impl;
  explicit Simulator(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace vortex
