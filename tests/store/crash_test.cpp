// A process that dies at every call it makes for its dataset: what was acknowledged is there,
// nothing is there in part, and the next process goes on.
#include <csignal>
#include <functional>
#include <new>

#include <gmock/gmock.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vortex/base/fault_record_for_test.hpp"
#include "vortex/store/faulty_file_system.hpp"

#include "crash_scenarios.hpp"
#include "disk_calls.hpp"

namespace vortex::store_test {
namespace {

constexpr int kCallsMax = 2000;  // no scenario makes as many

// A number that a child tells its parent, however it ends.
class SharedCount {
 public:
  SharedCount()
      : value_(
            static_cast<std::size_t*>(::mmap(nullptr, sizeof(std::size_t), PROT_READ | PROT_WRITE,
                                             MAP_SHARED | MAP_ANONYMOUS, -1, 0))) {
    *value_ = 0;
  }
  SharedCount(const SharedCount&) = delete;
  SharedCount& operator=(const SharedCount&) = delete;
  ~SharedCount() { ::munmap(value_, sizeof(std::size_t)); }
  void set(std::size_t value) { *value_ = value; }
  std::size_t get() const { return *value_; }

 private:
  std::size_t* value_;
};

// The status a child that ran `work` ended with.
int in_child(const std::function<void()>& work) {
  const pid_t child = ::fork();
  if (child == 0) {
    work();
    ::_exit(0);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  return status;
}

bool finished(int status) {
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

class CrashTest : public testing::TestWithParam<std::size_t> {
 protected:
  const Prepared& prepared() {
    if (!prepared_) prepared_ = std::make_unique<Prepared>(scenarios()[GetParam()]);
    return *prepared_;
  }
  // Runs the scenario in children that die at call 1, 2, 3 …; returns how many died.
  int die_at_every_call(const std::function<void(const std::string&, SharedCount&, int)>& work,
                        const std::string& told) {
    for (int n = 1; n < kCallsMax && !HasFailure(); ++n) {
      const auto directory = prepared().copy();
      SharedCount acknowledged;
      const int status = in_child([&] { work(directory->path(), acknowledged, n); });
      prepared().check(directory->path(), acknowledged.get(), told + " " + std::to_string(n));
      if (finished(status)) return n - 1;
      EXPECT_TRUE(WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL
                                      : WEXITSTATUS(status) == kExitedInCall)
          << status;
    }
    return 0;
  }

 private:
  std::unique_ptr<Prepared> prepared_;
};

TEST_P(CrashTest, G4AKillAtEverySystemCallLosesNothingAcknowledged) {
  for (const DiskFailure how : {DiskFailure::kill, DiskFailure::kill_in_call}) {
    const int died = die_at_every_call(
        [&](const std::string& path, SharedCount& acknowledged, int n) {
          const DiskWatch watch({.directory = path, .failure = how, .at = n});
          const auto done = prepared().run(path, 0, [&](std::size_t k) { acknowledged.set(k); });
          if (!done) ::_exit(1);
        },
        how == DiskFailure::kill ? "killed before call" : "killed in call");
    EXPECT_GT(died, 10);
    test::fault_fired("G4", died);
  }
}

TEST_P(CrashTest, G4AnExitAtEveryCallOfTheFileInterfaceLosesNothingAcknowledged) {
  const int died = die_at_every_call(
      [&](const std::string& path, SharedCount& acknowledged, int n) {
        auto plan = std::make_shared<FaultPlan>();
        plan->fail_at = n;
        plan->exit_status = kExitedInCall;
        auto files = std::make_unique<FaultyFileSystem>(open_posix_file_system(path), plan);
        const auto done = prepared().run_on(std::move(files), path, 0,
                                            [&](std::size_t k) { acknowledged.set(k); });
        if (!done) ::_exit(1);
      },
      "exit at call");
  EXPECT_GT(died, 4);
  test::fault_fired("G4", died);
}

std::string name_of(const testing::TestParamInfo<std::size_t>& info) {
  std::string name = scenarios()[info.param].name;
  std::erase_if(name, [](char c) { return c == ' '; });
  return name;
}

INSTANTIATE_TEST_SUITE_P(Scenarios, CrashTest, testing::Range(std::size_t{0}, scenarios().size()),
                         name_of);

}  // namespace
}  // namespace vortex::store_test
