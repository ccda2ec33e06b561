#include "vortex/store/account_db.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vortex/store/lock_file.hpp"

namespace vortex {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only

const TimePoint kMorning = *parse_time("2024-03-08T08:00:00Z");

class AccountDirectory {
 public:
  AccountDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "vortex-quota-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  AccountDirectory(const AccountDirectory&) = delete;
  AccountDirectory& operator=(const AccountDirectory&) = delete;
  ~AccountDirectory() { std::filesystem::remove_all(path_); }
  std::string path(const std::string& name = "state") const { return path_ + "/" + name; }

 private:
  std::string path_;
};

AccountDb::Options in_haste() {
  return {.wait_max = 2ms};
}

// Writes a text, with a row for the log where an id is given.
AccountDb::Step writes(const std::string& text, std::uint64_t lease = 0, TimePoint at = kMorning) {
  return [=](const AccountDb::Stored&) -> Result<AccountDb::Change> {
    AccountDb::Change change{.text = text};
    if (lease > 0) change.lease = {.id = lease, .calendar = at, .permits = 5, .holder = "me"};
    return change;
  };
}

struct Seen {
  std::string text;
  std::int64_t version = -1;
  std::optional<TimePoint> damaged_at;
};

Seen look(AccountDb& db, const std::string& account) {
  Seen seen;
  const auto done = db.transact(account, false, kMorning, [&](const AccountDb::Stored& stored) {
    seen = {.text = std::string(stored.text),
            .version = stored.version,
            .damaged_at = stored.damaged_at};
    return Result<AccountDb::Change>(AccountDb::Change());
  });
  EXPECT_TRUE(done) << done.error().message;
  return seen;
}

std::int64_t ask_whole(const std::string& path, const char* sql) {
  sqlite3* db = nullptr;
  sqlite3_open(path.c_str(), &db);
  sqlite3_stmt* statement = nullptr;
  sqlite3_prepare_v2(db, sql, -1, &statement, nullptr);
  sqlite3_step(statement);
  const std::int64_t value = sqlite3_column_int64(statement, 0);
  sqlite3_finalize(statement);
  sqlite3_close(db);
  return value;
}

void overwrite(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

TEST(AccountDbTest, AStateIsThereForTheNextProcess) {
  const AccountDirectory temp;
  {
    AccountDb db = *AccountDb::open(temp.path(), kMorning, {});
    EXPECT_EQ(look(db, "a").version, 0);
    EXPECT_TRUE(db.transact("a", true, kMorning, writes("one")));
  }
  AccountDb one = *AccountDb::open(temp.path(), kMorning, {});
  AccountDb two = *AccountDb::open(temp.path(), kMorning, {});
  EXPECT_EQ(look(one, "a").text, "one");
  EXPECT_TRUE(two.transact("a", false, kMorning, writes("two")));
  EXPECT_TRUE(two.transact("b", false, kMorning, writes("other")));
  EXPECT_EQ(look(one, "a").text, "two");
  EXPECT_EQ(look(one, "b").text, "other");
  EXPECT_EQ(look(one, "a").version, look(two, "a").version);
}

TEST(AccountDbTest, AStepThatFailsChangesNothing) {
  const AccountDirectory temp;
  AccountDb db = *AccountDb::open(temp.path(), kMorning, {});
  EXPECT_TRUE(db.transact("a", false, kMorning, writes("one")));
  const auto refused = db.transact("a", false, kMorning, [](const AccountDb::Stored&) {
    return Result<AccountDb::Change>(fail(ErrorCode::internal, "no"));
  });
  EXPECT_EQ(refused.error().code, ErrorCode::internal);
  EXPECT_EQ(look(db, "a").text, "one");
}

TEST(AccountDbTest, ItsFilesAreForNobodyElse) {
  const AccountDirectory temp;
  AccountDb db = *AccountDb::open(temp.path("deep/er"), kMorning, {});
  EXPECT_TRUE(db.transact("a", false, kMorning, writes("one")));
  for (const char* name : {"/quota.db", "/quota.db-wal", "/quota.db-shm", "/quota.db.lock"}) {
    struct ::stat status{};
    ASSERT_EQ(::stat((temp.path("deep/er") + name).c_str(), &status), 0) << name;
    EXPECT_EQ(status.st_mode & 0777, 0600u) << name;
  }
}

TEST(AccountDbTest, ALinkOrAForeignFileIsRefused) {
  const AccountDirectory temp;
  std::filesystem::create_directory(temp.path());
  std::filesystem::create_symlink(temp.path("elsewhere"), temp.path() + "/quota.db");
  EXPECT_EQ(AccountDb::open(temp.path(), kMorning, {}).error().code, ErrorCode::unsafe_path);
  EXPECT_FALSE(std::filesystem::exists(temp.path("elsewhere")));
  std::filesystem::remove(temp.path() + "/quota.db");
  std::filesystem::remove(temp.path() + "/quota.db.lock");
  std::filesystem::create_symlink(temp.path("elsewhere"), temp.path() + "/quota.db.lock");
  EXPECT_EQ(AccountDb::open(temp.path(), kMorning, {}).error().code, ErrorCode::unsafe_path);
  std::filesystem::remove(temp.path() + "/quota.db.lock");
  if (::geteuid() != 0) GTEST_SKIP() << "only root can make a file of somebody else";
  overwrite(temp.path() + "/quota.db", "");
  ASSERT_EQ(::chown((temp.path() + "/quota.db").c_str(), 12'345, 12'345), 0);
  EXPECT_EQ(AccountDb::open(temp.path(), kMorning, {}).error().code, ErrorCode::unsafe_path);
  ASSERT_EQ(::chown(temp.path().c_str(), 12'345, 12'345), 0);
  EXPECT_EQ(AccountDb::open(temp.path(), kMorning, {}).error().code, ErrorCode::unsafe_path);
}

TEST(AccountDbTest, ADamagedFileGoesAsideAndTheNewOneRemembersWhen) {
  const std::string garbage(20'000, 'x');
  for (const std::string& content : {garbage, std::string("SQLite format 3"), std::string()}) {
    const AccountDirectory temp;
    const std::string path = temp.path() + "/quota.db";
    EXPECT_TRUE(AccountDb::open(temp.path(), kMorning, {}));
    overwrite(path, content);
    AccountDb db = *AccountDb::open(temp.path(), kMorning + 1h, {});
    EXPECT_NE(db.take_note().find("quota.db.damaged-"), std::string::npos);
    EXPECT_EQ(db.take_note(), "");
    EXPECT_EQ(look(db, "a").damaged_at, kMorning + 1h);
    AccountDb other = *AccountDb::open(temp.path(), kMorning + 2h, {});
    EXPECT_EQ(look(other, "a").damaged_at, kMorning + 1h);
    EXPECT_EQ(other.take_note(), "");
  }
}

TEST(AccountDbTest, AFileThatVanishesUnderItIsDamage) {
  const AccountDirectory temp;
  AccountDb one = *AccountDb::open(temp.path(), kMorning, {});
  AccountDb two = *AccountDb::open(temp.path(), kMorning, {});
  EXPECT_TRUE(one.transact("a", false, kMorning, writes("one")));
  for (const char* name : {"/quota.db", "/quota.db-wal", "/quota.db-shm"}) {
    std::filesystem::remove(temp.path() + name);
  }
  EXPECT_EQ(look(one, "a").damaged_at, kMorning);
  EXPECT_EQ(look(two, "a").damaged_at, kMorning);
  EXPECT_TRUE(two.transact("a", false, kMorning, writes("two")));
  EXPECT_EQ(look(one, "a").text, "two");
}

TEST(AccountDbTest, K1ALockedFileIsAnErrorInTime) {
  const AccountDirectory temp;
  AccountDb db = *AccountDb::open(temp.path(), kMorning, in_haste());
  {
    LockFile lock = *LockFile::open(temp.path() + "/quota.db.lock", 1s);
    const auto hold = lock.hold_alone();
    EXPECT_EQ(db.transact("a", false, kMorning, writes("one")).error().code, ErrorCode::storage);
  }
  sqlite3* other = nullptr;
  sqlite3_open((temp.path() + "/quota.db").c_str(), &other);
  sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr);
  EXPECT_EQ(db.transact("a", false, kMorning, writes("one")).error().code, ErrorCode::storage);
  sqlite3_exec(other, "COMMIT", nullptr, nullptr, nullptr);
  EXPECT_TRUE(db.transact("a", false, kMorning, writes("one")));
  sqlite3_close(other);
}

TEST(AccountDbTest, K1AFullDiskIsAnErrorAndTheLastStateStays) {
  const AccountDirectory temp;
  AccountDb db = *AccountDb::open(temp.path(), kMorning, {.pages_max = 20});
  EXPECT_TRUE(db.transact("a", true, kMorning, writes("small")));
  const std::string much(200'000, 'y');
  EXPECT_EQ(db.transact("a", true, kMorning, writes(much)).error().code, ErrorCode::disk_full);
  EXPECT_EQ(look(db, "a").text, "small");
  EXPECT_TRUE(db.transact("a", true, kMorning, writes("again")));
}

TEST(AccountDbTest, TheLogIsKeptForItsTimeAndBounded) {
  const AccountDirectory temp;
  AccountDb db = *AccountDb::open(temp.path(), kMorning, {.log_rows_max = 700});
  for (std::uint64_t id = 1; id <= 2048; ++id) {
    const TimePoint at = kMorning + id * 1min;
    EXPECT_TRUE(db.transact("a", false, at, writes("x", id, at)));
  }
  const std::string path = temp.path() + "/quota.db";
  EXPECT_EQ(ask_whole(path, "SELECT count(*) FROM leases"), 700);
  EXPECT_EQ(ask_whole(path, "SELECT max(id) FROM leases"), 2048);
  for (std::uint64_t id = 2049; id <= 2560; ++id) {
    const TimePoint at = kMorning + 10 * 24h + id * 1min;
    EXPECT_TRUE(db.transact("a", false, at, writes("x", id, at)));
  }
  EXPECT_EQ(ask_whole(path, "SELECT count(*) FROM leases"), 512);
  EXPECT_TRUE(db.transact("a", false, kMorning, [](const AccountDb::Stored&) {
    return Result<AccountDb::Change>(
        AccountDb::Change{.text = "y", .returned = AccountDb::ReturnRow{.id = 2560, .permits = 3}});
  }));
  EXPECT_EQ(ask_whole(path, "SELECT returned FROM leases WHERE id = 2560"), 3);
}

// Each process leases so seldom that none of them sees many leases.
TEST(AccountDbTest, TheLogIsClearedHoweverShortProcessesLive) {
  const AccountDirectory temp;
  const std::uint64_t lives = 16;
  const std::uint64_t leases = 64;  // of one life
  for (std::uint64_t life = 0; life < lives; ++life) {
    AccountDb db = *AccountDb::open(temp.path(), kMorning, {});
    for (std::uint64_t id = life * leases + 1; id <= (life + 1) * leases; ++id) {
      const TimePoint at = kMorning + id * 1h;
      EXPECT_TRUE(db.transact("a", false, at, writes("x", id, at)));
    }
  }
  EXPECT_EQ(ask_whole(temp.path() + "/quota.db", "SELECT count(*) FROM leases"), 49);
}

TEST(AccountDbTest, TheLogOfAnAccountNoLongerUsedGoesWithItsTime) {
  const AccountDirectory temp;
  AccountDb db = *AccountDb::open(temp.path(), kMorning, {});
  const auto lease = [&](const std::string& account, std::uint64_t id, TimePoint at) {
    EXPECT_TRUE(db.transact(account, false, at, writes("x", id, at)));
  };
  for (std::uint64_t id = 1; id <= 20; ++id) lease("old", id, kMorning);
  for (std::uint64_t id = 1; id <= 20; ++id) lease("young", id, kMorning + 47h);
  const TimePoint later = kMorning + 49h;
  for (std::uint64_t id = 1; id <= 512; ++id) lease("busy", id, later);
  const std::string path = temp.path() + "/quota.db";
  const char* left =
      "SELECT count(*) FROM leases JOIN accounts a ON a.id = account"
      " WHERE name IN ('old', 'young')";
  EXPECT_EQ(ask_whole(path, left), 20);
  EXPECT_EQ(ask_whole(path, "SELECT count(*) FROM leases"), 532);
}

// A log of leases is for whoever checks; a call that cannot leave is not worth it.
TEST(AccountDbTest, AFullFileMakesRoomInItsLog) {
  const AccountDirectory temp;
  AccountDb db = *AccountDb::open(temp.path(), kMorning, {.pages_max = 24});
  const std::uint64_t leases = 8000;  // several times what fits
  for (std::uint64_t id = 1; id <= leases; ++id) {
    // Of many accounts, none of which leases often enough to clear the log by itself.
    const std::string account = "a" + std::to_string(id % 20);
    const auto done = db.transact(account, false, kMorning, writes("x", id / 20 + 1, kMorning));
    ASSERT_TRUE(done) << id << ": " << done.error().message;
  }
  EXPECT_NE(db.take_note().find("quota.db is full"), std::string::npos);
}

// SQLite would play the log of the file that was removed into the new one.
TEST(AccountDbTest, ALogWithoutItsFileIsNotTakenForTheNewOnes) {
  const AccountDirectory temp;
  const std::string path = temp.path() + "/quota.db";
  {
    AccountDb db = *AccountDb::open(temp.path(), kMorning, {});
    EXPECT_TRUE(db.transact("a", true, kMorning, writes("old")));
    // As kill -9 leaves them: the last one to close would have cleared them away.
    for (const char* end : {"-wal", "-shm"}) {
      std::filesystem::copy_file(path + end, temp.path("kept") + end);
    }
  }
  for (const char* end : {"-wal", "-shm"}) {
    std::filesystem::rename(temp.path("kept") + end, path + end);
  }
  std::filesystem::remove(path);
  AccountDb db = *AccountDb::open(temp.path(), kMorning + 1h, {});
  EXPECT_EQ(look(db, "a").version, 0);
  EXPECT_EQ(look(db, "a").damaged_at, std::nullopt);
  EXPECT_TRUE(db.transact("a", true, kMorning + 1h, writes("new")));
  EXPECT_NE(db.take_note().find("-wal"), std::string::npos);
  AccountDb other = *AccountDb::open(temp.path(), kMorning + 2h, {});
  EXPECT_EQ(look(other, "a").text, "new");
}

// Killed between the two: the damaged file is aside, and the new one is not there yet.
TEST(AccountDbTest, DamageIsRememberedThoughTheReplacementWasCutShort) {
  const AccountDirectory temp;
  const std::string path = temp.path() + "/quota.db";
  EXPECT_TRUE(AccountDb::open(temp.path(), kMorning, {}));
  for (const TimePoint at : {kMorning - 1h, kMorning + 1h}) {
    std::filesystem::copy_file(path,
                               path + ".damaged-" + std::to_string(at.time_since_epoch().count()));
  }
  overwrite(path + ".damaged-99999999999999999-wal", "");
  std::filesystem::remove(path);
  AccountDb db = *AccountDb::open(temp.path(), kMorning + 2h, {});
  EXPECT_EQ(look(db, "a").damaged_at, kMorning + 1h);
}

TEST(AccountDbTest, AnOddDirectoryIsAnErrorOfTheDiskAndSaysWhatToSet) {
  const AccountDirectory temp;
  std::filesystem::create_symlink(temp.path("nowhere"), temp.path("dangling"));
  overwrite(temp.path("file"), "");
  std::filesystem::create_directories(temp.path("taken") + "/quota.db.lock");
  for (const char* name : {"dangling", "dangling/state", "file/state", "taken"}) {
    const auto refused = AccountDb::open(temp.path(name), kMorning, {});
    ASSERT_FALSE(refused) << name;
    EXPECT_EQ(refused.error().code, ErrorCode::storage) << name;
    EXPECT_EQ(refused.error().hint,
              "set state_dir to a directory of yours, or mend its permissions")
        << name;
  }
}

// The directory goes away while the file is in use.
TEST(AccountDbTest, ADirectoryThatVanishesIsAnErrorOfTheDisk) {
  const AccountDirectory temp;
  AccountDb db = *AccountDb::open(temp.path(), kMorning, {});
  std::filesystem::remove_all(temp.path());
  const auto refused = db.transact("a", false, kMorning, writes("one"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::storage);
  EXPECT_NE(refused.error().hint.find("state_dir"), std::string::npos);
}

}  // namespace
}  // namespace vortex
