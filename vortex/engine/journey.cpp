#include "vortex/engine/journey.hpp"

#include <utility>

#include <arrow/record_batch.h>
#include <fmt/format.h>

#include "vortex/codec/bar_view.hpp"
#include "vortex/engine/series_plan.hpp"

namespace vortex {
namespace {

// A provider that keeps naming a next page is in a loop long before this.
constexpr int kPagesMax = 10'000;

SeriesKey key_of(const Leg& leg) {
  return {.provider = std::string(leg.client->adapter().capabilities().name),
          .symbol = leg.request.symbol.text(),
          .interval = leg.request.interval};
}

// Moves what a range brought into the series' batch, with what it teaches about coverage.
void add_answer(SeriesBatch& batch, RangeAnswer& answer, const Answered& answered) {
  for (CheckedPage& page : answer.pages) {
    if (page.page.bars->num_rows() > 0) batch.bars.push_back(std::move(page.page.bars));
    std::ranges::move(page.quarantine, std::back_inserter(batch.quarantine));
    std::ranges::move(page.page.actions, std::back_inserter(batch.actions));
    if (page.page.instrument) batch.instrument = std::move(page.page.instrument);
    if (page.capture) batch.captures.push_back(std::move(*page.capture));
  }
  if (!answer.error) {
    std::ranges::copy(coverage_after(answered), std::back_inserter(batch.coverage));
    return;
  }
  // Calls go in time order: what came before the failure reaches to its last bar, the rest failed.
  TimeRange failed = answered.asked;
  if (answered.last_bar) {
    Answered before = answered;
    before.asked.end = *answered.last_bar + Duration(1);
    before.now = before.asked.end;
    batch.coverage.push_back(
        {.range = {before.asked.start, before.asked.end}, .state = CoverageState::have});
    failed.start = before.asked.end;
  }
  if (answer.error->code == ErrorCode::cancelled) return;  // not asked is missing, not failed
  batch.coverage.push_back(
      {.range = failed, .state = CoverageState::failed, .reason = to_string(answer.error->code)});
}

}  // namespace

Journey::Journey(Runtime& runtime, SyncReport& report, Committer* committer)
    : runtime_(runtime), report_(report), committer_(committer), collected_(report.items.size()) {}

boost::asio::awaitable<void> Journey::travel(Leg leg) {
  ItemReport& item = report_.items[leg.item];
  SeriesBatch batch{.key = key_of(leg)};
  bool any_rows = false;

  for (const TimeRange range : leg.ranges) {
    BarsRequest request = leg.request;
    request.range = range;
    RangeAnswer answer = co_await ask_range(leg.client, request);

    note(item, answer);
    any_rows = any_rows || answer.last_bar.has_value();
    const bool failed = answer.error.has_value();
    if (committer_ == nullptr) {
      for (const CheckedPage& page : answer.pages) collected_[leg.item].push_back(page.page.bars);
    } else {
      add_answer(batch, answer,
                 {.asked = range,
                  .interval = request.interval,
                  .last_bar = answer.last_bar,
                  .now = runtime_.clock().now()});
    }
    if (failed) break;
  }

  if (!item.error && !any_rows && !leg.ranges.empty()) item.status = ItemStatus::empty;
  if (committer_ != nullptr) co_await committer_->add(leg.item, std::move(batch));
}

boost::asio::awaitable<RangeAnswer> Journey::ask_range(ProviderClient* client,
                                                       BarsRequest request) {
  RangeAnswer answer;
  auto calls = client->adapter().plan(request, runtime_.clock().now());
  if (!calls) {
    answer.error = std::move(calls).error();
    co_return answer;
  }
  for (const HttpCall& call : *calls) {
    auto done = co_await ask_pages(client, request, call, &answer);
    if (done) continue;
    answer.error = std::move(done).error();
    break;
  }
  co_return answer;
}

Task<void> Journey::ask_pages(ProviderClient* client, BarsRequest request, HttpCall call,
                              RangeAnswer* answer) {
  for (int page_number = 0; page_number < kPagesMax; ++page_number) {
    VORTEX_CO_TRY(CheckedPage page, co_await client->ask(request, call, committer_ != nullptr));
    const std::int64_t rows = page.page.bars->num_rows();
    if (rows > 0) answer->last_bar = BarView(*page.page.bars).time(rows - 1);
    rows_decoded_ += rows;
    std::optional<HttpCall> next = std::move(page.page.next);
    answer->pages.push_back(std::move(page));
    if (!next) co_return Result<void>{};
    if (*next == call)
      co_return fail(ErrorCode::mismatch, "the provider names the same page as the next one");
    call = std::move(*next);
  }
  co_return fail(ErrorCode::mismatch,
                 fmt::format("the provider names a next page for the {}th time", kPagesMax));
}

void Journey::note(ItemReport& item, const RangeAnswer& answer) {
  for (const CheckedPage& page : answer.pages) {
    report_.quality.add(page.verdict);
    report_.quality.slots_empty += page.page.slots_empty;
    if (page.page.rows_unfinal > 0 && item.notes.empty()) {
      item.notes.emplace_back("the running bar was left out: it can still change");
    }
  }
  if (!answer.error) return;
  item.error =
      Error(*answer.error)
          .in(fmt::format("{}: {} {}", item.provider, item.symbol, to_string(item.interval)));
  item.status = item.error->error_class() == ErrorClass::quota_exhausted ? ItemStatus::deferred
                                                                         : ItemStatus::failed;
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
