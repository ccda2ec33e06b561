// Barchart's website: one call of the plan is one file, and one download of the day's allowance.
// What is asked before each stands in barchart_site_steps.hpp; a call of the plan holds the page it
// begins with, and what the file shall hold as its parameters. Rows join those of OnDemand and of
// imported files: it is the same vendor's series.
#pragma once

#include "vortex/provider/barchart/barchart_adapter.hpp"

namespace vortex {

class BarchartSiteAdapter final : public HttpAdapter {
 public:
  const Capabilities& capabilities() const override;
  Result<std::string> map_symbol(const Symbol& symbol) const override;
  Result<std::vector<HttpCall>> plan(const BarsRequest& request, TimePoint now) const override;
  TimeRange range_of(const BarsRequest& request, const HttpCall& call) const override;
  Result<Page> decode(const BarsRequest& request, const HttpReply& reply) const override;

 private:
  BarchartAdapter ondemand_;  // spells symbols, and reads what it brought before
};

}  // namespace vortex
