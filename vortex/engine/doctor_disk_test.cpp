#include "vortex/engine/doctor_disk.hpp"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vortex/store/faulty_file_system.hpp"

namespace vortex {
namespace {

namespace fs = std::filesystem;

const CheckRow* row_named(const std::vector<CheckRow>& rows, std::string_view name) {
  for (const CheckRow& row : rows) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

class DoctorDiskTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "vortex-doctor-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
  }
  void TearDown() override { fs::remove_all(root_); }

  DiskAccess roomy() {
    return {.open = [this](const std::string& root) -> std::unique_ptr<FileSystem> {
              return std::make_unique<FaultyFileSystem>(open_posix_file_system(root), plan_);
            },
            .space = [this](const std::string&) -> Result<DiskSpace> {
              return space_;
            }};
  }
  std::vector<CheckRow> check_store() {
    return check_directory(store_needs(root_ / "data", std::uint64_t{64} << 20), roomy(), clock_);
  }
  std::vector<std::string> left_behind() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::recursive_directory_iterator(root_))
      names.push_back(entry.path().filename());
    return names;
  }
  void write_quota_db(std::string_view bytes, mode_t mode) {
    std::ofstream(root_ / "quota.db") << bytes;
    ::chmod((root_ / "quota.db").c_str(), mode);
  }

  fs::path root_;
  ManualClock clock_{*parse_time("2026-01-02")};
  std::shared_ptr<FaultPlan> plan_ = std::make_shared<FaultPlan>();
  DiskSpace space_{.bytes = std::uint64_t{1} << 40};
};

TEST_F(DoctorDiskTest, AStoreThatIsNotThereYetIsFineAndStaysAbsent) {
  const auto rows = check_store();
  ASSERT_EQ(rows.size(), 3U);
  for (const CheckRow& row : rows) EXPECT_EQ(row.status, CheckStatus::ok) << row.finding;
  EXPECT_NE(rows[0].finding.find("not there yet"), std::string::npos);
  EXPECT_GT(plan_->calls, 0) << "the disk was really written to";
  EXPECT_TRUE(left_behind().empty());
}

TEST_F(DoctorDiskTest, EveryFailingStepOfTheProbeIsAStorageFailure) {
  for (const int number : {EIO, ENOSPC, EROFS}) {
    for (int step = 1; step <= 2; ++step) {
      *plan_ = {.fail_at = step, .error_number = number};
      const auto rows = check_store();
      const CheckRow& row = rows[2];
      EXPECT_EQ(row.status, CheckStatus::failed) << number << " at " << step;
      EXPECT_FALSE(row.cure.empty());
      EXPECT_EQ(row.code, number == ENOSPC ? ErrorCode::disk_full : ErrorCode::storage);
      EXPECT_EQ(doctor_exit_code(rows), 7);
    }
  }
}

TEST_F(DoctorDiskTest, LittleRoomIsAWarningAndTooLittleAFailure) {
  space_.bytes = std::uint64_t{200} << 20;
  EXPECT_EQ(row_named(check_store(), "store.space")->status, CheckStatus::warning);
  space_.bytes = std::uint64_t{8} << 20;
  const auto rows = check_store();
  EXPECT_EQ(row_named(rows, "store.space")->code, ErrorCode::disk_full);
  EXPECT_EQ(doctor_exit_code(rows), 7);
  space_ = {.bytes = std::uint64_t{1} << 40, .has_file_entries = false};
  EXPECT_EQ(row_named(check_store(), "store.space")->status, CheckStatus::failed);
}

TEST_F(DoctorDiskTest, APathThatIsAFileIsNamedAndTheRestSkipped) {
  std::ofstream(root_ / "data") << "x";
  const auto rows = check_store();
  EXPECT_EQ(rows[0].status, CheckStatus::failed);
  EXPECT_EQ(rows[1].status, CheckStatus::skipped);
  EXPECT_EQ(rows[2].status, CheckStatus::skipped);
  const auto below = check_directory(store_needs(root_ / "data" / "deeper", 1), roomy(), clock_);
  EXPECT_EQ(below[0].status, CheckStatus::failed) << below[0].finding;
}

TEST_F(DoctorDiskTest, AStateDirOthersCanWriteToIsAWarning) {
  ::chmod(root_.c_str(), 0777);
  const auto open = check_directory(state_needs(root_), roomy(), clock_);
  EXPECT_EQ(open[0].status, CheckStatus::warning);
  EXPECT_NE(open[0].cure.find("chmod go-w"), std::string::npos);
  ::chmod(root_.c_str(), 0700);
  EXPECT_EQ(check_directory(state_needs(root_), roomy(), clock_)[0].status, CheckStatus::ok);
}

TEST_F(DoctorDiskTest, TheQuotaLedgerMayBeAbsentButNotDamaged) {
  const auto check = [&] {
    return check_quota_db(root_, system_disk(), clock_);
  };
  EXPECT_EQ(check().status, CheckStatus::ok);
  write_quota_db("", 0600);
  EXPECT_EQ(check().status, CheckStatus::ok) << "made, and nothing written yet";
  write_quota_db(std::string_view("SQLite format 3\0more", 20), 0600);
  EXPECT_EQ(check().status, CheckStatus::ok);
  write_quota_db("SQLite form", 0600);
  EXPECT_EQ(check().code, ErrorCode::corrupt);
  write_quota_db(std::string_view("SQLite format 3\0more", 20), 0644);
  EXPECT_EQ(check().status, CheckStatus::warning);
  fs::remove(root_ / "quota.db");
  fs::create_directory(root_ / "quota.db");
  EXPECT_EQ(check().status, CheckStatus::failed);
}

TEST_F(DoctorDiskTest, TheMachinesOwnDiskPasses) {
  auto needs = state_needs(root_);
  needs.free_min = needs.free_comfort = 0;
  for (const CheckRow& row : check_directory(needs, system_disk(), clock_))
    EXPECT_EQ(row.status, CheckStatus::ok) << row.name << ": " << row.finding;
  EXPECT_TRUE(left_behind().empty());
}

}  // namespace
}  // namespace vortex
