#include "vortex/discovery/last_good.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

namespace vortex {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class LastGoodTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "vortex-discovery-XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data());
    path_ = (directory_ / "endpoints.json").string();
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string text() const {
    std::ifstream file(path_);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void put(const std::string& content) const {
    std::ofstream(path_) << content;
    std::filesystem::permissions(
        path_, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  }
  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(directory_),
                                                  std::filesystem::directory_iterator()));
  }

  std::filesystem::path directory_;
  std::string path_;
  const LastGood lists_ = {
      {.service = "yahoo",
       .source = "consul",
       .at = *parse_time("2026-01-02T03:04:05.678901Z"),
       .endpoints = {{"https://a", 3, "consul"}, {"http://10.0.0.1:8080/v1", 1, "consul"}}},
      {.service = "we\"ird\n", .source = "dns", .at = {}, .endpoints = {}}};
};

TEST_F(LastGoodTest, ReadsBackWhatWasWritten) {
  ASSERT_TRUE(write_last_good(path_, lists_));
  const auto read = read_last_good(path_);
  EXPECT_EQ(read.ignored, "");
  EXPECT_EQ(read.lists, lists_);
  ASSERT_TRUE(write_last_good(path_, {}));
  EXPECT_THAT(read_last_good(path_).lists, IsEmpty());
  EXPECT_EQ(files(), 1U);
}

TEST_F(LastGoodTest, AMissingFileIsNoProblem) {
  const auto read = read_last_good(path_);
  EXPECT_EQ(read.ignored, "");
  EXPECT_THAT(read.lists, IsEmpty());
}

TEST_F(LastGoodTest, J8TheFileIsPrivate) {
  const ::mode_t before = ::umask(0);
  ASSERT_TRUE(write_last_good(path_, lists_));
  ::umask(before);
  struct ::stat status{};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  ASSERT_EQ(::chmod(path_.c_str(), 0666), 0);
  const auto read = read_last_good(path_);
  EXPECT_THAT(read.ignored, HasSubstr("can be written by others"));
  EXPECT_THAT(read.lists, IsEmpty());
}

TEST_F(LastGoodTest, J8LinksAreNotFollowed) {
  const auto victim = directory_ / "victim";
  std::ofstream(victim) << "precious";
  std::filesystem::create_symlink(victim, path_);
  EXPECT_THAT(read_last_good(path_).ignored, HasSubstr("endpoints.json"));
  const auto written = write_last_good(path_, lists_);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::unsafe_path);
  EXPECT_EQ(std::filesystem::file_size(victim), 8U);
  EXPECT_EQ(files(), 2U);
}

TEST_F(LastGoodTest, WhatIsNoFileIsRefused) {
  std::filesystem::create_directory(path_);
  EXPECT_THAT(read_last_good(path_).ignored, HasSubstr("no regular file"));
  EXPECT_FALSE(write_last_good(path_, lists_));
  std::filesystem::remove(path_);
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_THAT(read_last_good(path_).ignored, HasSubstr("no regular file"));
}

TEST_F(LastGoodTest, AFailedWriteSaysWhyAndLeavesNothing) {
  const auto written = write_last_good((directory_ / "absent/endpoints.json").string(), lists_);
  ASSERT_FALSE(written);
  EXPECT_THAT(written.error().message, HasSubstr("cannot create"));
  EXPECT_EQ(files(), 0U);
}

TEST_F(LastGoodTest, G7EveryFlippedBitAndEveryCutIsNoticed) {
  ASSERT_TRUE(write_last_good(path_, lists_));
  const std::string good = text();
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 1);
    put(bad);
    const auto read = read_last_good(path_);
    // Where the flip is harmless, as between 'e' and 'E' of an escape, the lists must be the same.
    EXPECT_TRUE(!read.ignored.empty() || read.lists == lists_) << "byte " << i;
    put(good.substr(0, i));
    EXPECT_NE(read_last_good(path_).ignored, "") << "cut at " << i;
  }
}

TEST_F(LastGoodTest, OtherVersionsAndNoiseAreIgnoredAndSaid) {
  put(R"({"version":2,"sha256":"","lists":[]})");
  EXPECT_THAT(read_last_good(path_).ignored, HasSubstr("has version 2"));
  put(R"({"lists":[]})");
  EXPECT_THAT(read_last_good(path_).ignored, HasSubstr("no version"));
  put("\x7F"
      "ELF");
  EXPECT_NE(read_last_good(path_).ignored, "");
  put(std::string((4 << 20) + 1, ' '));
  EXPECT_THAT(read_last_good(path_).ignored, HasSubstr("larger than"));
}

}  // namespace
}  // namespace vortex
