#include "vortex/store/side_table.hpp"

#include <filesystem>

#include <gmock/gmock.h>

#include "vortex/store/delta_log_for_test.hpp"
#include "vortex/store/row_columns.hpp"

namespace vortex {
namespace {

using store_test::day;
using testing::ElementsAre;

class SideTableTest : public testing::Test {
 protected:
  SideTableTest() {
    std::filesystem::create_directory(directory_.path());
    files_ = open_posix_file_system(directory_.path());
    bars_.emplace(*files_, "bars");
    table_.emplace(*files_, instruments_table());
  }

  // One version of bars, made by the commit of that name.
  void commit_bars(const std::string& id) {
    CommitActions actions;
    actions.note = CommitNote{.operation = "WRITE", .commit_id = id};
    if (!bars_->loaded()) describe_table(actions, bars_table(), random_, now_);
    ASSERT_TRUE(bars_->commit(std::move(actions), now_).has_value());
  }
  // Rows of symbols, each with the version and commit they are written for.
  struct Row {
    std::string symbol;
    std::int64_t version;
    std::string commit;
  };
  void add(const std::vector<Row>& rows) {
    RowWriter writer(instruments_table().schema);
    for (const Row& row : rows) {
      writer.text("yahoo");
      writer.text(row.symbol);
      for (int i = 0; i < 5; ++i) writer.text_or_null("");
      writer.number(1);
      writer.number(1);
      writer.text_or_null("");
      writer.moment(std::optional<TimePoint>());
      writer.moment(now_);
      writer.whole(row.version);
      writer.text(row.commit);
    }
    now_ += std::chrono::seconds{1};
    const auto batch = writer.finish();
    ASSERT_TRUE(batch.has_value()) << batch.error().to_line();
    const auto added = table_->add(**batch, {}, now_, random_, {});
    ASSERT_TRUE(added.has_value()) << added.error().to_line();
  }
  std::vector<std::string> counted() {
    std::vector<std::string> out;
    const auto visit = [&](const arrow::RecordBatch& rows, const std::vector<std::int64_t>& kept) {
      const ColumnReader symbols(rows, "symbol");
      for (const std::int64_t row : kept) out.emplace_back(symbols.text(row));
    };
    EXPECT_TRUE(table_->scan({.bars = *bars_, .version_max = bars_->version()}, "", visit));
    return out;
  }

  store_test::TempDirectory directory_;
  std::unique_ptr<FileSystem> files_;
  std::optional<DeltaLog> bars_;
  std::optional<SideTable> table_;
  Random random_{5};
  TimePoint now_ = day(0);
};

TEST_F(SideTableTest, OnceSettledTheBarsLogMayBeCleanedAndTheSameRowsCount) {
  commit_bars("birth");
  commit_bars("one");
  add({{"LATE", 2, "never"}});                                 // a whole file of a commit that lost
  add({{"A", 1, "one"}, {"B", 1, "other"}, {"C", 1, "one"}});  // merged files hold both
  add({{"D", 1, ""}});
  add({{"NEXT", 3, "three"}});  // its commit is still to come
  commit_bars("two");
  EXPECT_THAT(counted(), ElementsAre("A", "C", "D"));
  ASSERT_TRUE(table_->settle(*bars_, now_, random_).has_value());
  EXPECT_THAT(counted(), ElementsAre("A", "C", "D"));
  const std::int64_t settled = table_->log().version();
  ASSERT_TRUE(table_->settle(*bars_, now_, random_).has_value());
  EXPECT_EQ(table_->log().version(), settled);
  commit_bars("three");
  ASSERT_TRUE(bars_->clean_below(3).has_value());
  EXPECT_THAT(counted(), ElementsAre("A", "C", "D", "NEXT"));
  bars_.emplace(*files_, "bars");
  ASSERT_TRUE(bars_->load().value_or(false));
  EXPECT_THAT(counted(), ElementsAre("A", "C", "D", "NEXT"));
}

TEST_F(SideTableTest, RowsOfACommitThatNeverCameAreTakenOutWithoutTouchingOthers) {
  commit_bars("birth");
  add({{"A", 0, "birth"}});
  add({{"B", 0, "lost"}});
  const auto files_before = table_->log().snapshot().files.size();
  ASSERT_TRUE(table_->settle(*bars_, now_, random_).has_value());
  EXPECT_EQ(table_->log().snapshot().files.size(), files_before - 1);
  EXPECT_THAT(counted(), ElementsAre("A"));
}

}  // namespace
}  // namespace vortex
