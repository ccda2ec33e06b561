// Which subscribers want an event, as a set of bits, without comparing any text while publishing:
// what the patterns say is worked out once per provider, for all types at a time. Bounded: it
// starts anew when more providers are seen than it keeps. Not thread-safe; guarded by the bus.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "vortex/telemetry/event_pattern.hpp"

namespace vortex {

inline constexpr std::size_t kSubscriptionsMax = 64;  // one bit each

class TopicMasks {
 public:
  TopicMasks();

  void set(std::size_t subscriber, std::vector<EventPattern> patterns);  // any of them
  void clear(std::size_t subscriber);

  // Bit n: subscriber n wants it. Allocates nothing.
  std::uint64_t of(const Event& event);

 private:
  struct Entry {
    ProviderName provider;
    bool used = false;
    std::array<std::uint64_t, kEventTypeCount> masks{};
  };

  void forget();
  void work_out(Entry& entry) const;

  std::array<std::vector<EventPattern>, kSubscriptionsMax> patterns_;
  std::vector<Entry> entries_;  // a hash table, at most half full
  std::size_t used_ = 0;
};

}  // namespace vortex
