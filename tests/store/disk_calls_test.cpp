// That no call which changes the disk goes unseen: the kernel is asked, by ptrace.
#include "disk_calls.hpp"

#include <algorithm>
#include <csignal>
#include <set>

#include <gmock/gmock.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crash_scenarios.hpp"

namespace vortex::store_test {
namespace {

// Everything that can change a file or a name, but for open and fsync.
bool changes_something(std::uint64_t number) {
  static const std::set<std::uint64_t> kCalls = {
      SYS_write,     SYS_pwrite64,  SYS_writev,    SYS_pwritev,  SYS_pwritev2,       SYS_link,
      SYS_linkat,    SYS_symlink,   SYS_symlinkat, SYS_rename,   SYS_renameat,       SYS_renameat2,
      SYS_unlink,    SYS_unlinkat,  SYS_mkdir,     SYS_mkdirat,  SYS_rmdir,          SYS_truncate,
      SYS_ftruncate, SYS_fallocate, SYS_utimensat, SYS_utime,    SYS_utimes,         SYS_chmod,
      SYS_fchmod,    SYS_fchmodat,  SYS_sendfile,  SYS_mknod,    SYS_mknodat,        SYS_creat,
      SYS_chown,     SYS_fchown,    SYS_splice,    SYS_setxattr, SYS_copy_file_range};
  return kCalls.contains(number);
}

// Counts what a stopped child and its threads do until the child ends; -1 where it may not be
// traced.
int calls_of_traced(pid_t child) {
  int status = 0;
  if (::waitpid(child, &status, 0) != child || !WIFSTOPPED(status)) return -1;
  const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL;
  if (::ptrace(PTRACE_SETOPTIONS, child, nullptr, options) != 0) return -1;
  ::ptrace(PTRACE_SYSCALL, child, nullptr, nullptr);
  int count = 0;
  std::set<std::pair<pid_t, std::uint64_t>> entered;  // by thread: the call it is in
  while (true) {
    const pid_t thread = ::waitpid(-1, &status, __WALL);
    if (thread < 0) return count;
    if (WIFEXITED(status) || WIFSIGNALED(status)) {
      if (thread == child) return count;
      continue;
    }
    if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
      __ptrace_syscall_info told{};
      ::ptrace(PTRACE_GET_SYSCALL_INFO, thread, sizeof told, &told);
      if (told.op == PTRACE_SYSCALL_INFO_ENTRY && changes_something(told.entry.nr)) {
        entered.insert({thread, told.entry.nr});
      } else if (told.op == PTRACE_SYSCALL_INFO_EXIT) {
        const auto within =
            std::ranges::find(entered, thread, &std::pair<pid_t, std::uint64_t>::first);
        if (within != entered.end()) {
          count += told.exit.rval >= 0 ? 1 : 0;
          entered.erase(within);
        }
      }
    }
    ::ptrace(PTRACE_SYSCALL, thread, nullptr, nullptr);
  }
}

constexpr std::size_t kRestating = 2;  // the scenario that makes the most different calls

TEST(DiskCallsTest, G4NoChangeOfTheDiskGoesUnseen) {
  const Prepared prepared(scenarios()[kRestating]);
  const auto directory = prepared.copy();
  int ends[2] = {};
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    DiskWatch watch({.directory = directory->path(), .record = true});
    if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) ::_exit(2);
    ::raise(SIGSTOP);
    const auto done = prepared.run(directory->path(), 0);
    const auto calls = watch.take_record();
    const auto seen = static_cast<int>(std::ranges::count_if(calls, [](const DiskCall& call) {
      return call.kind != DiskCallKind::create && call.kind != DiskCallKind::open &&
             call.kind != DiskCallKind::sync;
    }));
    const bool told = ::write(ends[1], &seen, sizeof seen) == sizeof seen;
    ::_exit(done && told ? 0 : 1);
  }
  const int by_kernel = calls_of_traced(child) - 1;  // the number that it told
  ::close(ends[1]);
  int seen = 0;
  const bool told = ::read(ends[0], &seen, sizeof seen) == sizeof seen;
  ::close(ends[0]);
  if (by_kernel < 0) GTEST_SKIP() << "no process may be traced here";
  ASSERT_TRUE(told);
  EXPECT_GT(seen, 50);
  EXPECT_EQ(seen, by_kernel);
}

}  // namespace
}  // namespace vortex::store_test
