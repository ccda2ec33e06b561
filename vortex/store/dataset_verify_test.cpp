#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>

#include <gmock/gmock.h>

#include "vortex/base/random.hpp"
#include "vortex/store/bar_columns.hpp"
#include "vortex/store/bars_files.hpp"
#include "vortex/store/dataset.hpp"
#include "vortex/store/delta_log.hpp"
#include "vortex/store/store_test_support.hpp"

namespace vortex {
namespace {

namespace fs = std::filesystem;
using store_test::bar;
using store_test::batch_of;
using store_test::day;
using store_test::key;
using store_test::TempDirectory;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class VerifyTest : public testing::Test {
 protected:
  void SetUp() override {
    auto dataset = *Dataset::open_or_create(directory_.path(), clock_);
    for (int n = 0; n < 3; ++n) {
      auto batch = batch_of("AAPL", {bar(n, n + 10), bar(n + 1, n + 11)});
      batch.push_back(store_test::series(key("MSFT"), {bar(n, 5)}));
      HttpReply reply;
      reply.status = 200;
      reply.body = Body::copy_of("a body that was received " + std::to_string(n));
      reply.received_at = day(150);
      batch[0].captures.push_back(*make_capture(reply, "GET https://x.test", {day(0), day(9)}));
      batch[0].quarantine.push_back({.timestamp = day(n), .reasons = "Q07", .row_text = "x"});
      clock_.advance(std::chrono::seconds{1});
      ASSERT_TRUE(dataset.commit(std::move(batch)).has_value());
    }
  }
  VerifyReport verify(bool quick = false) {
    auto dataset = Dataset::open(directory_.path(), clock_);
    EXPECT_TRUE(dataset.has_value());
    if (!dataset) return {};
    const auto report = dataset->verify({.quick = quick});
    EXPECT_TRUE(report.has_value()) << report.error().to_line();
    return report.value_or(VerifyReport{});
  }
  std::vector<std::string> kinds(bool quick = false) {
    std::vector<std::string> out;
    for (const VerifyFinding& finding : verify(quick).findings) out.push_back(finding.kind);
    return out;
  }
  std::string root(const std::string& below) const { return directory_.path() + "/" + below; }
  static std::string bytes_of(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  static void write(const fs::path& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  }
  std::vector<fs::path> bars_files() const {
    std::vector<fs::path> out;
    for (const auto& entry : fs::recursive_directory_iterator(root("bars"))) {
      if (entry.path().extension() == ".parquet" && !entry.path().string().contains("_delta_log")) {
        out.push_back(entry.path());
      }
    }
    return out;
  }
  // Adds rows to the bars table as they stand, past every check.
  void add_rows(const std::vector<BarRow>& rows, const std::function<void(AddFile&)>& change) {
    const auto files = open_posix_file_system(directory_.path());
    DeltaLog log(*files, "bars");
    ASSERT_TRUE(log.load().has_value());
    BarColumns columns;
    const auto batch = store_test::bars(key("AAPL"), rows);
    ASSERT_TRUE(columns.append(BarColumns::source_of(*batch), 0, batch->num_rows()).has_value());
    Random random(++seed_);
    auto add =
        write_bars_file(*files, random, {{"provider", "yahoo"}, {"interval", "1d"}}, columns);
    ASSERT_TRUE(add.has_value());
    change(*add);
    CommitActions actions;
    actions.adds.push_back(*add);
    ASSERT_TRUE(log.commit(std::move(actions), clock_.now()).has_value());
  }
  void add_rows(const std::vector<BarRow>& rows) {
    add_rows(rows, [](AddFile&) {});
  }

  std::uint64_t seed_ = 76;
  TempDirectory directory_;
  ManualClock clock_{day(200)};
};

TEST_F(VerifyTest, ASoundDatasetHasNoFindings) {
  const auto report = verify();
  EXPECT_THAT(report.findings, IsEmpty());
  EXPECT_EQ(report.captures, 3);
  EXPECT_EQ(report.version, 3);
  EXPECT_GE(report.rows, 7 + 3 + 3);
  EXPECT_FALSE(report.storage_trouble);
}

TEST_F(VerifyTest, G7AFlippedBitInAnyRegionOfADataFileIsFoundAndNamed) {
  const fs::path path = bars_files().front();
  const std::string sound = bytes_of(path);
  for (std::size_t at = 0; at < sound.size(); at += std::max<std::size_t>(1, sound.size() / 40)) {
    std::string damaged = sound;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    write(path, damaged);
    const auto report = verify();
    ASSERT_THAT(report.findings, Not(IsEmpty())) << "byte " << at;
    EXPECT_THAT(report.findings[0].kind, "checksum") << "byte " << at;
    EXPECT_THAT(report.findings[0].file, HasSubstr(path.filename().string()));
    EXPECT_FALSE(report.storage_trouble);
  }
}

TEST_F(VerifyTest, G10AMissingAndACutFileAreFoundEvenQuickly) {
  const auto files = bars_files();
  fs::resize_file(files.back(), fs::file_size(files.back()) - 1);
  EXPECT_THAT(kinds(true), Contains("size"));
  fs::remove(files.front());
  EXPECT_THAT(kinds(true), Contains("missing"));
  EXPECT_TRUE(verify(true).storage_trouble);
}

TEST_F(VerifyTest, RowsThatBreakTheRulesAreFound) {
  add_rows({bar(0, 1)});  // stands there already
  EXPECT_THAT(kinds(), Contains("duplicate"));
  add_rows({bar(30, 1), bar(29, 1)});
  EXPECT_THAT(kinds(), Contains("unsorted"));
  auto upside_down = bar(40, 1);
  std::swap(upside_down.high, upside_down.low);
  add_rows({upside_down});
  EXPECT_THAT(kinds(), Contains("value"));
}

TEST_F(VerifyTest, WrongStatisticsAreFound) {
  add_rows({bar(50, 1), bar(51, 1)}, [](AddFile& add) {
    add.stats_json =
        R"({"numRecords":3,"minValues":{"symbol":"AAPL"},"maxValues":{"symbol":"AAPL",)"
        R"("timestamp":"2024-02-20T00:00:00.000Z"}})";
    add.stats = parse_statistics(add.stats_json);
  });
  const auto report = verify();
  const auto count = std::ranges::count(report.findings, "statistics", &VerifyFinding::kind);
  EXPECT_EQ(count, 2);  // the rows and the latest time
}

TEST_F(VerifyTest, C9DamagedAndCutBodiesAreFound) {
  std::vector<fs::path> packs;
  for (const auto& entry : fs::directory_iterator(root("raw"))) packs.push_back(entry.path());
  ASSERT_EQ(packs.size(), 3U);
  std::string bytes = bytes_of(packs[0]);
  bytes[bytes.size() - 3] = static_cast<char>(bytes[bytes.size() - 3] ^ 1);
  write(packs[0], bytes);
  fs::resize_file(packs[1], fs::file_size(packs[1]) / 2);
  fs::remove(packs[2]);
  const auto found = kinds();
  EXPECT_EQ(std::ranges::count(found, "capture"), 2);
  EXPECT_EQ(std::ranges::count(found, "missing"), 1);
}

TEST_F(VerifyTest, ADamagedCommitOfASideTableIsFound) {
  write(root("quarantine/_delta_log/00000000000000000001.json"), "{\"add\":{}}\n");
  auto dataset = Dataset::open(directory_.path(), clock_);
  ASSERT_TRUE(dataset.has_value());
  const auto report = dataset->verify({.quick = true});
  ASSERT_TRUE(report.has_value()) << report.error().to_line();
  EXPECT_THAT(report->findings, Contains(testing::Field(&VerifyFinding::kind, "log")));
}

}  // namespace
}  // namespace vortex
