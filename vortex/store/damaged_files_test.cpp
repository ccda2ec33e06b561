// Files of a dataset and of its user that are damaged, cut, gone or put in another's place: the
// rows are the same or an error says what is wrong; what can be made anew is.
#include <algorithm>
#include <filesystem>
#include <fstream>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vortex/base/fault_record_for_test.hpp"
#include "vortex/store/account_db.hpp"
#include "vortex/store/store_test_support.hpp"

namespace vortex {
namespace {

using store_test::bar;
using store_test::day;
using store_test::key;

constexpr int kParts = 8;

std::string read_bytes(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_bytes(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

class DamagedFilesTest : public testing::Test {
 protected:
  void SetUp() override {
    auto dataset = open();
    ASSERT_TRUE(dataset.has_value());
    for (int n = 0; n < 3; ++n) {
      auto batch = store_test::batch_of("AAPL", {bar(n, 10 + n), bar(n + 1, 20 + n)});
      batch.push_back(store_test::series(key("MSFT"), {bar(n, 5)}));
      batch[0].actions.push_back(
          {.kind = ActionKind::dividend, .ex_date = date_of(day(50 + n)), .amount = 0.5});
      batch[0].quarantine.push_back(
          {.timestamp = day(n), .reasons = "Q07", .row_text = "x", .capture_id = "c"});
      batch[0].coverage.push_back(
          {.range = {day(0), day(9)}, .state = CoverageState::have, .reason = {}});
      ASSERT_TRUE(dataset->commit(std::move(batch)).has_value());
    }
    content_ = content();
    ASSERT_THAT(content_, testing::HasSubstr("AAPL 10 11 12 22MSFT"));
  }
  Result<Dataset> open() { return Dataset::open_or_create(directory_.path(), clock_); }

  // What is read, or the code of the error.
  std::string content() {
    auto dataset = open();
    return dataset ? content_of(*dataset) : std::string(to_string(dataset.error().code));
  }
  static std::string content_of(Dataset& dataset) {
    std::string out;
    for (const char* symbol : {"AAPL", "MSFT"}) {
      const auto table = dataset.read({.key = key(symbol)});
      if (!table) return std::string(to_string(table.error().code));
      out += symbol;
      for (const double close : store_test::closes(dataset, symbol))
        out += fmt::format(" {}", close);
    }
    const auto actions = dataset.actions("yahoo", "AAPL");
    if (!actions) return std::string(to_string(actions.error().code));
    const auto quarantined = dataset.quarantined_rows();
    if (!quarantined) return std::string(to_string(quarantined.error().code));
    return out + fmt::format(" {} actions {} bad", actions->size(), *quarantined);
  }
  // The same, or an error that says damage; where a file's own table of contents was hit, which no
  // page's checksum covers, verify says it.
  void expect_same_or_damage(const std::string& what) {
    const std::string now = content();
    const bool told = now == to_string(ErrorCode::corrupt) ||
                      now == to_string(ErrorCode::newer_protocol) ||
                      now == to_string(ErrorCode::not_a_dataset);
    EXPECT_TRUE(now == content_ || told || verify_finds()) << what << ": " << now;
    changed_ += now == content_ ? 0 : 1;
  }
  bool verify_finds() {
    auto dataset = open();
    if (!dataset) return true;
    const auto report = dataset->verify({});
    return !report || !report->findings.empty();
  }
  std::vector<std::filesystem::path> files() const {
    std::vector<std::filesystem::path> out;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory_.path())) {
      const std::string name = entry.path().filename();
      if (entry.is_regular_file() && !name.starts_with("state.db")) out.push_back(entry.path());
    }
    std::ranges::sort(out);
    return out;
  }

  store_test::TempDirectory directory_;
  ManualClock clock_{day(200)};
  std::string content_;
  int changed_ = 0;
};

TEST_F(DamagedFilesTest, G7AFlippedBitIsFoundOrHarmless) {
  constexpr std::size_t kPlaces = 24;
  int flips = 0;
  for (const auto& path : files()) {
    const std::string bytes = read_bytes(path);
    for (std::size_t i = 0; i < kPlaces; ++i, ++flips) {
      std::string flipped = bytes;
      char& hit = flipped[i * (bytes.size() - 1) / (kPlaces - 1)];
      hit = static_cast<char>(hit ^ (1 << (i % 8)));
      write_bytes(path, flipped);
      expect_same_or_damage(fmt::format("{} bit {}", path.string(), i));
    }
    write_bytes(path, bytes);
  }
  EXPECT_EQ(content(), content_);
  EXPECT_GT(changed_, flips / 4);
  test::fault_fired("G7", flips);
}

TEST_F(DamagedFilesTest, G8ABlockInTheWrongPlaceIsFoundOrHarmless) {
  constexpr std::size_t kBlock = 256;
  int moved = 0;
  for (const auto& path : files()) {
    const std::string bytes = read_bytes(path);
    for (std::size_t to = 0; to + 2 * kBlock <= bytes.size(); to += kBlock, ++moved) {
      std::string misdirected = bytes;
      misdirected.replace(to, kBlock, bytes, to + kBlock, kBlock);
      write_bytes(path, misdirected);
      expect_same_or_damage(fmt::format("{} block at {}", path.string(), to));
    }
    write_bytes(path, bytes);
  }
  EXPECT_GT(changed_, moved / 4);
  test::fault_fired("G8", moved);
}

TEST_F(DamagedFilesTest, G14AFileCutWhileItIsOpenIsDamageAndNoCrash) {
  int cuts = 0;
  for (const auto& path : files()) {
    const std::string bytes = read_bytes(path);
    for (std::size_t part = 0; part < kParts; ++part, ++cuts) {
      write_bytes(path, bytes.substr(0, bytes.size() * part / kParts));
      expect_same_or_damage(fmt::format("{} cut at {}/8", path.string(), part));
    }
    write_bytes(path, bytes);
    auto dataset = open();
    EXPECT_EQ(content_of(*dataset), content_);
    if (!path.string().ends_with(".parquet")) continue;
    std::filesystem::resize_file(path, bytes.size() / 2);
    const std::string now = content_of(*dataset);
    EXPECT_TRUE(now == content_ || now == to_string(ErrorCode::corrupt)) << now;
    write_bytes(path, bytes);
  }
  test::fault_fired("G14", cuts);
}

// state.db: made anew, and the summary says so.
class StateFileTest : public DamagedFilesTest {
 protected:
  std::string file(const char* suffix = "") const {
    return directory_.path() + "/state.db" + suffix;
  }
  void remove_all() const {
    for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove_all(file(suffix));
  }
  void expect_states(const std::string& what) {
    auto dataset = open();
    ASSERT_TRUE(dataset.has_value());
    const auto states = dataset->all_states();
    ASSERT_TRUE(states.has_value()) << what << ": " << states.error().to_line();
    ASSERT_EQ(states->size(), 2U) << what;
    EXPECT_EQ((*states)[0].rows, 4) << what;
    EXPECT_EQ((*states)[0].coverage.size(), 1U) << what;
    EXPECT_EQ((*states)[1].rows, 3) << what;
    const auto summary = dataset->summary();
    ASSERT_TRUE(summary.has_value());
    rebuilt_ = summary->rebuilt;
  }
  std::string rebuilt_;
};

TEST_F(StateFileTest, G10G14ItIsMadeAnewWhenGoneCutOrForeign) {
  remove_all();
  expect_states("gone");
  EXPECT_THAT(rebuilt_, testing::HasSubstr("missing"));
  const std::string whole = read_bytes(file());
  for (std::size_t part = 0; part < kParts; ++part) {
    remove_all();
    write_bytes(file(), whole.substr(0, whole.size() * part / kParts));
    expect_states(fmt::format("cut at {}/8", part));
    EXPECT_THAT(rebuilt_, testing::Not(testing::IsEmpty())) << part;
  }
  remove_all();
  write_bytes(file(), std::string(10'000, 'x'));
  expect_states("garbage");
  EXPECT_THAT(rebuilt_, testing::HasSubstr("damaged"));
  for (const char* suffix : {"-wal", "-shm"}) {
    write_bytes(file(suffix), std::string(5'000, 'x'));
    expect_states(suffix);
  }
  test::fault_fired("G14", kParts);
}

TEST_F(StateFileTest, G10WithoutLeaveToUseItTheTablesAreReadInstead) {
  remove_all();
  std::filesystem::create_directory(file());
  expect_states("a directory in its place");
  std::filesystem::remove(file());
  write_bytes(directory_.path("elsewhere"), "precious");
  std::filesystem::create_symlink(directory_.path("elsewhere"), file());
  expect_states("a link in its place");
  EXPECT_EQ(read_bytes(directory_.path("elsewhere")), "precious");
}

// A log cut at any place, as a loss of power may leave it.
TEST_F(StateFileTest, G5ItsLogMayEndAnywhere) {
  const store_test::TempDirectory kept;
  auto dataset = open();
  ASSERT_TRUE(dataset.has_value());
  ASSERT_TRUE(dataset->all_states().has_value());
  // While it is open the log is there.
  std::filesystem::copy(directory_.path(), kept.path(), std::filesystem::copy_options::recursive);
  const std::string log = read_bytes(kept.path() + "/state.db-wal");
  const std::string whole = read_bytes(kept.path() + "/state.db");
  for (std::size_t part = 0; part <= kParts; ++part) {
    remove_all();
    write_bytes(file(), whole);
    write_bytes(file("-wal"), log.substr(0, log.size() * part / kParts));
    expect_states(fmt::format("log cut at {}/8", part));
  }
  test::fault_fired("G5", kParts + 1);
}

// quota.db: an allowance that may have been used is never given anew without a word.
TEST(QuotaFileTest, K1G14WhatMayHaveBeenUsedIsRememberedOrTheDamageIs) {
  const store_test::TempDirectory directory;
  const std::string file = directory.path("quota.db");
  const TimePoint now = day(200);
  const auto write = [](const AccountDb::Stored&) -> Result<AccountDb::Change> {
    return AccountDb::Change{.text = "used", .lease = {}, .returned = {}};
  };
  {
    ASSERT_TRUE(AccountDb::open(directory.path(""), now, {})->transact("a", true, now, write));
  }
  const std::string whole = read_bytes(file);
  std::vector<std::string> damaged = {std::string(10'000, 'x')};
  for (std::size_t part = 0; part < kParts; ++part) {
    damaged.push_back(whole.substr(0, whole.size() * part / kParts));
  }
  for (const std::string& bytes : damaged) {
    for (const auto& entry : std::filesystem::directory_iterator(directory.path(""))) {
      std::filesystem::remove(entry.path());
    }
    write_bytes(file, bytes);
    ::chmod(file.c_str(), 0600);
    auto db = AccountDb::open(directory.path(""), now, {});
    ASSERT_TRUE(db.has_value()) << bytes.size() << ": " << db.error().to_line();
    bool known = false;
    const auto look = [&](const AccountDb::Stored& stored) -> Result<AccountDb::Change> {
      known = stored.text == "used" || stored.damaged_at.has_value();
      return AccountDb::Change();
    };
    ASSERT_TRUE(db->transact("a", false, now, look).has_value()) << bytes.size();
    EXPECT_TRUE(known) << "cut to " << bytes.size();
  }
  test::fault_fired("K1", static_cast<std::int64_t>(damaged.size()));
}

// Names of another's making stay names: no path, no device, no clash.
TEST(OddNamesTest, G13EveryNameIsStoredUnderOneOfItsOwn) {
  const store_test::TempDirectory directory;
  const ManualClock clock(day(200));
  std::vector<std::string> symbols = {"CON", "con", "aux",   "NUL.txt", "..", "../x", "/etc/passwd",
                                      "a b", "A B", "a%20b", "ä",       ".",  "a\\b", "x:y"};
  symbols.emplace_back(5000, 'L');
  auto dataset = Dataset::open_or_create(directory.path(), clock);
  ASSERT_TRUE(dataset.has_value());
  std::vector<SeriesBatch> batch;
  batch.reserve(symbols.size());
  double close = 1;
  for (const std::string& symbol : symbols) {
    batch.push_back(store_test::series(key(symbol), {bar(1, close++)}));
  }
  ASSERT_TRUE(dataset->commit(std::move(batch)).has_value());
  close = 1;
  for (const std::string& symbol : symbols) {
    EXPECT_THAT(store_test::closes(*dataset, symbol), testing::ElementsAre(close++)) << symbol;
  }
  // A provider is a folder; one that makes no folder's name is an error, and nothing is written.
  const auto too_long =
      dataset->commit({store_test::series(key("A", std::string(300, 'p')), {bar(1, 1)})});
  ASSERT_FALSE(too_long.has_value());
  EXPECT_EQ(too_long.error().code, ErrorCode::storage) << too_long.error().to_line();
  EXPECT_TRUE(dataset->commit(store_test::batch_of("A", {bar(1, 1)})).has_value());
}

}  // namespace
}  // namespace vortex
