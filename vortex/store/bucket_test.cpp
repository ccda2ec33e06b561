#include "vortex/store/bucket.hpp"

#include <deque>

#include <fmt/core.h>
#include <gmock/gmock.h>

namespace vortex {
namespace {

TimePoint at(const char* text) {
  return *parse_time(text);
}

TimeRange range(const char* start, const char* end) {
  return {at(start), at(end)};
}

TEST(BucketTest, DailyBarsCloseIntoMonthsAndYearsAWeekLate) {
  const auto bucket = [](const char* time, const char* now) {
    return bucket_of(Interval::d1, at(time), at(now));
  };
  EXPECT_EQ(bucket("2023-05-10", "2024-03-15"), range("2023-01-01", "2024-01-01"));
  EXPECT_EQ(bucket("2024-01-31", "2024-03-15"), range("2024-01-01", "2024-02-01"));
  EXPECT_EQ(bucket("2024-02-29", "2024-03-15"), range("2024-02-01", "2024-03-01"));
  EXPECT_EQ(bucket("2024-03-01", "2024-03-15").start, at("2024-03-01"));
  EXPECT_EQ(bucket("2024-03-01", "2024-03-15").end, TimePoint::max());
  EXPECT_EQ(bucket("2024-02-29", "2024-03-05").end, TimePoint::max());  // still restated
  EXPECT_EQ(bucket("2023-12-31", "2024-01-05").start, at("2023-12-01"));
  EXPECT_EQ(bucket("2023-11-30", "2024-01-05"), range("2023-11-01", "2023-12-01"));
}

TEST(BucketTest, IntradayIsOneLevelFiner) {
  const auto bucket = [](const char* time) {
    return bucket_of(Interval::m1, at(time), at("2024-03-15T12:00Z"));
  };
  EXPECT_EQ(bucket("2023-05-10T14:30Z"), range("2023-05-01", "2023-06-01"));
  EXPECT_EQ(bucket("2024-02-29T23:59Z"), range("2024-02-01", "2024-03-01"));
  EXPECT_EQ(bucket("2024-03-13T00:00Z"), range("2024-03-13", "2024-03-14"));
  EXPECT_EQ(bucket("2024-03-14T09:00Z").end, TimePoint::max());
}

TEST(BucketTest, BucketsTileAllTime) {
  for (const Interval interval : {Interval::m1, Interval::d1, Interval::mo1}) {
    for (int hours = 0; hours < 24 * 500; hours += 37) {
      const TimePoint now = at("2023-06-01") + std::chrono::hours{hours};
      TimePoint place = bucket_of(interval, at("2021-11-01"), now).start;
      while (true) {
        const TimeRange bucket = bucket_of(interval, place, now);
        ASSERT_EQ(bucket.start, place);
        if (bucket.end == TimePoint::max()) break;
        EXPECT_EQ(bucket_of(interval, bucket.end - Duration{1}, now), bucket);
        place = bucket.end;
      }
      EXPECT_LE(place, now);
    }
  }
}

TEST(FileCutTest, FilesOfACommitAreWholeUnitsFromTheNewestBack) {
  const std::int64_t least = kCommitFileRowsMin;
  const auto cut = [](const char* start, const char* end, std::int64_t rows) {
    return FileCut{.range = {start == nullptr ? TimePoint::min() : at(start),
                             end == nullptr ? TimePoint::max() : at(end)},
                   .rows = rows};
  };
  const UnitRows load{{at("2022-01-01"), 10},        {at("2023-01-01"), least},
                      {at("2024-01-01"), least - 1}, {at("2024-02-01"), 2},
                      {at("2024-03-01"), least + 5}, {at("2024-04-01"), 7}};
  EXPECT_THAT(cut_into_files(load), testing::ElementsAre(cut(nullptr, "2024-01-01", least + 10),
                                                         cut("2024-01-01", "2024-03-01", least + 1),
                                                         cut("2024-03-01", nullptr, least + 12)));
}

TEST(FileCutTest, AUnitIsAClosedBucketOrADayOfTheOpenOne) {
  const auto unit = [](const char* time) {
    return unit_of(Interval::d1, at(time), at("2024-03-15"));
  };
  EXPECT_EQ(unit("2023-05-10"), range("2023-01-01", "2024-01-01"));
  EXPECT_EQ(unit("2024-02-29"), range("2024-02-01", "2024-03-01"));
  EXPECT_EQ(unit("2024-03-01"), range("2024-03-01", "2024-03-02"));
  EXPECT_EQ(unit("2024-03-20"), range("2024-03-20", "2024-03-21"));
}

TEST(FileCutTest, ASmallCommitIsOneFile) {
  const UnitRows load{{at("2023-01-01"), kCommitFileRowsMin - 2}, {at("2024-01-01"), 1}};
  const FileCut all{.range = {TimePoint::min(), TimePoint::max()}, .rows = kCommitFileRowsMin - 1};
  EXPECT_THAT(cut_into_files(load), testing::ElementsAre(all));
  EXPECT_THAT(cut_into_files({{at("2023-01-01"), 1}}), testing::SizeIs(1));
}

class MergePlanTest : public testing::Test {
 protected:
  void file(const char* first, const char* last, std::int64_t rows = 100,
            const char* symbol_min = "A", const char* symbol_max = "Z") {
    AddFile& one = files_.emplace_back();
    one.path = fmt::format("f{:03}", files_.size());
    one.size = rows * 30;
    one.modification_ms = static_cast<std::int64_t>(files_.size());
    one.stats = {.rows = rows,
                 .symbol_min = symbol_min,
                 .symbol_max = symbol_max,
                 .timestamp_min = at(first),
                 .timestamp_max = at(last)};
  }
  std::vector<const AddFile*> all() const {
    std::vector<const AddFile*> out;
    out.reserve(files_.size());
    for (const AddFile& one : files_) out.push_back(&one);
    return out;
  }
  // "f001+f002 f003" by task; "/" after a task that splits.
  std::string plan(const MergePolicy& policy = MergePolicy::by_hand()) const {
    std::string text;
    for (const MergeTask& task : plan_merges(all(), Interval::d1, at("2024-03-15"), policy)) {
      if (!text.empty()) text += ' ';
      for (const AddFile* input : task.inputs) {
        text += (input == task.inputs.front() ? "" : "+") + input->path;
      }
      if (task.split) text += '/';
    }
    return text;
  }
  std::deque<AddFile> files_;
};

TEST_F(MergePlanTest, MergesClosedBucketsAndLeavesTheOpenOne) {
  file("2024-01-02", "2024-01-02");
  file("2024-01-03", "2024-01-03");
  file("2024-02-01", "2024-02-29");
  file("2024-03-04", "2024-03-04");
  file("2024-03-05", "2024-03-05");
  file("2023-01-02", "2023-03-03");
  file("2023-11-02", "2023-12-29");
  EXPECT_EQ(plan(), "f006+f007 f001+f002");
  EXPECT_EQ(plan(MergePolicy::automatic()), "");
}

TEST_F(MergePlanTest, AnOpenBucketIsMergedOnlyWhenItHasManyFiles) {
  for (int n = 0; n < 47; ++n) file("2024-03-04", "2024-03-04");
  EXPECT_EQ(plan(), "");
  file("2024-03-04", "2024-03-04");
  EXPECT_EQ(plan(), plan(MergePolicy::automatic()));
  EXPECT_NE(plan(), "");
}

TEST_F(MergePlanTest, AFileOverSeveralBucketsIsSplitOnceItIsLarge) {
  file("2015-01-02", "2024-03-04", 1000);
  EXPECT_EQ(plan(), "");
  file("2015-01-02", "2024-03-04", 1000);
  EXPECT_EQ(plan(), "f001+f002");
  file("2010-01-02", "2024-03-04", 1'000'000);
  EXPECT_EQ(plan(), "f001+f002+f003/");
}

TEST_F(MergePlanTest, FilesThatFollowEachOtherInTimeStayHoweverManyTheyAre) {
  file("2020-01-02", "2023-12-29", 200'000);
  file("2010-01-04", "2014-12-31", 200'000);
  file("2015-01-02", "2019-12-31", 200'000);
  EXPECT_EQ(plan(), "");
  file("2010-01-04", "2023-12-29", 200'000);  // the load's next symbols
  EXPECT_EQ(plan(MergePolicy::automatic()), "");
  EXPECT_EQ(plan(), "f001+f002+f003+f004/");
}

TEST_F(MergePlanTest, ALoadInManyCommitsIsNotWrittenTwice) {
  for (int n = 0; n < 31; ++n) file("2010-01-04", "2023-12-29", 2000);
  for (int n = 0; n < 31; ++n) file("2000-01-04", "2009-12-31", 2000);
  EXPECT_EQ(plan(MergePolicy::automatic()), "");
  file("2009-06-01", "2010-06-01", 1);
  EXPECT_NE(plan(MergePolicy::automatic()), "");
}

TEST_F(MergePlanTest, FilesThatTouchInAMomentLieOverIt) {
  file("2010-01-04", "2015-01-02");
  file("2015-01-02", "2019-12-31");
  EXPECT_EQ(plan(), "f001+f002");
}

TEST_F(MergePlanTest, FilesApartInSymbolsStayWhenTheirRowsNeedThem) {
  file("2023-01-02", "2023-12-29", kFileRowsMax, "A", "K");
  file("2023-01-02", "2023-12-29", 5000, "L", "Z");
  EXPECT_EQ(plan(), "");
  file("2023-05-02", "2023-05-02", 1, "M", "M");
  EXPECT_EQ(plan(), "f003+f002+f001");
}

TEST_F(MergePlanTest, TooMuchForOneMergeTakesTheSmallFilesFirst) {
  for (int n = 0; n < 40; ++n) file("2023-01-02", "2023-12-29", kFileRowsMax);
  EXPECT_EQ(plan(), "");
  file("2023-05-02", "2023-05-02", 1);
  file("2023-05-03", "2023-05-03", 1);
  EXPECT_EQ(plan(), "f041+f042");
}

TEST_F(MergePlanTest, AutomaticMergesAreBounded) {
  for (int n = 0; n < 5; ++n) file("2023-01-02", "2023-12-29", 300'000);
  EXPECT_EQ(plan(MergePolicy::automatic()), "");
  EXPECT_NE(plan(), "");
}

TEST(SideMergePlanTest, EachRowIsCopiedALogarithmOfTimes) {
  std::deque<AddFile> made;
  std::vector<const AddFile*> files;
  std::int64_t copied = 0;
  std::size_t most = 0;
  constexpr int kCommits = 2000;
  for (int n = 0; n < kCommits; ++n) {
    made.push_back({.path = fmt::format("{}", n), .size = 1000, .modification_ms = n});
    files.push_back(&made.back());
    for (const auto& run : plan_side_merges(files, true)) {
      AddFile whole{.path = run.back()->path + "m", .modification_ms = run.back()->modification_ms};
      for (const AddFile* file : run) {
        whole.size += file->size;
        std::erase(files, file);
      }
      copied += whole.size;
      made.push_back(whole);
      files.push_back(&made.back());
    }
    most = std::max(most, files.size());
  }
  EXPECT_LE(copied, 1000L * kCommits * 3);
  EXPECT_LE(most, 40U);
}

TEST(SideMergePlanTest, ByHandAllBecomeOneUpToTheSizeLimit) {
  std::deque<AddFile> made;
  std::vector<const AddFile*> files;
  for (int n = 0; n < 5; ++n) {
    made.push_back(
        {.path = fmt::format("{}", n), .size = kSideBytesMax / 2 - 1, .modification_ms = n});
    files.push_back(&made.back());
  }
  const auto runs = plan_side_merges(files, false);
  ASSERT_EQ(runs.size(), 2U);
  EXPECT_EQ(runs[0].size(), 2U);
  EXPECT_EQ(runs[1].front()->path, "2");
}

}  // namespace
}  // namespace vortex
