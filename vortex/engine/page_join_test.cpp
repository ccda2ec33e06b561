#include "vortex/engine/page_join.hpp"

#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <gtest/gtest.h>

#include "vortex/base/fault_record_for_test.hpp"
#include "vortex/codec/bar_batch_builder.hpp"
#include "vortex/engine/engine_parts.hpp"
#include "vortex/engine/fake_provider_for_test.hpp"
#include "vortex/engine/sync.hpp"
#include "vortex/resilience/memory_ledger.hpp"

namespace vortex {
namespace {

// What the provider says on one of its pages.
struct ScriptedPage {
  std::vector<int> days;  // of January 2024
  std::string next;       // the cursor behind it; empty: the last page
  std::string currency = "USD";
  Adjustment adjusted = Adjustment::split;
};

// A provider whose answers come in pages, by cursor.
class PagingAdapter final : public HttpAdapter {
 public:
  explicit PagingAdapter(std::map<std::string, ScriptedPage> pages) : pages_(std::move(pages)) {}
  const Capabilities& capabilities() const override {
    static const Capabilities kCapabilities{
        .name = "fake",
        .title = "Paging",
        .default_base_url = "http://fake.invalid",
        .intervals = {{.interval = Interval::d1, .provider_word = "d"}}};
    return kCapabilities;
  }
  Result<std::string> map_symbol(const Symbol& symbol) const override { return symbol.text(); }
  Result<std::vector<HttpCall>> plan(const BarsRequest& /*request*/,
                                     TimePoint /*now*/) const override {
    return std::vector<HttpCall>{call_for("first")};
  }
  Result<Page> decode(const BarsRequest& request, const HttpReply& reply) const override {
    const ScriptedPage& said = pages_.at(std::string(reply.body.view()));
    BarBatchBuilder builder;
    for (const int day : said.days) {
      const TimePoint stamp = fake::at("2024-01-01") + std::chrono::days(day - 1);
      if (!request.range.holds(stamp)) continue;
      builder.append({.timestamp = stamp,
                      .open = 1,
                      .high = day + 1.0,
                      .low = 0.5,
                      .close = 1.0 * day,
                      .volume = 1});
    }
    VORTEX_TRY(auto bars, builder.finish({.symbol = request.symbol.text(),
                                          .provider = "fake",
                                          .interval = request.interval,
                                          .adjusted = said.adjusted,
                                          .basis = date_of(reply.received_at),
                                          .transform_timestamp = reply.received_at}));
    Page page{.bars = std::move(bars),
              .instrument = Instrument{
                  .provider = "fake", .symbol = request.symbol.text(), .currency = said.currency}};
    if (!said.next.empty()) page.next = call_for(said.next);
    return page;
  }

 private:
  static HttpCall call_for(const std::string& cursor) {
    return {.path = "/page", .query = {{"cursor", cursor}}};
  }
  std::map<std::string, ScriptedPage> pages_;
};

struct Fetched {
  ItemReport item;
  std::int64_t rows = 0;
  std::int64_t sent = 0;
};

Fetched fetch(std::map<std::string, ScriptedPage> pages) {
  SystemClock clock;
  const Settings settings = fake::fake_settings("");
  fake::FakeTransport::Log log;
  EngineParts parts;
  parts.providers.add(std::make_unique<PagingAdapter>(std::move(pages)));
  parts.transport = std::make_unique<fake::FakeTransport>(
      nullptr, clock,
      [](const HttpCall& call) { return fake::Answer{.body = call.query.front().second}; }, log);
  parts.ledger = std::make_unique<MemoryLedger>();
  const auto engine = Engine::create(settings, clock, std::move(parts));
  SyncRequest request;
  request.items = {{.symbol = *Symbol::parse("AAPL"),
                    .providers = {"fake"},
                    .since = fake::at("2024-01-01"),
                    .until = fake::at("2024-02-01")}};
  auto report = (*engine)->fetch(request);
  EXPECT_TRUE(report.has_value());
  return {
      .item = report->items.front(), .rows = report->bars->num_rows(), .sent = report->calls.sent};
}

TEST(PageJoinTest, PagesAreJoinedInOrder) {
  const Fetched got = fetch({{"first", {.days = {2, 3}, .next = "b"}}, {"b", {.days = {4, 5}}}});
  EXPECT_EQ(got.item.status, ItemStatus::ok);
  EXPECT_EQ(got.rows, 4);
}

TEST(PageJoinTest, B20OverlappingPagesGiveEachBarOnce) {
  const Fetched got =
      fetch({{"first", {.days = {2, 3, 4}, .next = "b"}}, {"b", {.days = {3, 4, 5}}}});
  EXPECT_EQ(got.item.status, ItemStatus::ok);
  EXPECT_EQ(got.rows, 4);
}

TEST(PageJoinTest, B20ACursorThatComesAgainEndsTheCall) {
  const Fetched itself = fetch({{"first", {.days = {2}, .next = "first"}}});
  const Fetched circle = fetch({{"first", {.days = {2}, .next = "b"}},
                                {"b", {.days = {3}, .next = "c"}},
                                {"c", {.days = {4}, .next = "b"}}});
  for (const Fetched& got : {itself, circle}) {
    EXPECT_EQ(got.item.status, ItemStatus::failed);
    EXPECT_EQ(got.item.error->code, ErrorCode::mismatch);
    EXPECT_LE(got.sent, 3) << "each page was asked once";
    test::fault_fired("B20");
  }
}

TEST(PageJoinTest, C11PagesThatChangeTheirMeaningAreRefusedWhole) {
  const Fetched pence = fetch({{"first", {.days = {2}, .next = "b", .currency = "GBP"}},
                               {"b", {.days = {3}, .currency = "GBp"}}});
  const Fetched flipped = fetch(
      {{"first", {.days = {2}, .next = "b"}}, {"b", {.days = {3}, .adjusted = Adjustment::none}}});
  for (const Fetched& got : {pence, flipped}) {
    ASSERT_TRUE(got.item.error.has_value());
    EXPECT_EQ(got.item.error->code, ErrorCode::mismatch);
    test::fault_fired("C11");
  }
}

}  // namespace
}  // namespace vortex
