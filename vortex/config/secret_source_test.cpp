#include "vortex/config/secret_source.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace vortex {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
namespace fs = std::filesystem;

class SecretFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "vortex-secret-XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data());
  }
  void TearDown() override { fs::remove_all(directory_); }

  std::string write(const std::string& text, fs::perms mode) {
    const fs::path path = directory_ / "key";
    std::ofstream(path) << text;
    fs::permissions(path, mode);
    return "file:" + path.string();
  }

  fs::path directory_;
};

constexpr fs::perms kPrivate = fs::perms::owner_read | fs::perms::owner_write;

TEST_F(SecretFileTest, ReadsAPrivateFileLessItsLineEnd) {
  const auto secret = resolve_secret(write("s3cr3t\n", kPrivate), {});
  ASSERT_TRUE(secret) << secret.error().message;
  EXPECT_EQ(secret->reveal(), "s3cr3t");
}

TEST_F(SecretFileTest, J8RefusesFilesOthersCanRead) {
  const auto secret = resolve_secret(write("s3cr3t\n", kPrivate | fs::perms::others_read), {});
  ASSERT_FALSE(secret);
  EXPECT_THAT(secret.error().message, HasSubstr("0604"));
  EXPECT_THAT(secret.error().hint, HasSubstr("chmod 600"));
  EXPECT_THAT(secret.error().message, Not(HasSubstr("s3cr3t")));
}

TEST_F(SecretFileTest, RefusesWhatIsNoUsableFile) {
  EXPECT_FALSE(resolve_secret("file:" + directory_.string(), {}));
  EXPECT_FALSE(resolve_secret("file:" + (directory_ / "absent").string(), {}));
  EXPECT_FALSE(resolve_secret(write("", kPrivate), {}));
  EXPECT_FALSE(resolve_secret(write(std::string(70000, 'x'), kPrivate), {}));
}

TEST(SecretSourceTest, ReadsTheEnvironmentGiven) {
  const Environment environment = [](const std::string& name) -> std::optional<std::string> {
    return name == "KEY" ? std::optional<std::string>("v") : std::nullopt;
  };
  EXPECT_EQ(resolve_secret("env:KEY", environment)->reveal(), "v");
  EXPECT_THAT(resolve_secret("env:OTHER", environment).error().message, HasSubstr("OTHER"));
}

TEST(SecretSourceTest, LiteralsAreRefusedAndNotRepeated) {
  const auto secret = resolve_secret("hunter2", {});
  ASSERT_FALSE(secret);
  EXPECT_THAT(secret.error().message, Not(HasSubstr("hunter2")));
  EXPECT_THAT(resolve_secret("vault:secret/x#y", {}).error().message, HasSubstr("not supported"));
}

}  // namespace
}  // namespace vortex
