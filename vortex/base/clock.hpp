// Where time comes from. Everything that needs to know the time is given a Clock; tests give a
// ManualClock. Thread-safe.
#pragma once

#include <atomic>

#include "vortex/base/time.hpp"

namespace vortex {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimePoint now() const = 0;        // calendar time; may step
  virtual Monotonic monotonic() const = 0;  // elapsed time; never steps
};

// The machine's clocks.
class SystemClock final : public Clock {
 public:
  TimePoint now() const override;
  Monotonic monotonic() const override;
};

// Stands still until moved. `step` moves the calendar alone, as a corrected system clock does.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(TimePoint start) : start_us_(start.time_since_epoch().count()) {}
  TimePoint now() const override {
    return TimePoint{Duration{start_us_ + elapsed_us_ + stepped_us_}};
  }
  Monotonic monotonic() const override { return Monotonic{Duration{elapsed_us_}}; }
  void advance(Duration by) { elapsed_us_ += by.count(); }
  void step(Duration by) { stepped_us_ += by.count(); }

 private:
  std::int64_t start_us_;
  std::atomic<std::int64_t> elapsed_us_{0};
  std::atomic<std::int64_t> stepped_us_{0};
};

}  // namespace vortex
