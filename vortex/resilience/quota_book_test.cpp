#include "vortex/resilience/quota_book.hpp"

#include <gtest/gtest.h>

#include "vortex/base/clock.hpp"
#include "vortex/base/random.hpp"
#include "vortex/resilience/lease_check_for_test.hpp"

namespace vortex {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only

const TimePoint kNoon = *parse_time("2024-03-08T12:00:00Z");
const LedgerHolder kAlone{.id = "one", .is_alive = {}};

TimeZone zone_named(std::string_view name) {
  return *TimeZone::find(name);
}

Now book_at(Duration elapsed, TimePoint start = kNoon) {
  return {.elapsed = Monotonic{elapsed}, .calendar = start + elapsed};
}

Now reading_of(const ManualClock& clock) {
  return {.elapsed = clock.monotonic(), .calendar = clock.now()};
}

Lease take_permits(QuotaBook& book, const AccountLimits& limits, std::int64_t permits, Now now) {
  return book.lease(limits, {.permits = permits}, kAlone, now);
}

QuotaBook reread(const QuotaBook& book, Now now, const std::string& boot = "boot") {
  auto read = QuotaBook::read(book.write(), boot, now);
  EXPECT_TRUE(read) << read.error().message;
  return read ? std::move(*read) : QuotaBook(boot);
}

// One simulated world: leases of random size by processes whose readings of the clock race, permits
// that come back, books that go through their text form. Everything leased is checked by windows.
class Storm {
 public:
  Storm(std::uint64_t seed, TimePoint start) : random_(seed), clock_(start) {}

  void step(const AccountLimits& limits, Duration pause_max) {
    clock_.advance(Duration{below(pause_max.count())});
    Now now = reading_of(clock_);
    now.elapsed -= std::chrono::milliseconds(below(20));  // read, then waited for others
    const auto wanted = static_cast<std::int64_t>(1 + below(7));
    const Lease lease = book_.lease(limits, {.permits = wanted}, kAlone, now);
    if (lease.permits > 0) {
      EXPECT_LE(lease.permits, wanted);
      leased_.push_back({lease.id, {lease.issued, now.calendar}, lease.permits, 0});
    } else {
      EXPECT_TRUE(lease.refusal);
      ++refused_;
    }
    if (below(4) == 0) give_back();
    if (below(50) == 0) book_ = reread(book_, reading_of(clock_));
  }

  void step_calendar(Duration by) { clock_.step(by); }
  const std::vector<CheckedLease>& leased() const { return leased_; }
  int refused() const { return refused_; }
  std::int64_t below(std::int64_t n) {
    return static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(n)));
  }

 private:
  void give_back() {
    if (leased_.empty()) return;
    const std::size_t back = random_.below(std::min<std::size_t>(leased_.size(), 5));
    CheckedLease& lease = leased_[leased_.size() - 1 - back];
    const std::int64_t unused = below(3);
    if (lease.net() >= unused)
      lease.returned += book_.give_back(lease.id, unused, reading_of(clock_));
  }

  Random random_;
  ManualClock clock_;
  QuotaBook book_{"boot"};
  std::vector<CheckedLease> leased_;
  int refused_ = 0;
};

TEST(QuotaBookTest, NoWindowEverHoldsMoreThanItsCount) {
  const std::vector<AccountLimits> worlds = {
      {.rolling = {{.count = 5, .length = 5s}}},
      {.rolling = {{.count = 20, .length = 1s}, {.count = 60, .length = 3s}}},
      {.rolling = {{.count = 2000, .length = 1s}, {.count = 9000, .length = 10s}}},
      {.rolling = {{.count = 1, .length = 1s}, {.count = 5, .length = 1min}}},
      {.rolling = {{.count = 3000, .length = 2h}}}};
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    for (const AccountLimits& limits : worlds) {
      Storm storm(seed, kNoon);
      const Duration pause = limits.rolling.front().length / limits.rolling.front().count * 6;
      for (int i = 0; i < 6000; ++i) storm.step(limits, std::max(pause, Duration(500us)));
      EXPECT_GT(storm.leased().size(), 500u);
      EXPECT_GT(storm.refused(), 100);
      for (const RollingWindow& window : limits.rolling) {
        EXPECT_EQ(first_overdrawn(storm.leased(), window), std::nullopt)
            << rule_name(window) << " seed " << seed;
      }
    }
  }
}

