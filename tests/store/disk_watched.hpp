// The watch behind DiskWatch, shared by the two sources of disk_calls.hpp. Everything but `die`
// with g_mutex held.
#pragma once

#include <cerrno>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "disk_calls.hpp"

namespace vortex::store_test {

struct OpenFile {
  std::string path;
  int handle = 0;
  std::uint64_t position = 0;
};

// What the functions below share; present while a watch is there.
struct Watched {
  DiskPlan plan;
  int calls = 0;
  int handles = 0;
  bool fired = false;
  bool abandoned = false;
  std::string met;
  std::size_t recorded_when_fired = 0;
  std::map<int, OpenFile> open;
  std::vector<DiskCall> record;
};

extern std::mutex g_mutex;
extern std::optional<Watched> g_watched;

// What to do with a call.
enum class Verdict : std::uint8_t { pass, fail, halve, halve_and_die, pass_and_die };

Verdict judge(const DiskCall& call);
int error_of(const DiskPlan& plan);
[[noreturn]] void die();

// None where the path, or the open file, is none of the watched directory's.
std::optional<DiskCall> named(DiskCallKind kind, const char* path, const char* other = nullptr);
std::optional<DiskCall> opened(DiskCallKind kind, int number);

// Runs `real` as the plan says. `call` is none for what lies elsewhere; then it just runs.
template <class Real>
auto run(const std::optional<DiskCall>& call, Real&& real) -> decltype(real()) {
  using Number = decltype(real());
  if (!call) return real();
  const Verdict verdict = judge(*call);
  if (verdict == Verdict::fail) {
    errno = error_of(g_watched->plan);
    return Number{-1};
  }
  const Number done = real();
  if (verdict == Verdict::pass_and_die) die();
  if (done >= 0 && g_watched->plan.record && changes_the_disk(call->kind)) {
    g_watched->record.push_back(*call);
  }
  return done;
}

}  // namespace vortex::store_test
