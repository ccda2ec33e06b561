// Who may have how many calls in flight, of all processes of an account together. A process that
// asks gets what is free; where more is wanted than there is, each keeps at most its share, those
// who wait longest come first, and where there are more processes than places they take turns of a
// second. Places of the dead are free again. A plain state machine; belongs to one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "vortex/base/time.hpp"

namespace vortex {

// A process as the ledger knows it.
struct LedgerHolder {
  std::string id;  // of one word: process number, start time, boot, which ledger of it
  std::function<bool(const std::string& id)> is_alive;  // of any holder; absent: all are
};

class PlaceQueue {
 public:
  struct Holder {
    std::string id;
    int granted = 0;  // what it may hold
    int held = 0;     // what it said it holds
    int wanted = 0;
    Monotonic seen;
    Monotonic turn;                          // when it got its first place
    std::optional<Monotonic> waiting_since;  // asked for a place and got none
    int occupied() const { return granted > held ? granted : held; }
    bool operator==(const Holder&) const = default;
  };
  struct Ask {
    int held = 0;
    int wanted = 0;  // in all, those held included: held or more
    int places = 0;  // there are
  };

  // How many the holder may hold from now on.
  int ask(const LedgerHolder& who, const Ask& ask, Monotonic now);
  // It holds that many and wants no more.
  void tell(const std::string& id, int held, Monotonic now);

  int held_by_all() const;
  void forget_all() { holders_.clear(); }

  const std::vector<Holder>& holders() const { return holders_; }
  void restore(std::vector<Holder> holders) { holders_ = std::move(holders); }

 private:
  Holder& entry(const std::string& id, Monotonic now);
  void forget_the_gone(const LedgerHolder& who, bool places_are_short, Monotonic now);
  int share(const Holder& mine, const Ask& ask, Monotonic now) const;
  int promised_to_others(const Holder& mine, int share, Monotonic now) const;

  std::vector<Holder> holders_;
};

}  // namespace vortex