// F1: the calendar steps by hours; F2: days of 23 and 25 hours, the end of the year.
TEST(QuotaBookTest, F1F2ADayNeverGivesMoreThanItsCount) {
  const AccountLimits limits{.rolling = {{.count = 30, .length = 1h}},
                             .days = {{.count = 100, .zone = zone_named("America/New_York")},
                                      {.count = 120, .zone = zone_named("Asia/Kolkata")}}};
  for (const char* start :
       {"2024-03-08T12:00:00Z", "2024-11-01T00:00:00Z", "2037-12-30T00:00:00Z"}) {
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      Storm storm(seed, *parse_time(start));
      for (int i = 0; i < 4000; ++i) {
        storm.step(limits, 4min);
        if (storm.below(200) == 0) storm.step_calendar(storm.below(2) == 0 ? 2h : -2h);
      }
      EXPECT_GT(storm.leased().size(), 150u);
      for (const DayWindow& day : limits.days) {
        EXPECT_EQ(first_overdrawn_day(storm.leased(), day), std::nullopt)
            << rule_name(day) << " from " << start << " seed " << seed;
      }
      EXPECT_EQ(first_overdrawn(storm.leased(), limits.rolling[0]), std::nullopt);
    }
  }
}

TEST(QuotaBookTest, SaysExactlyWhenToAskAgain) {
  const AccountLimits limits{.rolling = {{.count = 5, .length = 5s}, {.count = 8, .length = 1min}}};
  QuotaBook book("boot");
  EXPECT_EQ(take_permits(book, limits, 3, book_at(0s)).permits, 3);
  EXPECT_EQ(take_permits(book, limits, 9, book_at(1s)).permits, 2);
  const Lease refused = take_permits(book, limits, 1, book_at(2s));
  ASSERT_TRUE(refused.refusal);
  EXPECT_EQ(refused.refusal->code, ErrorCode::rate_limited);
  EXPECT_EQ(refused.refusal->rule, "5/5s");
  EXPECT_EQ(refused.refusal->until, Monotonic{5s});
  EXPECT_EQ(refused.refusal->until_calendar, kNoon + 5s);
  EXPECT_EQ(take_permits(book, limits, 9, book_at(5s - 1us)).permits, 0);
  EXPECT_EQ(take_permits(book, limits, 9, book_at(5s)).permits, 3);
  EXPECT_EQ(take_permits(book, limits, 9, book_at(6s)).refusal->rule, "8/min");
  EXPECT_EQ(take_permits(book, limits, 9, book_at(6s)).refusal->until, Monotonic{1min});
}

TEST(QuotaBookTest, ADayUsedUpIsRefusedUntilItsMidnight) {
  const AccountLimits limits{.days = {{.count = 25, .zone = zone_named("America/New_York")}}};
  QuotaBook book("boot");
  EXPECT_EQ(take_permits(book, limits, 100, book_at(0s)).permits, 25);
  const Lease refused = take_permits(book, limits, 1, book_at(1h));
  ASSERT_TRUE(refused.refusal);
  EXPECT_EQ(refused.refusal->code, ErrorCode::quota_exhausted);
  EXPECT_EQ(refused.refusal->rule, "25/day@America/New_York");
  EXPECT_EQ(refused.refusal->until_calendar, *parse_time("2024-03-09T05:00:00Z"));
  EXPECT_EQ(refused.refusal->until, Monotonic{17h});
  EXPECT_EQ(take_permits(book, limits, 1, book_at(17h - 1us)).permits, 0);
  EXPECT_EQ(take_permits(book, limits, 30, book_at(17h)).permits, 25);
}

TEST(QuotaBookTest, F1AClockSetBackGivesNoSecondAllowance) {
  const AccountLimits limits{.days = {{.count = 10}}};
  QuotaBook book("boot");
  EXPECT_EQ(take_permits(book, limits, 10, book_at(0s)).permits, 10);
  EXPECT_EQ(take_permits(book, limits, 4, book_at(1s, kNoon + 24h)).permits,
            4);  // the calendar says: a new day
  EXPECT_EQ(take_permits(book, limits, 10, book_at(2s, kNoon + 22h)).permits, 6);
  EXPECT_EQ(take_permits(book, limits, 1, book_at(3s, kNoon)).permits, 0);
  EXPECT_EQ(take_permits(book, limits, 1, book_at(4s, kNoon + 24h)).permits,
            0);  // the same day once more
  EXPECT_EQ(take_permits(book, limits, 1, book_at(5s, kNoon + 36h)).permits, 1);
}

