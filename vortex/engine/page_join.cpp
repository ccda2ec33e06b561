#include "vortex/engine/page_join.hpp"

#include <arrow/record_batch.h>
#include <fmt/format.h>

#include "vortex/codec/bar_view.hpp"
#include "vortex/store/share_basis.hpp"

namespace vortex {

Result<void> PageJoin::turn_to(const HttpCall& call) {
  const bool is_new = asked_.insert(call.host + call.target() + call.body).second;
  if (is_new && asked_.size() <= kPagesMax) return {};
  return fail(ErrorCode::mismatch, "the provider's pages do not come to an end");
}

Result<void> PageJoin::add(const CheckedPage& page) {
  if (page.page.instrument && !page.page.instrument->currency.empty()) {
    VORTEX_TRY_VOID(agree("currency", currency_, page.page.instrument->currency));
  }
  if (page.page.bars->num_rows() == 0) return {};
  const std::string_view adjusted = BarView(*page.page.bars).text(kAdjusted, 0);
  VORTEX_TRY_VOID(agree("adjustment", adjusted_, adjusted));
  if (!series_) return {};
  VORTEX_TRY(const Adjustment found, parse_adjustment(adjusted));
  auto fits = check_convertible(found, *series_);
  is_broken_ = !fits;
  return fits;
}

Result<void> PageJoin::agree(std::string_view what, std::optional<std::string>& known,
                             std::string_view found) {
  if (!known) known = found;
  if (*known == found) return {};
  is_broken_ = true;
  return fail(ErrorCode::mismatch, fmt::format("the {} changes between pages, from {} to {}", what,
                                               untrusted(*known, 40), untrusted(found, 40)));
}

}  // namespace vortex
