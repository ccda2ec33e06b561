// Says when something changes between good and bad too often to be believed either way: the share
// of changes among the last 21 observations, newer ones weighing more, against two thresholds, so
// that the answer itself does not flap. After the rule of Nagios
// (https://assets.nagios.com/downloads/nagioscore/docs/nagioscore/4/en/flapping.html). A value.
#pragma once

#include <cstdint>

namespace vortex {

class FlapDetector {
 public:
  struct Options {
    double share_high = 0.30;  // flapping from here on …
    double share_low = 0.20;   // … until below here
  };

  FlapDetector() : FlapDetector(Options{}) {}
  explicit FlapDetector(const Options& options) : options_(options) {}

  void observe(bool good);

  bool flapping() const { return flapping_; }
  double share() const;  // 0 … 1

 private:
  Options options_;
  std::uint32_t changes_ = 0;  // bit 0: the newest observation differed from the one before
  bool last_good_ = true;
  bool observed_ = false;
  bool flapping_ = false;
};

}  // namespace vortex
