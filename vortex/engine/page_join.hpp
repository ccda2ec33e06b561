// Do the pages of one series belong together? A price in pence behind prices in pounds, or adjusted
// rows behind unadjusted ones, make the whole series wrong, not one page (fault C11); and pages
// that lead back to one that was read never end (fault B20). One object a series and run; pure.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "vortex/engine/decode_job.hpp"
#include "vortex/model/adjustment.hpp"

namespace vortex {

class PageJoin {
 public:
  // `series`: how the rows are adjusted that stand in for it; what cannot be brought to that is no
  // page of the series.
  explicit PageJoin(std::optional<Adjustment> series = std::nullopt) : series_(series) {}

  // Before the first page of a planned call.
  void begin_call() { asked_.clear(); }

  // Before a page is asked for: `mismatch` when this very page was asked for before in the same
  // call, or when there were too many.
  Result<void> turn_to(const HttpCall& call);

  // After it was read: `mismatch` when its numbers mean something else than those before.
  Result<void> add(const CheckedPage& page);

  // A page contradicted another: nothing of the series may be kept.
  bool is_broken() const { return is_broken_; }

  // A provider that keeps naming next pages is in a loop long before this.
  static constexpr std::size_t kPagesMax = 10'000;

 private:
  Result<void> agree(std::string_view what, std::optional<std::string>& known,
                     std::string_view found);

  std::optional<Adjustment> series_;
  std::set<std::string> asked_;
  std::optional<std::string> currency_;
  std::optional<std::string> adjusted_;
  bool is_broken_ = false;
};

}  // namespace vortex
