// One of many processes on one account: takes permits as fast as the ledger gives them and makes
// one HTTP call for each. Driven by test_processes.py, which kills it.
//   ledger_worker STATE_DIR PORT SECONDS BLOCK CONCURRENT WINDOW…      a window is COUNT/SECONDS
//                                                                      or COUNT@ZONE for a day
#include <charconv>
#include <string>
#include <string_view>

#include <arpa/inet.h>
#include <fmt/core.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "vortex/engine/sqlite_ledger.hpp"

namespace vortex {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only

const char* const kAccount = "simulated";

struct Task {
  std::string state_dir;
  std::uint16_t port = 0;
  Duration length{};
  std::int64_t block = 1;
  AccountLimits limits;
};

std::int64_t whole(std::string_view text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

Task read_task(const std::vector<std::string>& words) {
  Task task{.state_dir = words[0],
            .port = static_cast<std::uint16_t>(whole(words[1])),
            .length = std::chrono::seconds(whole(words[2])),
            .block = whole(words[3])};
  task.limits.concurrent = static_cast<int>(whole(words[4]));
  for (std::size_t i = 5; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (const std::size_t day = word.find('@'); day != std::string::npos) {
      task.limits.days.push_back(
          {.count = whole(word.substr(0, day)), .zone = *TimeZone::find(word.substr(day + 1))});
    } else {
      const std::size_t slash = word.find('/');
      task.limits.rolling.push_back(
          {.count = whole(word.substr(0, slash)),
           .length = std::chrono::seconds(whole(word.substr(slash + 1)))});
    }
  }
  return task;
}

class Worker {
 public:
  Worker(const Task& task, const Clock& clock, Ledger& ledger)
      : task_(task), clock_(clock), ledger_(ledger) {}

  int run() {
    const Monotonic end = clock_.monotonic() + task_.length;
    while (clock_.monotonic() < end) {
      auto lease = ledger_.lease(kAccount, task_.limits, {.permits = task_.block}, now());
      if (!lease) {
        fmt::print(stderr, "{}\n", lease.error().to_line());
        wait(50ms);
      } else if (lease->refusal) {
        wait(std::chrono::ceil<Duration>(lease->refusal->until - clock_.monotonic()));
      } else {
        use(*lease);
      }
    }
    return 0;
  }

 private:
  Now now() const { return {.elapsed = clock_.monotonic(), .calendar = clock_.now()}; }

  static void wait(Duration time) {
    const auto ms = std::chrono::ceil<std::chrono::milliseconds>(
        std::clamp(time, Duration::zero(), Duration(500ms)));
    ::poll(nullptr, 0, static_cast<int>(ms.count()));
  }

  void use(const Lease& lease) {
    std::int64_t left = lease.permits;
    while (left > 0 && clock_.monotonic() - lease.issued < kLeaseLife) {
      --left;
      call();
    }
    const bool tell = left > 0 || task_.limits.concurrent > 0;
    if (tell) (void)ledger_.give_back(kAccount, lease.id, left, 0, now());
  }

  void call() const {
    const int connection = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection < 0) return;
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(task_.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const auto* generic = reinterpret_cast<const sockaddr*>(&address);
    constexpr std::string_view kRequest = "GET /bars HTTP/1.0\r\n\r\n";
    if (::connect(connection, generic, sizeof address) == 0 &&
        ::send(connection, kRequest.data(), kRequest.size(), MSG_NOSIGNAL) > 0) {
      char reply[512];
      while (::recv(connection, reply, sizeof reply, 0) > 0) continue;
    }
    ::close(connection);
  }

  const Task& task_;
  const Clock& clock_;
  Ledger& ledger_;
};

}  // namespace
}  // namespace vortex

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() < 6) return 2;
  const vortex::Task task = vortex::read_task(words);
  const vortex::SystemClock clock;
  auto ledger = vortex::SqliteLedger::open(task.state_dir, clock);
  if (!ledger) {
    fmt::print(stderr, "{}\n", ledger.error().to_line());
    return 7;
  }
  return vortex::Worker(task, clock, **ledger).run();
}
