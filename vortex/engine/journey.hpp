// The way of one request, from the item asked to the committed batch. journey.cpp reads top to
// bottom in the order the data travels. Belongs to the I/O thread.
#pragma once

#include <memory>
#include <vector>

#include "vortex/engine/committer.hpp"
#include "vortex/engine/page_join.hpp"
#include "vortex/engine/provider_client.hpp"
#include "vortex/engine/run_plan.hpp"
#include "vortex/engine/sync.hpp"

namespace vortex {

// One item, ready to be asked: routed and planned.
struct Leg {
  std::size_t item = 0;  // its place in the report
  ProviderClient* client = nullptr;
  BarsRequest request;                   // the whole range wanted
  std::vector<PlannedRange> ranges;      // what of it must be asked
  std::string rule;                      // that defers calls beyond calls_now
  TimePoint resets_at;                   // … until then
  std::vector<SeriesKey> stands_in_for;  // the series of providers that do not serve it now
};

// What came for one call, page after page.
struct CallAnswer {
  std::vector<CheckedPage> pages;
  std::optional<TimePoint> last_bar;
  std::optional<Error> error;  // the pages before it are good; one that was refused is the last
};

class Journey {
 public:
  // `runtime`, the report and what else is given must outlive the journey.
  struct Parts {
    Runtime* runtime = nullptr;
    EventBus* events = nullptr;               // may be null
    const CalendarBook* calendars = nullptr;  // may be null
    Committer* committer = nullptr;           // null: rows go to `collected` instead of a dataset
  };
  Journey(const Parts& parts, SyncReport& report);

  // Asks, decodes and hands over one leg; true where rows came. Never fails: what goes wrong stands
  // in the report.
  boost::asio::awaitable<bool> travel(Leg leg);

  // For fetch: the batches of each item, in time order without repeated stamps.
  std::vector<std::shared_ptr<arrow::RecordBatch>> collected(std::size_t item) const;
  std::int64_t rows_decoded() const { return rows_decoded_; }

 private:
  // What one leg has read so far.
  struct Reading {
    SeriesBatch* batch = nullptr;
    bool any_rows = false;
    PageJoin join;
  };

  // How the rows are adjusted that the leg's rows stand in for; none where there are none.
  Task<std::optional<Adjustment>> adjustment_before(const Leg* leg);

  // Asks the calls of one range in time order; the error of the first that failed.
  boost::asio::awaitable<std::optional<Error>> ask_range(const Leg* leg, PlannedRange planned,
                                                         Reading* reading);
  boost::asio::awaitable<CallAnswer> ask_call(ProviderClient* client, BarsRequest request,
                                              HttpCall call, PageJoin* join);
  void note(ItemReport& item, const CallAnswer& answer);
  void tell(const ItemReport& item, const CheckedPage& page);
  void fail_item(std::size_t index, Error error);

  Parts parts_;
  SyncReport& report_;
  std::vector<std::vector<std::shared_ptr<arrow::RecordBatch>>> collected_;
  std::int64_t rows_decoded_ = 0;
};

}  // namespace vortex
