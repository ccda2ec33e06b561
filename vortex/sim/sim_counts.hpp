// What the simulator was asked and what it did, for `GET /__sim/counts`. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace vortex {

class SimCounts {
 public:
  void request(std::string_view provider, std::string_view kind, std::string_view symbol);
  void answered(std::string_view provider, int status);  // 0: left unanswered
  void fault(std::string_view provider, std::string_view kind);
  void violation(std::string_view provider);
  void clear() { providers_.clear(); }
  std::string to_json() const;

 private:
  using Tally = std::map<std::string, std::int64_t, std::less<>>;
  struct Provider {
    std::int64_t requests = 0;
    std::int64_t violations = 0;
    Tally kinds, symbols, statuses, faults;
  };
  Provider& of(std::string_view provider);
  std::map<std::string, Provider, std::less<>> providers_;
};

}  // namespace vortex
