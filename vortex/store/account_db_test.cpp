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
AccountDb::Step writes(std::string text, std::uint64_t lease = 0, TimePoint at = kMorning) {
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

}  // namespace
}  // namespace vortex
