#include "disk_calls.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <utility>

#include <unistd.h>

#include "disk_watched.hpp"

namespace vortex::store_test {

std::mutex g_mutex;
std::optional<Watched> g_watched;

namespace {

bool counts(const DiskPlan& plan, DiskCallKind kind) {
  return changes_the_disk(kind) ? plan.write_side : plan.read_side;
}

bool may_be_interrupted(DiskCallKind kind) {
  return kind == DiskCallKind::open || kind == DiskCallKind::create || kind == DiskCallKind::read ||
         kind == DiskCallKind::write || kind == DiskCallKind::sync ||
         kind == DiskCallKind::truncate;
}

Verdict strike(const DiskPlan& plan, DiskCallKind kind) {
  const bool is_write = kind == DiskCallKind::write;
  switch (plan.failure) {
    case DiskFailure::none: return Verdict::pass;
    case DiskFailure::error:
    case DiskFailure::abandon: return Verdict::fail;
    case DiskFailure::interrupt: return may_be_interrupted(kind) ? Verdict::fail : Verdict::pass;
    case DiskFailure::short_write: return is_write ? Verdict::halve : Verdict::pass;
    case DiskFailure::kill: die();
    case DiskFailure::kill_in_call:
      return is_write ? Verdict::halve_and_die : Verdict::pass_and_die;
    case DiskFailure::exit: ::_exit(kExitedInCall);
  }
  return Verdict::pass;
}

std::optional<std::string> below(const char* path) {
  const std::string& root = g_watched->plan.directory;
  const std::string_view text = path == nullptr ? "" : path;
  if (text == root) return "";
  if (!text.starts_with(root) || text[root.size()] != '/') return std::nullopt;
  return std::string(text.substr(root.size() + 1));
}

}  // namespace

void die() {
  ::kill(::getpid(), SIGKILL);
  std::abort();
}

int error_of(const DiskPlan& plan) {
  if (plan.failure == DiskFailure::interrupt) return EINTR;
  return plan.failure == DiskFailure::abandon ? EIO : plan.error_number;
}

// With the lock held.
Verdict judge(const DiskCall& call) {
  Watched& watched = *g_watched;
  if (watched.abandoned && changes_the_disk(call.kind)) return Verdict::fail;
  if (!counts(watched.plan, call.kind)) return Verdict::pass;
  const int number = ++watched.calls;
  const DiskPlan& plan = watched.plan;
  const bool struck = plan.at > 0 && (number == plan.at || (plan.for_ever && number > plan.at));
  if (!struck) return Verdict::pass;
  if (!watched.fired) {
    watched.met = std::string(to_string(call.kind)) + " " + call.path;
    watched.recorded_when_fired = watched.record.size();
  }
  watched.fired = true;
  watched.abandoned = plan.failure == DiskFailure::abandon;
  return strike(plan, call.kind);
}

std::optional<DiskCall> named(DiskCallKind kind, const char* path, const char* other) {
  if (!g_watched) return std::nullopt;
  auto found = below(path);
  if (!found) return std::nullopt;
  DiskCall call{.kind = kind, .path = *std::move(found)};
  if (other != nullptr) call.other = below(other).value_or("");
  return call;
}

std::optional<DiskCall> opened(DiskCallKind kind, int number) {
  if (!g_watched) return std::nullopt;
  const auto file = g_watched->open.find(number);
  if (file == g_watched->open.end()) return std::nullopt;
  return DiskCall{.kind = kind, .path = file->second.path, .handle = file->second.handle};
}

const char* to_string(DiskCallKind kind) {
  switch (kind) {
    case DiskCallKind::create: return "create";
    case DiskCallKind::open: return "open";
    case DiskCallKind::write: return "write";
    case DiskCallKind::truncate: return "truncate";
    case DiskCallKind::sync: return "sync";
    case DiskCallKind::link: return "link";
    case DiskCallKind::rename: return "rename";
    case DiskCallKind::unlink: return "unlink";
    case DiskCallKind::make_directory: return "make_directory";
    case DiskCallKind::remove_directory: return "remove_directory";
    case DiskCallKind::attributes: return "attributes";
    case DiskCallKind::read: return "read";
    case DiskCallKind::look: return "look";
    case DiskCallKind::list: return "list";
    case DiskCallKind::close: return "close";
  }
  return "";
}

bool changes_the_disk(DiskCallKind kind) {
  switch (kind) {
    case DiskCallKind::open:
    case DiskCallKind::read:
    case DiskCallKind::look:
    case DiskCallKind::list:
    case DiskCallKind::close: return false;
    default: return true;
  }
}

DiskWatch::DiskWatch(DiskPlan plan) {
  const std::scoped_lock lock(g_mutex);
  g_watched.emplace();
  g_watched->plan = std::move(plan);
  std::string& directory = g_watched->plan.directory;
  while (directory.size() > 1 && directory.ends_with('/')) directory.pop_back();
}

DiskWatch::~DiskWatch() {
  const std::scoped_lock lock(g_mutex);
  g_watched.reset();
}

int DiskWatch::calls() const {
  const std::scoped_lock lock(g_mutex);
  return g_watched->calls;
}

bool DiskWatch::fired() const {
  const std::scoped_lock lock(g_mutex);
  return g_watched->fired;
}

std::string DiskWatch::met() const {
  const std::scoped_lock lock(g_mutex);
  return g_watched->met;
}

std::size_t DiskWatch::recorded() const {
  const std::scoped_lock lock(g_mutex);
  return g_watched->record.size();
}

std::size_t DiskWatch::recorded_when_fired() const {
  const std::scoped_lock lock(g_mutex);
  return g_watched->recorded_when_fired;
}

std::vector<DiskCall> DiskWatch::take_record() {
  const std::scoped_lock lock(g_mutex);
  return std::exchange(g_watched->record, {});
}

}  // namespace vortex::store_test
