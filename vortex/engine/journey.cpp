#include "vortex/engine/journey.hpp"

#include <algorithm>
#include <utility>

#include <arrow/record_batch.h>
#include <fmt/format.h>

#include "vortex/codec/bar_view.hpp"
#include "vortex/engine/series_plan.hpp"

namespace vortex {
namespace {

SeriesKey key_of(const Leg& leg) {
  return {.provider = std::string(leg.client->adapter().capabilities().name),
          .symbol = leg.request.symbol.text(),
          .interval = leg.request.interval};
}

// Moves what a call brought into the series' batch, with what it teaches about coverage.
void add_answer(SeriesBatch& batch, CallAnswer& answer, const Answered& answered) {
  for (CheckedPage& page : answer.pages) {
    if (page.page.bars->num_rows() > 0) batch.bars.push_back(std::move(page.page.bars));
    std::ranges::move(page.quarantine, std::back_inserter(batch.quarantine));
    std::ranges::move(page.page.actions, std::back_inserter(batch.actions));
    if (page.page.instrument) batch.instrument = std::move(page.page.instrument);
    if (page.capture) batch.captures.push_back(std::move(*page.capture));
  }
  if (!answer.error)
    std::ranges::copy(coverage_after(answered), std::back_inserter(batch.coverage));
}

// What the pages said cannot all be true. Captures stay: they show it.
void drop_rows(SeriesBatch& batch) {
  batch.bars.clear();
  batch.quarantine.clear();
  batch.actions.clear();
  batch.instrument.reset();
  std::erase_if(batch.coverage,
                [](const CoverageMark& mark) { return mark.state != CoverageState::failed; });
}

bool is_deferral(const Error& error) {
  const ErrorClass kind = error.error_class();
  return kind == ErrorClass::quota_exhausted || kind == ErrorClass::deferred;
}

// Once an item: which bars they are tells `vortex calendar diff`.
void note_outside(ItemReport& item, const CheckedPage& page) {
  std::string note =
      fmt::format("bars outside the sessions of {} are kept: vortex calendar diff {}",
                  page.calendar, page.calendar);
  if (std::ranges::find(item.notes, note) == item.notes.end())
    item.notes.push_back(std::move(note));
}

// Our own stop or the account's: the range stays missing, it did not fail.
bool says_nothing_of_the_range(const Error& error) {
  return error.code == ErrorCode::cancelled || is_deferral(error);
}

}  // namespace

Journey::Journey(const Parts& parts, SyncReport& report)
    : parts_(parts), report_(report), collected_(report.items.size()) {}

boost::asio::awaitable<bool> Journey::travel(Leg leg) {
  SeriesBatch batch{.key = key_of(leg)};
  auto before = co_await adjustment_before(&leg);
  if (!before) {
    fail_item(leg.item, std::move(before).error());
    co_return false;
  }
  Reading reading{.batch = &batch, .join = PageJoin(*before)};

  for (const PlannedRange& range : leg.ranges) {
    auto error = co_await ask_range(&leg, range, &reading);
    if (!error) continue;
    fail_item(leg.item, std::move(*error));
    break;
  }

  if (reading.join.is_broken()) {
    drop_rows(batch);
    collected_[leg.item].clear();
  }
  ItemReport& item = report_.items[leg.item];
  if (!item.error && !reading.any_rows && !leg.ranges.empty()) item.status = ItemStatus::empty;
  const bool brought_rows = reading.any_rows && !reading.join.is_broken();
  if (parts_.committer != nullptr) co_await parts_.committer->add(leg.item, std::move(batch));
  co_return brought_rows;
}

Task<std::optional<Adjustment>> Journey::adjustment_before(const Leg* leg) {
  if (parts_.committer == nullptr) co_return std::nullopt;
  for (const SeriesKey& key : leg->stands_in_for) {
    VORTEX_CO_TRY(const auto adjusted, co_await parts_.committer->adjustment_of(key));
    if (adjusted) co_return adjusted;
  }
  co_return std::nullopt;
}

boost::asio::awaitable<std::optional<Error>> Journey::ask_range(const Leg* leg,
                                                                PlannedRange planned,
                                                                Reading* reading) {
  const HttpAdapter& adapter = leg->client->adapter();
  BarsRequest range_request = leg->request;
  range_request.range = planned.range;
  auto calls = adapter.plan(range_request, parts_.runtime->clock().now());
  if (!calls) co_return std::move(calls).error();

  for (const HttpCall& call : *calls) {
    if (planned.calls_now-- <= 0) co_return deferred_until(leg->rule, leg->resets_at);
    BarsRequest request = range_request;
    request.range = adapter.range_of(range_request, call);
    CallAnswer answer = co_await ask_call(leg->client, request, call, &reading->join);

    note(report_.items[leg->item], answer);
    reading->any_rows = reading->any_rows || answer.last_bar.has_value();
    if (parts_.committer == nullptr) {
      for (const CheckedPage& page : answer.pages) collected_[leg->item].push_back(page.page.bars);
    } else {
      add_answer(*reading->batch, answer,
                 {.asked = request.range,
                  .interval = request.interval,
                  .last_bar = answer.last_bar,
                  .now = parts_.runtime->clock().now()});
    }
    if (!answer.error) continue;
    // Calls go in time order: from the first that failed on, nothing is known.
    if (!says_nothing_of_the_range(*answer.error)) {
      reading->batch->coverage.push_back({.range = {request.range.start, range_request.range.end},
                                          .state = CoverageState::failed,
                                          .reason = to_string(answer.error->code)});
    }
    co_return std::move(answer.error);
  }
  co_return std::nullopt;
}

boost::asio::awaitable<CallAnswer> Journey::ask_call(ProviderClient* client, BarsRequest request,
                                                     HttpCall call, PageJoin* join) {
  CallAnswer answer;
  join->begin_call();
  while (true) {
    Result<void> fits = join->turn_to(call);
    if (!fits) {
      answer.error = std::move(fits).error();
      co_return answer;
    }
    auto page = co_await client->ask({.request = request,
                                      .call = call,
                                      .keep_capture = parts_.committer != nullptr,
                                      .counts = &report_.calls,
                                      .calendars = parts_.calendars});
    if (!page) {
      answer.error = std::move(page).error();
      co_return answer;
    }
    if (page->refused) {
      answer.error = page->refused;
      answer.pages.push_back(std::move(*page));
      co_return answer;
    }
    fits = join->add(*page);
    if (!fits) {
      answer.error = std::move(fits).error();
      co_return answer;
    }
    const std::int64_t rows = page->page.bars->num_rows();
    if (rows > 0) answer.last_bar = BarView(*page->page.bars).time(rows - 1);
    rows_decoded_ += rows;
    std::optional<HttpCall> next = std::move(page->page.next);
    answer.pages.push_back(std::move(*page));
    if (!next) co_return answer;
    call = std::move(*next);
  }
}

void Journey::note(ItemReport& item, const CallAnswer& answer) {
  for (const CheckedPage& page : answer.pages) {
    tell(item, page);
    report_.quality.add(page.verdict);
    report_.quality.slots_empty += page.page.slots_empty;
    report_.quality.outside_sessions += page.outside_sessions;
    if (page.outside_sessions > 0) note_outside(item, page);
    if (page.page.rows_unfinal > 0 && item.notes.empty()) {
      item.notes.emplace_back("the running bar was left out: it can still change");
    }
  }
}

void Journey::tell(const ItemReport& item, const CheckedPage& page) {
  if (parts_.events == nullptr) return;
  const std::int64_t good = page.page.bars->num_rows();
  const auto bad = static_cast<std::int64_t>(page.verdict.quarantined.size());
  Event event{.time = parts_.runtime->clock().now(),
              .type = EventType::data_transformed,
              .provider = std::string_view(item.provider),
              .symbol = std::string_view(item.symbol),
              .count = good};
  parts_.events->publish(event);
  if (bad == 0) return;
  event.type = EventType::data_quarantined;
  event.count = bad;
  event.of = good + bad;
  parts_.events->publish(event);
}

// The report's item names provider, symbol and interval; the message need not repeat them.
void Journey::fail_item(std::size_t index, Error error) {
  report_.items[index].status = is_deferral(error) ? ItemStatus::deferred : ItemStatus::failed;
  report_.items[index].error = std::move(error);
}

std::vector<std::shared_ptr<arrow::RecordBatch>> Journey::collected(std::size_t item) const {
  std::vector<std::shared_ptr<arrow::RecordBatch>> out;
  std::optional<TimePoint> last;
  for (const auto& bars : collected_[item]) {
    const BarView view(*bars);
    std::int64_t begin = 0;
    while (last && begin < bars->num_rows() && view.time(begin) <= *last) ++begin;
    if (begin == bars->num_rows()) continue;
    out.push_back(bars->Slice(begin));
    last = view.time(bars->num_rows() - 1);
  }
  return out;
}

}  // namespace vortex
