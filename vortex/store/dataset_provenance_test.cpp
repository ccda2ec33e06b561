// Captures kept once, and what the side tables tell of where rows came from.
#include <filesystem>
#include <fstream>

#include <arrow/table.h>
#include <gmock/gmock.h>

#include "vortex/store/provenance.hpp"
#include "vortex/store/store_test_support.hpp"

namespace vortex {
namespace {

using store_test::bar;
using store_test::day;
using store_test::key;
using store_test::TempDirectory;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

// An answer about days 0 to 9.
Capture answer(const std::string& body, TimePoint received) {
  HttpReply reply;
  reply.status = 200;
  reply.headers = {{"Content-Type", "text/csv"}, {"Set-Cookie", "session=1"}};
  reply.body = Body::copy_of(body);
  reply.received_at = received;
  return *make_capture(reply, "GET https://example.test/x", {day(0), day(9)});
}

// One series' bars out of that answer.
SeriesBatch answered(const std::string& symbol, double close, const Capture& capture) {
  SeriesBatch batch{.key = key(symbol)};
  BarBatchBuilder builder;
  builder.append(bar(1, close));
  builder.append(bar(2, close));
  batch.bars.push_back(*builder.finish({.symbol = symbol,
                                        .provider = "yahoo",
                                        .interval = Interval::d1,
                                        .adjusted = Adjustment::split,
                                        .basis = date_of(capture.received_at),
                                        .transform_timestamp = capture.received_at,
                                        .capture_id = capture.id}));
  batch.captures.push_back(capture);
  return batch;
}

template <class... Batches>
std::vector<SeriesBatch> all_of(Batches... batches) {
  std::vector<SeriesBatch> out;
  (out.push_back(std::move(batches)), ...);
  return out;
}

class ProvenanceTest : public testing::Test {
 protected:
  static constexpr TimeRange kAllTime{TimePoint::min(), TimePoint::max()};

  Dataset open() {
    auto dataset = Dataset::open_or_create(directory_.path(), clock_);
    EXPECT_TRUE(dataset.has_value()) << dataset.error().to_line();
    return *std::move(dataset);
  }
  void commit(Dataset& dataset, std::vector<SeriesBatch> batch) {
    clock_.advance(std::chrono::seconds{1});
    auto receipt = dataset.commit(std::move(batch));
    ASSERT_TRUE(receipt.has_value()) << receipt.error().to_line();
  }
  std::vector<std::filesystem::path> packs() const {
    std::vector<std::filesystem::path> out;
    for (const auto& entry : std::filesystem::directory_iterator(directory_.path() + "/raw")) {
      if (entry.path().extension() == ".pack") out.push_back(entry.path());
    }
    return out;
  }
  std::vector<CaptureRow> captures(Dataset& dataset, const std::string& symbol) {
    auto rows = dataset.captures_of(key(symbol), kAllTime);
    EXPECT_TRUE(rows.has_value()) << rows.error().to_line();
    return rows.value_or(std::vector<CaptureRow>{});
  }

