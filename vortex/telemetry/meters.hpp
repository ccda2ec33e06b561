// Counters and gauges with one label, for exporters to read: "how many calls were refused, by
// provider". A meter is looked up once and then costs one atomic addition. The number of labels of
// a family is bounded; what comes beyond is counted under "other". Thread-safe.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace vortex {

inline constexpr std::string_view kOtherLabel = "other";
inline constexpr std::size_t kLabelSizeMax = 64;  // longer ones are "other" too

class Counter {
 public:
  void add(std::uint64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

class Gauge {
 public:
  void set(double value) { value_.store(value, std::memory_order_relaxed); }
  double value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_{0};
};

struct MeterReading {
  std::string family;  // "vortex_calls_refused_total"
  std::string label;   // "yahoo"
  double value = 0;
};

class Meters {
 public:
  struct Options {
    std::size_t families_max = 256;  // of each kind; beyond, a family is "other" too
    std::size_t labels_max = 64;     // per family, "other" not counted
  };
  Meters() : Meters(Options{}) {}
  explicit Meters(const Options& options) : options_(options) {}

  // The same meter for the same family and label, for as long as this lives.
  Counter& counter(std::string_view family, std::string_view label);
  Gauge& gauge(std::string_view family, std::string_view label);

  std::vector<MeterReading> counters() const;  // by family, then label
  std::vector<MeterReading> gauges() const;

 private:
  template <class Meter>
  using Family = std::map<std::string, std::unique_ptr<Meter>, std::less<>>;
  template <class Meter>
  using Families = std::map<std::string, Family<Meter>, std::less<>>;

  template <class Meter>
  Meter& find_or_make(Families<Meter>& families, std::string_view family, std::string_view label);
  template <class Meter>
  std::vector<MeterReading> read(const Families<Meter>& families) const;

  const Options options_;
  mutable std::mutex mutex_;
  Families<Counter> counters_;
  Families<Gauge> gauges_;
};

}  // namespace vortex
