#include "vortex/store/task_log.hpp"

#include <atomic>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "vortex/store/store_test_support.hpp"

namespace {

std::atomic<bool> g_fsync_fails{false};

}  // namespace

// SQLite reaches the C library by this name; the program's own definition comes first.
extern "C" [[gnu::visibility("default")]] int fdatasync(int fildes) {
  if (g_fsync_fails) {
    errno = EIO;
    return -1;
  }
  return static_cast<int>(::syscall(SYS_fdatasync, fildes));
}

namespace vortex {
namespace {

using store_test::TempDirectory;

TaskRow task_row(const std::string& payload) {
  return {.kind = "sync",
          .payload = payload,
          .priority = "update",
          .bytes = 12,
          .deadline = store_test::day(9),
          .state = "waiting",
          .submitted = store_test::day(1)};
}

// Counts SQLite's writes, and fails those from `first` on with ENOSPC (0: none).
class FullDisk {
 public:
  FullDisk() : vfs_(sqlite3_vfs_find(nullptr)) {
    s_writes = 0;
    s_first_failing = 0;
    for (const char* name : {"pwrite64", "pwrite"}) {
      vfs_->xSetSystemCall(vfs_, name, reinterpret_cast<sqlite3_syscall_ptr>(&FullDisk::write));
    }
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;
  ~FullDisk() { vfs_->xSetSystemCall(vfs_, nullptr, nullptr); }

  static void fail_from(int first) {
    s_writes = 0;
    s_first_failing = first;
  }
  static int writes() { return s_writes; }

 private:
  static ssize_t write(int file, const void* data, std::size_t size, off_t offset) {
    ++s_writes;
    if (s_first_failing > 0 && s_writes >= s_first_failing) {
      errno = ENOSPC;
      return -1;
    }
    return ::pwrite(file, data, size, offset);
  }

  inline static int s_writes = 0;
  inline static int s_first_failing = 0;
  sqlite3_vfs* vfs_;
};

std::vector<std::string> payloads(TaskLog& log) {
  std::vector<std::string> out;
  const auto rows = log.all();
  EXPECT_TRUE(rows.has_value());
  if (!rows) return out;
  for (const TaskRow& row : *rows) out.push_back(row.payload);
  return out;
}

TEST(TaskLogTest, RowsComeBackAsTheyWereWritten) {
  const TempDirectory directory;
  TaskRow row = task_row(std::string("a\0b", 3));
  {
    auto log = TaskLog::open(directory.path());
    ASSERT_TRUE(log.has_value()) << log.error().message;
    row.id = *log->add(row);
    row.state = "failed";
    row.started = store_test::day(2);
    row.ended = store_test::day(3);
    row.attempts = 4;
    row.interruptions = 2;
    row.result = "{}";
    row.error_code = 7002;
    row.error = "no room";
    row.note = "said";
    ASSERT_TRUE(log->update(std::span(&row, 1)).has_value());
  }
  auto again = TaskLog::open(directory.path());
  ASSERT_TRUE(again.has_value()) << again.error().message;
  const auto rows = again->all();
  ASSERT_EQ(rows->size(), 1u);
  EXPECT_EQ(rows->front(), row);
  EXPECT_EQ(again->note(), "");
}

TEST(TaskLogTest, AnIdIsNeverGivenTwice) {
  const TempDirectory directory;
  {
    auto log = TaskLog::open(directory.path());
    ASSERT_EQ(*log->last_id(), 0);
    ASSERT_EQ(*log->add(task_row("1")), 1);
    ASSERT_EQ(*log->add(task_row("2")), 2);
    const std::vector<std::int64_t> forgotten = {1, 2};
    ASSERT_TRUE(log->update({}, forgotten).has_value());
  }
  auto log = TaskLog::open(directory.path());
  EXPECT_TRUE(log->all()->empty());
  EXPECT_EQ(*log->last_id(), 2);
  EXPECT_EQ(*log->add(task_row("3")), 3);
}

TEST(TaskLogTest, ARowThatIsGoneIsPassedOver) {
  auto log = TaskLog::open_in_memory();
  TaskRow row = task_row("x");
  row.id = 77;
  EXPECT_TRUE(log->update(std::span(&row, 1)).has_value());
  EXPECT_TRUE(log->all()->empty());
}

TEST(TaskLogTest, OnlyItsOwnerMayReadTheFile) {
  const TempDirectory directory;
  auto log = TaskLog::open(directory.path());
  ASSERT_TRUE(log->add(task_row("1")).has_value());
  for (const auto& entry : std::filesystem::directory_iterator(directory.path())) {
    struct stat status{};
    ASSERT_EQ(::stat(entry.path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u) << entry.path();
  }
}

TEST(TaskLogFaultsTest, G9ASecondProcessIsRefused) {
  const TempDirectory directory;
  auto first = TaskLog::open(directory.path());
  ASSERT_TRUE(first.has_value());
  const auto second = TaskLog::open(directory.path());
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, ErrorCode::storage);
  EXPECT_TRUE(second.error().message.contains("another process"));
  {
    const TaskLog gone = std::move(*first);
  }
  EXPECT_TRUE(TaskLog::open(directory.path()).has_value());
}

TEST(TaskLogFaultsTest, G7ADamagedFileIsSetAsideAndTheLossIsSaid) {
  const TempDirectory directory;
  const std::string file = directory.path() + "/" + TaskLog::kFileName;
  {
    ASSERT_TRUE(TaskLog::open(directory.path())->add(task_row("1")).has_value());
  }
  {
    std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
    bytes.write("this is no database", 19);
  }
  auto log = TaskLog::open(directory.path());
  ASSERT_TRUE(log.has_value()) << log.error().message;
  EXPECT_TRUE(log->note().contains("lost")) << log->note();
  EXPECT_TRUE(std::filesystem::exists(file + ".damaged"));
  EXPECT_TRUE(log->all()->empty());
  EXPECT_TRUE(log->add(task_row("2")).has_value());
}

TEST(TaskLogFaultsTest, ANewerLayoutIsRefusedAndLeftAlone) {
  const TempDirectory directory;
  const std::string file = directory.path() + "/" + TaskLog::kFileName;
  {
    ASSERT_TRUE(TaskLog::open(directory.path())->add(task_row("1")).has_value());
  }
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(file.c_str(), &db), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(db, "PRAGMA user_version = 9", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(db);
  const auto log = TaskLog::open(directory.path());
  ASSERT_FALSE(log.has_value());
  EXPECT_EQ(log.error().code, ErrorCode::newer_protocol);
  EXPECT_FALSE(std::filesystem::exists(file + ".damaged"));
}

TEST(TaskLogFaultsTest, P8TheFileIsBounded) {
  const TempDirectory directory;
  auto log = TaskLog::open(directory.path(), {.file_bytes_max = 64 << 10});
  const std::string payload(8 << 10, 'x');
  Result<std::int64_t> added = 0;
  std::size_t accepted = 0;
  for (int i = 0; i < 32 && added; ++i) {
    added = log->add(task_row(payload));
    accepted += added ? 1 : 0;
  }
  ASSERT_FALSE(added.has_value());
  EXPECT_EQ(added.error().code, ErrorCode::disk_full);
  EXPECT_EQ(payloads(*log).size(), accepted);
  const std::vector<std::int64_t> forgotten = {1, 2};
  ASSERT_TRUE(log->update({}, forgotten).has_value());
  EXPECT_TRUE(log->add(task_row(payload)).has_value()) << "room that came free was not used";
}

// The disk fills at the n-th write, for every n: what was accepted is there, what was refused is
// not, and when there is room again it goes on.
TEST(TaskLogFaultsTest, G1AFullDiskAtEveryWriteLosesNothingAccepted) {
  bool untouched = false;
  for (int n = 1; !untouched; ++n) {
    ASSERT_LT(n, 200);
    const TempDirectory directory;
    const FullDisk disk;
    std::vector<std::string> accepted;
    const auto add = [&](TaskLog& log, const std::string& payload) {
      const auto added = log.add(task_row(payload));
      if (added) accepted.push_back(payload);
      if (!added) EXPECT_EQ(added.error().error_class(), ErrorClass::storage);
    };
    {
      auto log = TaskLog::open(directory.path());
      ASSERT_TRUE(log.has_value());
      FullDisk::fail_from(n);
      for (int i = 0; i < 4; ++i) add(*log, std::to_string(i) + std::string(5000, '.'));
      untouched = FullDisk::writes() < n;
      EXPECT_EQ(payloads(*log), accepted) << "write " << n;
      FullDisk::fail_from(0);
      add(*log, "after");
      EXPECT_EQ(accepted.back(), "after") << "write " << n;
    }
    auto log = TaskLog::open(directory.path());
    ASSERT_TRUE(log.has_value()) << log.error().message;
    EXPECT_EQ(payloads(*log), accepted) << "write " << n;
  }
}

TEST(TaskLogFaultsTest, G2AfterAFailedFsyncNothingMoreIsWritten) {
  const TempDirectory directory;
  {
    auto log = TaskLog::open(directory.path());
    ASSERT_TRUE(log->add(task_row("before")).has_value());
    g_fsync_fails = true;
    EXPECT_FALSE(log->add(task_row("lost")).has_value());
    g_fsync_fails = false;
    const auto refused = log->add(task_row("trusting"));
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, ErrorCode::storage);
    EXPECT_TRUE(refused.error().message.contains("fsync")) << refused.error().message;
  }
  auto log = TaskLog::open(directory.path());
  EXPECT_EQ(payloads(*log), std::vector<std::string>{"before"});
  EXPECT_TRUE(log->add(task_row("anew")).has_value());
}

}  // namespace
}  // namespace vortex
