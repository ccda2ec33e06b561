#include "vortex/store/state_db.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vortex/store/store_test_support.hpp"

namespace vortex {
namespace {

using store_test::TempDirectory;

// Asked from another process: one's own locks are never in one's way.
bool locked_for_others(const std::string& path) {
  const pid_t child = ::fork();
  if (child == 0) {
    const int file = ::open(path.c_str(), O_RDWR);
    struct flock lock{};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    const bool asked = file >= 0 && ::fcntl(file, F_GETLK, &lock) == 0;
    ::_exit(asked && lock.l_type != F_UNLCK ? 0 : 1);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// A lock that is lost lets another process remove the log under this one.
TEST(StateDbTest, OpeningItTwiceKeepsTheLocksOfTheFirst) {
  const TempDirectory folder;
  const std::string path = folder.path("state.db");
  auto first = StateDb::open(path).value();
  ASSERT_TRUE(first.replace({}, 0, "").has_value());
  ASSERT_TRUE(locked_for_others(path));
  auto second = StateDb::open(path).value();
  EXPECT_TRUE(locked_for_others(path));
}

}  // namespace
}  // namespace vortex
