// Stops asking a provider that does not work, and finds out when it does again. Closed: calls go.
// Open: none, for the reset wait. Half-open: one trial at a time decides; each one that fails
// doubles the wait. Elapsed time only, so a stepped calendar changes nothing. Belongs to one
// thread.
//
// A ticket knows the generation in which it was given and how long its answer counts: an answer of
// an older generation never decides, and a trial that is lost does not block the next one.
// Pattern: M. Nygard, "Release It!".
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "vortex/resilience/outcome_track.hpp"
#include "vortex/resilience/verdict.hpp"

namespace vortex {

enum class BreakerState : std::uint8_t { closed, open, half_open };

enum class BreakerCause : std::uint8_t {
  failures_in_a_row,
  failure_rate,
  bad_data_in_a_row,  // the last of the calls that failed in a row answered with bad data
  bad_data_rate,
  quality_in_a_row,  // found after the calls had been settled
  quality_rate,
  wait_over,
  trial_failed,
  trial_succeeded,
};

std::string_view to_string(BreakerState state);
std::string_view to_string(BreakerCause cause);  // "failures in a row"

struct BreakerTransition {
  Monotonic when;
  BreakerState from = BreakerState::closed;
  BreakerState to = BreakerState::closed;
  BreakerCause why = BreakerCause::failures_in_a_row;
  bool operator==(const BreakerTransition&) const = default;
};

class CircuitBreaker {
 public:
  static constexpr std::size_t kTransitionsKept = 256;
  static constexpr int kWaitGrowthMax = 5;  // a wait is at most so many times `reset`
  // An answer counts, and a trial blocks, for call_timeout and this.
  static constexpr Duration kLeaseMargin = std::chrono::seconds(10);

  struct Options {
    OutcomeTrack::Options track;
    Duration reset = std::chrono::seconds(60);
    Duration call_timeout = std::chrono::seconds(30);
  };
  struct Ticket {
    std::uint64_t generation = 0;
    Monotonic counts_until;
  };

  explicit CircuitBreaker(const Options& options) noexcept;

  // None: refused until next_trial_at().
  std::optional<Ticket> try_enter(Monotonic now) noexcept {
    if (state_ == BreakerState::closed) return Ticket{generation_, later(now)};
    return try_trial(now);
  }

  // Once for each ticket.
  void settle(const Ticket& ticket, Verdict verdict, Monotonic now) noexcept;

  // The data of calls that were settled as a success, judged later. Who judges later tells both
  // outcomes: they are counted apart from the calls, which such a provider answers well.
  void note_quality(bool good, Monotonic now) noexcept;

  BreakerState state() const noexcept { return state_; }
  // While open or half-open: no call before this moment, unless the trial ends earlier.
  Monotonic next_trial_at() const noexcept {
    return state_ == BreakerState::open ? open_until_ : trial_until_;
  }
  int failures_in_a_row() const noexcept { return calls_.in_a_row(); }
  std::uint64_t late_answers() const noexcept { return late_answers_; }
  std::uint64_t lost_trials() const noexcept { return lost_trials_; }

  // Numbered from 0; the latest kTransitionsKept are readable.
  std::uint64_t transitions_total() const noexcept { return transitions_total_; }
  std::vector<BreakerTransition> transitions_since(std::uint64_t number) const;

 private:
  Monotonic later(Monotonic now) const noexcept;
  std::optional<Ticket> try_trial(Monotonic now) noexcept;
  void end_trial(bool good, Monotonic now) noexcept;
  void open(BreakerCause why, Monotonic now) noexcept;
  void move_to(BreakerState state, BreakerCause why, Monotonic now) noexcept;

  Duration reset_;
  Duration lease_;
  BreakerState state_ = BreakerState::closed;
  bool trial_out_ = false;
  std::uint64_t generation_ = 0;
  OutcomeTrack calls_;
  OutcomeTrack quality_;
  Duration wait_;
  Monotonic open_until_;
  Monotonic trial_until_;
  std::uint64_t late_answers_ = 0;
  std::uint64_t lost_trials_ = 0;
  std::uint64_t transitions_total_ = 0;
  std::array<BreakerTransition, kTransitionsKept> transitions_{};
};

}  // namespace vortex
