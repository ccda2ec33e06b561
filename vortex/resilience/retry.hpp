// When to ask again after a failure: full jitter over exponential steps, never before the provider
// said, and never beyond a shared budget, so that a failing provider sees at most its offered load
// × (1 + budget) + 10 calls. Pure over a given `now`; belongs to one thread. Method: M. Brooker,
// "Exponential Backoff And Jitter" (full jitter); gRPC retry throttling (budget).
#pragma once

#include <optional>

#include "vortex/base/error.hpp"
#include "vortex/base/random.hpp"

namespace vortex {

struct RetryOptions {
  int attempts_max = 4;
  Duration base = std::chrono::milliseconds(200);
  Duration cap = std::chrono::seconds(30);
  Duration hint_max = std::chrono::seconds(30);  // longer waits asked by the provider end the call
  double budget = 0.2;                           // retries per call, on average; at most 1
};

class RetryPolicy {
 public:
  explicit RetryPolicy(const RetryOptions& options);

  // Counts a first attempt; it earns a share of a retry. What was earned does not age.
  void on_call();

  // How long to wait before attempt `attempt + 1`, or none: give up. A wait that is not shorter
  // than `time_left`, what the caller's deadline leaves, is refused at once. Spends budget when it
  // says yes.
  std::optional<Duration> delay_after(const Error& error, int attempt, TimePoint now,
                                      Random& random, Duration time_left = Duration::max());

  double tokens() const { return tokens_; }

 private:
  static constexpr double kTokensMax = 10;
  Duration jitter(int attempt, Random& random) const;

  RetryOptions options_;
  double tokens_ = kTokensMax;
};

// May another attempt bring a different outcome? Narrower than Error::retryable(), which speaks to
// people about later runs: a refused session or an exhausted day is not mended within seconds.
bool worth_another_attempt(ErrorClass error_class);

}  // namespace vortex
