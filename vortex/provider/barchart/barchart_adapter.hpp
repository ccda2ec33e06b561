// Barchart: OnDemand getHistory with an API key, and files that people saved from the website by
// hand. Prices of stocks are asked split-adjusted and not dividend-adjusted; futures as traded,
// continuous series unadjusted.
//
// JSON is asked, for a CSV that ends between two rows cannot be told from a whole one; both are
// read. Stamps of minutes carry their offset; days have the trading day, to which an evening's
// session belongs. 4h is left out: nothing says how OnDemand aligns 240 minutes.
//
// Which bars are final (decode): intraday a bar whose end lies 20 minutes or more back; a day of a
// stock or index 20 minutes after 16:00 in New York, of all else from the next day on.
#pragma once

#include "vortex/provider/adapter.hpp"
#include "vortex/provider/saved_files.hpp"

namespace vortex {

class BarchartAdapter final : public HttpAdapter {
 public:
  const Capabilities& capabilities() const override;
  Result<std::string> map_symbol(const Symbol& symbol) const override;
  Result<std::vector<HttpCall>> plan(const BarsRequest& request, TimePoint now) const override;
  TimeRange range_of(const BarsRequest& request, const HttpCall& call) const override;
  Result<Page> decode(const BarsRequest& request, const HttpReply& reply) const override;
};

// The website's exports: price history, daily, intraday, interactive chart (barchart_saved.cpp).
class BarchartSavedFiles final : public SavedFiles {
 public:
  Result<SavedFile> inspect(const SavedFileHints& hints, std::string_view bytes) const override;
};

}  // namespace vortex