TEST(QuotaBookTest, F1AClockThatWasYearsAheadBlocksNobodyForYears) {
  const AccountLimits limits{.days = {{.count = 10}}};
  QuotaBook book("boot");
  EXPECT_EQ(take_permits(book, limits, 6, book_at(0s)).permits, 6);
  EXPECT_EQ(take_permits(book, limits, 3, book_at(1s, kNoon + 24h * 3000)).permits, 3);
  const Lease back = take_permits(book, limits, 10, book_at(2s));
  EXPECT_EQ(back.permits, 1);  // all ten are of today by now
  const Lease refused = take_permits(book, limits, 1, book_at(3s));
  EXPECT_EQ(refused.refusal->until_calendar, *parse_time("2024-03-09T00:00:00Z"));
}

TEST(QuotaBookTest, F3AProcessThatStoodStillFindsNoBurst) {
  const AccountLimits limits{.rolling = {{.count = 5, .length = 5s}}};
  QuotaBook book("boot");
  EXPECT_EQ(take_permits(book, limits, 5, book_at(0s)).permits, 5);
  EXPECT_EQ(take_permits(book, limits, 100, book_at(8h)).permits, 5);
  EXPECT_EQ(take_permits(book, limits, 100, book_at(8h)).permits, 0);
}

TEST(QuotaBookTest, UnusedPermitsComeBackOnceAndOnlyInTime) {
  const AccountLimits limits{.rolling = {{.count = 5, .length = 1min}}, .days = {{.count = 8}}};
  QuotaBook book("boot");
  const Lease lease = take_permits(book, limits, 5, book_at(0s));
  EXPECT_EQ(book.give_back(lease.id, 3, book_at(200ms)), 3);
  EXPECT_EQ(book.give_back(lease.id, 3, book_at(300ms)), 2);
  EXPECT_EQ(book.give_back(lease.id, 3, book_at(300ms)), 0);
  EXPECT_EQ(book.give_back(999, 3, book_at(300ms)), 0);
  EXPECT_EQ(book.use(limits, book_at(1s)).allowances[1].used, 0);
  const Lease late = take_permits(book, limits, 5, book_at(1s));
  EXPECT_EQ(book.give_back(late.id, 5, book_at(1s + QuotaBook::kGiveBackMax)), 0);
  EXPECT_EQ(book.use(limits, book_at(20s)).allowances[0].used, 5);
}

TEST(QuotaBookTest, PermitsThatComeBackAfterMidnightDoNotCountForTheNewDay) {
  const AccountLimits limits{.days = {{.count = 5}}};
  QuotaBook book("boot");
  const Lease lease = take_permits(book, limits, 5, book_at(12h - 100ms));
  EXPECT_EQ(take_permits(book, limits, 5, book_at(12h)).permits, 5);
  book.give_back(lease.id, 5, book_at(12h + 100ms));
  EXPECT_EQ(take_permits(book, limits, 1, book_at(12h + 1s)).permits, 0);
}

TEST(QuotaBookTest, F6EqualReadingsOfTheClockAreNoTrouble) {
  const AccountLimits limits{.rolling = {{.count = 5, .length = 5s}}};
  QuotaBook book("boot");
  for (int i = 0; i < 5; ++i) EXPECT_EQ(take_permits(book, limits, 1, book_at(0s)).permits, 1);
  EXPECT_EQ(take_permits(book, limits, 1, book_at(0s)).permits, 0);
  EXPECT_EQ(take_permits(book, limits, 9, book_at(5s)).permits, 5);
}

TEST(QuotaBookTest, I4ALimitThatChangesFindsWhatWasSent) {
  const AccountLimits before{.rolling = {{.count = 10, .length = 1s}}};
  const AccountLimits longer{.rolling = {{.count = 12, .length = 10min}}};
  const AccountLimits daily{.days = {{.count = 13, .zone = zone_named("Asia/Kolkata")}}};
  QuotaBook book("boot");
  EXPECT_EQ(take_permits(book, before, 10, book_at(0s)).permits, 10);
  EXPECT_EQ(take_permits(book, longer, 10, book_at(3min)).permits, 2);
  EXPECT_EQ(take_permits(book, daily, 10, book_at(30min)).permits, 1);
  EXPECT_EQ(take_permits(book, before, 20, book_at(31min)).permits,
            10);  // none is doubled by changing back
  EXPECT_EQ(take_permits(book, longer, 20, book_at(39min)).permits, 1);
}

