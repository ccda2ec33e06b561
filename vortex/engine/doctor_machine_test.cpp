#include "vortex/engine/doctor_machine.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include <gtest/gtest.h>

#include "vortex/base/time_zone.hpp"

namespace vortex {
namespace {

class DoctorTzdataTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "vortex-tzdata-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  TzdataSource source() {
    return {.directory = root_,
            .offset = [this](std::string_view zone, TimePoint at) -> Result<Duration> {
              const auto own = wrong_.find(std::string(zone));
              if (own != wrong_.end()) return own->second;
              VORTEX_TRY(const TimeZone found, TimeZone::find(zone));
              return found.offset_at(at);
            }};
  }
  void write_version(std::string_view text) { std::ofstream(root_ / "tzdata.zi") << text; }

  std::filesystem::path root_;
  ManualClock clock_{*parse_time("2026-01-02")};
  std::map<std::string, Result<Duration>> wrong_;
};

TEST_F(DoctorTzdataTest, ARecentReleaseWithRightZonesIsFine) {
  write_version("# version 2025b\n# and rules\n");
  const CheckRow row = check_tzdata(source(), clock_);
  EXPECT_EQ(row.status, CheckStatus::ok) << row.finding;
  EXPECT_NE(row.finding.find("2025b"), std::string::npos);
}

TEST_F(DoctorTzdataTest, AnOldReleaseIsAWarning) {
  write_version("# version 2023c\n");
  const CheckRow row = check_tzdata(source(), clock_);
  EXPECT_EQ(row.status, CheckStatus::warning);
  EXPECT_NE(row.cure.find("tzdata"), std::string::npos);
}

TEST_F(DoctorTzdataTest, AMissingZoneOrAWrongOneIsAFailure) {
  wrong_.emplace("Asia/Tokyo", fail(ErrorCode::unknown_name, "no zone"));
  CheckRow row = check_tzdata(source(), clock_);
  EXPECT_EQ(row.status, CheckStatus::failed);
  EXPECT_NE(row.finding.find("Asia/Tokyo"), std::string::npos);
  EXPECT_EQ(doctor_exit_code({&row, 1}), 78);
  wrong_.clear();
  wrong_.emplace("Asia/Kolkata", std::chrono::hours(5));
  EXPECT_EQ(check_tzdata(source(), clock_).status, CheckStatus::failed);
}

TEST_F(DoctorTzdataTest, AChangeOfLawItLacksIsAWarningWithoutAnyVersion) {
  wrong_.emplace("America/Mexico_City", std::chrono::hours(-5));
  wrong_.emplace("Asia/Almaty", std::chrono::hours(5));
  wrong_.emplace("America/Asuncion", std::chrono::hours(-3));
  const CheckRow row = check_tzdata(source(), clock_);
  EXPECT_EQ(row.status, CheckStatus::warning);
  EXPECT_NE(row.finding.find("America/Mexico_City in 2022f"), std::string::npos) << row.finding;
}

TEST(DoctorConfigTest, NamesTheFileOrEveryProblemsFirst) {
  const ManualClock clock(*parse_time("2026-01-02"));
  EXPECT_NE(check_config("a/vortex.toml", {}, clock).finding.find("a/vortex.toml"),
            std::string::npos);
  EXPECT_EQ(check_config("", {}, clock).status, CheckStatus::ok);
  const std::vector<Error> problems = {
      {.code = ErrorCode::config_unknown_key, .message = "vortex.toml:2: no key 'x'"},
      {.code = ErrorCode::config, .message = "another"}};
  const CheckRow row = check_config("vortex.toml", problems, clock);
  EXPECT_EQ(row.status, CheckStatus::failed);
  EXPECT_NE(row.finding.find("vortex.toml:2"), std::string::npos);
  EXPECT_NE(row.finding.find("1 more"), std::string::npos);
  EXPECT_EQ(doctor_exit_code({&row, 1}), 78);
}

}  // namespace
}  // namespace vortex