  TempDirectory directory_;
  ManualClock clock_{day(200)};
};

TEST_F(ProvenanceTest, ABodyIsStoredOnceHoweverOftenItComes) {
  auto dataset = open();
  commit(dataset, all_of(answered("AAPL", 1, answer("the body", day(150))),
                         answered("MSFT", 1, answer("the body", day(151)))));
  ASSERT_THAT(packs(), SizeIs(1));
  const auto bytes = std::filesystem::file_size(packs()[0]);
  const CaptureRow first = captures(dataset, "AAPL")[0];
  EXPECT_EQ(first.length, bytes);  // one frame

  commit(dataset, all_of(answered("GOOG", 1, answer("the body", day(152)))));  // a later commit
  auto other = open();                                                         // as another process
  commit(other, all_of(answered("NVDA", 1, answer("the body", day(153)))));
  EXPECT_THAT(packs(), SizeIs(1));
  for (const char* symbol : {"MSFT", "GOOG", "NVDA"}) {
    const CaptureRow row = captures(other, symbol)[0];
    EXPECT_EQ(row.pack, first.pack) << symbol;
    EXPECT_EQ(row.offset, first.offset) << symbol;
    EXPECT_NE(row.id, first.id) << symbol;  // the answers are told apart
    EXPECT_EQ(other.body_of(row).value_or(""), "the body") << symbol;
  }
}

TEST_F(ProvenanceTest, ABodyWhosePackIsGoneIsStoredAgain) {
  auto dataset = open();
  commit(dataset, all_of(answered("AAPL", 1, answer("the body", day(150)))));
  std::filesystem::remove(packs()[0]);
  EXPECT_EQ(dataset.body_of(captures(dataset, "AAPL")[0]).error().code, ErrorCode::not_found);
  commit(dataset, all_of(answered("MSFT", 1, answer("the body", day(151)))));
  EXPECT_EQ(dataset.body_of(captures(dataset, "MSFT")[0]).value_or(""), "the body");
}

TEST_F(ProvenanceTest, G7AFlippedBitInAPackIsFoundWhereverItIs) {
  auto dataset = open();
  commit(dataset, all_of(answered("AAPL", 1, answer("a body of some length", day(150)))));
  const CaptureRow row = captures(dataset, "AAPL")[0];
  const std::filesystem::path pack = packs()[0];
  const auto size = std::filesystem::file_size(pack);
  for (std::uintmax_t at = 0; at < size; ++at) {
    const auto flip = [&] {
      std::fstream file(pack, std::ios::in | std::ios::out | std::ios::binary);
      file.seekg(static_cast<std::streamoff>(at));
      const char byte = static_cast<char>(file.get() ^ 4);
      file.seekp(static_cast<std::streamoff>(at));
      file.put(byte);
    };
    flip();
    const auto body = dataset.body_of(row);
    // A bit of the frame that says nothing (a reserved one) may be lost without harm.
    if (body) EXPECT_EQ(*body, "a body of some length") << at;
    if (!body) EXPECT_EQ(body.error().code, ErrorCode::corrupt) << at;
    flip();
  }
  EXPECT_TRUE(dataset.body_of(row).has_value());
  std::filesystem::resize_file(pack, size - 1);
  EXPECT_EQ(dataset.body_of(row).error().code, ErrorCode::corrupt);
}

TEST_F(ProvenanceTest, RevisionsCapturesAndQuarantineAreToldInTheOrderTheyCame) {
  auto dataset = open();
  const Capture first = answer("one", day(150));
  const Capture second = answer("two", day(151));
  commit(dataset, all_of(answered("AAPL", 10, first)));
  auto batch = all_of(answered("AAPL", 11, second));
  batch[0].quarantine.push_back(
      {.timestamp = day(3), .reasons = "Q07", .row_text = "x", .capture_id = second.id});
  commit(dataset, std::move(batch));
  const auto revisions = dataset.revisions_of(key("AAPL"), {day(2), day(3)});
  ASSERT_TRUE(revisions.has_value());
  ASSERT_THAT(*revisions, SizeIs(1));
  const RevisionRow& one = revisions->front();
  EXPECT_EQ(one.kind, "restated");
  EXPECT_EQ(one.before[3], 10);
  EXPECT_EQ(one.after[3], 11);
  EXPECT_EQ(one.old_capture_id, first.id);
  EXPECT_EQ(one.new_capture_id, second.id);
  EXPECT_EQ(one.noticed_at, day(151));  // when the answer came, so that a replay says the same
  const auto refused = dataset.quarantine_of(key("AAPL"), kAllTime);
  ASSERT_THAT(*refused, SizeIs(1));
  EXPECT_EQ(refused->front().noticed_at, day(151));
  const auto asked = captures(dataset, "AAPL");
  ASSERT_THAT(asked, SizeIs(2));
  EXPECT_EQ(asked[0].id, first.id);
  EXPECT_EQ(asked[1].headers, R"({"content-type":"text/csv"})");
  EXPECT_THAT(*dataset.captures_of(key("AAPL"), {day(9), day(20)}), IsEmpty());
  EXPECT_THAT(*dataset.revisions_of(key("MSFT"), kAllTime), IsEmpty());
}

TEST_F(ProvenanceTest, GroupsAreTheCommitsInTheirOrder) {
  auto dataset = open();
  commit(dataset, all_of(answered("AAPL", 10, answer("one", day(150)))));
  commit(dataset, all_of(answered("AAPL", 11, answer("two", day(151)))));
  auto batch = all_of(answered("AAPL", 11, answer("three", day(152))));  // brings no row …
  batch[0].quarantine.push_back({.timestamp = day(3), .reasons = "Q07", .row_text = "x"});
  commit(dataset, std::move(batch));  // … and no version
  const auto groups = dataset.capture_groups();
  ASSERT_TRUE(groups.has_value());
  ASSERT_THAT(*groups, SizeIs(3));
  EXPECT_EQ((*groups)[0].committed_at, day(200) + std::chrono::seconds{1});
  EXPECT_EQ((*groups)[2].commit_id, "");
  EXPECT_EQ((*groups)[2].bars_version, 2);
  std::vector<TimePoint> received;
  for (const CaptureGroup& group : *groups) {
    const auto rows = dataset.captures_in(group);
    ASSERT_TRUE(rows.has_value());
    ASSERT_THAT(*rows, SizeIs(1));
    received.push_back(rows->front().received_at);
  }
  EXPECT_THAT(received, ElementsAre(day(150), day(151), day(152)));
}

TEST_F(ProvenanceTest, RowsNoKeptAnswerBroughtAreNamed) {
  auto dataset = open();
  commit(dataset, all_of(answered("AAPL", 10, answer("one", day(150)))));
  EXPECT_THAT(*dataset.rows_without_capture(), IsEmpty());
  commit(dataset, store_test::batch_of("MSFT", {bar(4, 1), bar(5, 1)}));
  const auto found = dataset.rows_without_capture();
  ASSERT_TRUE(found.has_value());
  ASSERT_THAT(*found, SizeIs(1));
  EXPECT_EQ(found->front().key, key("MSFT"));
  EXPECT_EQ(found->front().rows, 2);
  EXPECT_TRUE(found->front().range.holds(day(4)) && found->front().range.holds(day(5)));
}

}  // namespace
}  // namespace vortex