TEST(QuotaBookTest, ManyLeasesStayFewAndExact) {
  const AccountLimits limits{.rolling = {{.count = 20'000, .length = 1s}}};
  QuotaBook book("boot");
  std::int64_t got = 0;
  for (int ms = 0; ms < 60'000; ++ms)
    got += take_permits(book, limits, 20, book_at(ms * 1ms)).permits;
  EXPECT_GE(got, 20'000 * 60 * 99 / 100);
  EXPECT_LE(got, 20'000 * 60);
  EXPECT_LT(book.write().size(), 24'000u);
}

TEST(QuotaBookTest, APauseIsNeverShortenedAndEndsByElapsedTime) {
  const AccountLimits limits{.rolling = {{.count = 5, .length = 1s}}};
  QuotaBook book("boot");
  const auto closing = [](Duration until) {
    return LeaseRefusal{
        .code = ErrorCode::banned, .rule = "418 of\nthe provider", .until = Monotonic{until}};
  };
  book.close_until(closing(1min), book_at(0s));
  book.close_until(closing(10s), book_at(1s));
  const Lease refused =
      take_permits(book, limits, 1, book_at(30s, kNoon + 5h));  // the calendar stepped
  ASSERT_TRUE(refused.refusal);
  EXPECT_EQ(refused.refusal->code, ErrorCode::banned);
  EXPECT_EQ(refused.refusal->rule, "418 of the provider");
  EXPECT_EQ(refused.refusal->until, Monotonic{1min});
  EXPECT_TRUE(book.use(limits, book_at(30s)).closed);
  EXPECT_EQ(take_permits(book, limits, 1, book_at(1min)).permits, 1);
  EXPECT_FALSE(book.use(limits, book_at(1min)).closed);
}

// B6
TEST(QuotaBookTest, B6TheProvidersCountLowersAndNeverRaises) {
  const AccountLimits limits{.rolling = {{.count = 10, .length = 1min}}};
  QuotaBook book("boot");
  book.correct(limits, {.limit = 100, .remaining = 90, .reset = 30s}, book_at(0s));
  EXPECT_EQ(take_permits(book, limits, 50, book_at(0s)).permits, 10);
  QuotaBook other("boot");
  other.correct(limits, {.limit = 10, .remaining = 3, .reset = 30s}, book_at(0s));
  other.correct(limits, {.limit = 10, .remaining = 9, .reset = 30s},
                book_at(1s));  // an answer overtaken
  EXPECT_EQ(take_permits(other, limits, 50, book_at(2s)).permits, 3);
  const Lease refused = take_permits(other, limits, 1, book_at(3s));
  EXPECT_EQ(refused.refusal->rule, "10 by the provider's count");
  EXPECT_EQ(refused.refusal->until, Monotonic{30s});
  EXPECT_EQ(take_permits(other, limits, 50, book_at(30s)).permits, 7);
}

TEST(QuotaBookTest, B6ACountOutOfAllMeasureIsIgnored) {
  const AccountLimits limits{.rolling = {{.count = 10, .length = 1min}}, .days = {{.count = 100}}};
  const std::vector<ProviderCount> wrong = {{.limit = 0, .remaining = 0, .reset = 30s},
                                            {.limit = 10, .remaining = -1, .reset = 30s},
                                            {.limit = 10, .remaining = 11, .reset = 30s},
                                            {.limit = 10, .remaining = 0, .reset = -30s},
                                            {.limit = 10, .remaining = 0, .reset = 0s},
                                            {.limit = 10, .remaining = 0, .reset = 475'000h},
                                            {.limit = -10, .remaining = -10, .reset = 30s},
                                            {.limit = 10, .remaining = 0, .reset = 26h}};
  for (const ProviderCount& count : wrong) {
    QuotaBook book("boot");
    book.correct(limits, count, book_at(0s));
    EXPECT_EQ(take_permits(book, limits, 50, book_at(0s)).permits, 10);
  }
}

TEST(QuotaBookTest, CallsOfOthersAreToldForADay) {
  const AccountLimits limits{.rolling = {{.count = 10, .length = 1min}}, .days = {{.count = 100}}};
  QuotaBook book("boot");
  take_permits(book, limits, 10, book_at(0s));
  book.correct(limits, {.limit = 100, .remaining = 60, .reset = 11h}, book_at(1s));
  EXPECT_EQ(book.use(limits, book_at(2s)).foreign_use, 30);
  EXPECT_EQ(book.use(limits, book_at(13h)).foreign_use, 0);
}

// H9 and a restart of the machine: elapsed time means nothing any more.
TEST(QuotaBookTest, H9AfterAnotherBootAllCountsAsIssuedNow) {
  const AccountLimits limits{.rolling = {{.count = 5, .length = 1min}}, .days = {{.count = 8}}};
  QuotaBook book("boot");
  take_permits(book, limits, 5, book_at(10h));
  book.close_until({.code = ErrorCode::banned, .rule = "ban", .until = Monotonic{10h + 30s}},
                   book_at(10h));
  QuotaBook next = reread(book, book_at(5s, kNoon + 10h + 20s), "another boot");
  const Lease closed = take_permits(next, limits, 1, book_at(6s, kNoon + 10h + 20s));
  EXPECT_EQ(closed.refusal->until, Monotonic{65s});
  EXPECT_EQ(take_permits(next, limits, 9, book_at(65s, kNoon + 10h + 20s)).permits,
            3);  // the day knows its five
}

TEST(QuotaBookTest, ElapsedTimeThatWentBackIsLikeAnotherBoot) {
  const AccountLimits limits{.rolling = {{.count = 5, .length = 1min}}};
  QuotaBook book("boot");
  take_permits(book, limits, 5, book_at(10h));
  EXPECT_EQ(take_permits(book, limits, 5, book_at(10h - 5s)).refusal->until,
            Monotonic{10h + 1min});  // a race
  EXPECT_EQ(take_permits(book, limits, 5, book_at(1h)).refusal->until, Monotonic{1h + 1min});
  EXPECT_EQ(take_permits(book, limits, 5, book_at(1h + 1min)).permits, 5);
}

TEST(QuotaBookTest, AStateGoesThroughItsTextUnchanged) {
  const AccountLimits limits{.rolling = {{.count = 50, .length = 1min}},
                             .days = {{.count = 80, .zone = zone_named("America/New_York")}},
                             .concurrent = 3};
  QuotaBook book("boot with words");
  const LedgerHolder who{.id = "12:34:boot", .is_alive = {}};
  for (int i = 0; i < 20; ++i) {
    book.lease(limits, {.permits = 1, .places_held = 1, .places_wanted = 2}, who, book_at(i * 1s));
  }
  book.correct(limits, {.limit = 100, .remaining = 60, .reset = 11h}, book_at(30s));
  book.close_until({.code = ErrorCode::rate_limited, .rule = "a b c", .until = Monotonic{1h}},
                   book_at(40s));
  const QuotaBook copy = reread(book, book_at(41s), "boot with words");
  EXPECT_EQ(copy.write(), book.write());
  EXPECT_FALSE(reread(book, book_at(41s), "boot with words").take_changed());
}

TEST(QuotaBookTest, DamageIsSeenWhereverItIs) {
  const AccountLimits limits{.rolling = {{.count = 50, .length = 1min}}, .days = {{.count = 80}}};
  QuotaBook book("boot");
  for (int i = 0; i < 5; ++i) take_permits(book, limits, 3, book_at(i * 1s));
  const std::string text = book.write();
  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_FALSE(QuotaBook::read(text.substr(0, size), "boot", book_at(0s))) << size;
  }
  for (std::size_t byte = 0; byte < text.size(); ++byte) {
    std::string bad = text;
    bad[byte] = static_cast<char>(bad[byte] ^ 4);
    EXPECT_FALSE(QuotaBook::read(bad, "boot", book_at(0s))) << byte;
  }
}

TEST(QuotaBookTest, AfterDamageEverythingCountsAsUsed) {
  const AccountLimits limits{
      .rolling = {{.count = 5, .length = 1min}},
      .days = {{.count = 8}, {.count = 90, .zone = zone_named("Asia/Tokyo")}}};
  QuotaBook book = QuotaBook::all_used("boot", book_at(0s), kNoon);
  const Lease day = take_permits(book, limits, 1, book_at(1s));
  EXPECT_EQ(day.refusal->rule, "8/day@" + std::string(TimeZone::utc().name()));
  EXPECT_EQ(day.refusal->until_calendar, *parse_time("2024-03-09T00:00:00Z"));
  book = reread(book, book_at(2s));
  EXPECT_EQ(take_permits(book, limits, 1, book_at(12h)).permits, 1);
  const AccountLimits minute{.rolling = limits.rolling};
  QuotaBook fast = QuotaBook::all_used("boot", book_at(0s), kNoon);
  EXPECT_EQ(take_permits(fast, minute, 1, book_at(1s)).refusal->until, Monotonic{1min});
  EXPECT_EQ(take_permits(fast, minute, 9, book_at(1min)).permits, 5);
}

TEST(QuotaBookTest, ARefusalChangesNothing) {
  const AccountLimits limits{.rolling = {{.count = 1, .length = 1min}}};
  QuotaBook book("boot");
  take_permits(book, limits, 1, book_at(0s));
  EXPECT_TRUE(book.take_changed());
  take_permits(book, limits, 1, book_at(1s));
  EXPECT_FALSE(book.take_changed());
}

}  // namespace
}  // namespace vortex
