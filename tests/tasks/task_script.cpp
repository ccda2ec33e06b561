// A task runner driven by commands on stdin, one JSON object a line, one JSON answer a line; for
// the tests that kill it.   task_script DIRECTORY [KILL_AT_WRITE]
//   {"do":"submit","kind":"note","payload":"7"} → {"id":1}
//   {"do":"wait","id":1} → {"state":"done","attempts":1,"interruptions":0,"text":"7","error":""}
//   {"do":"list"} → {"tasks":[[1,"done"], …], "note":""}
//   {"do":"drain","grace_ms":0} → {"waiting":0,"interrupted":[],"abandoned":[2]}, and it exits
// Kinds: note (appends its payload to DIRECTORY/notes), hold (until it is stopped), deaf (for
// ever), crash (kills the process). With KILL_AT_WRITE n the process kills itself in place of the
// n-th write of the task log. SIGTERM and SIGINT drain within 300 ms and exit 128 + signal.

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include "vortex/base/clock.hpp"
#include "vortex/base/json.hpp"
#include "vortex/engine/drain_on_signal.hpp"
#include "vortex/engine/task_processor.hpp"

namespace {

using vortex::Json;
using vortex::JsonWriter;
using vortex::TaskContext;
using vortex::TaskOutcome;

std::atomic<int> g_writes_left{0};

ssize_t write_or_die(int file, const void* data, std::size_t size, off_t offset) {
  if (g_writes_left > 0) {
    if (--g_writes_left == 0) std::raise(SIGKILL);
  }
  return ::pwrite(file, data, size, offset);
}

void kill_at_write(int n) {
  g_writes_left = n;
  sqlite3_vfs* vfs = sqlite3_vfs_find(nullptr);
  for (const char* name : {"pwrite64", "pwrite"}) {
    vfs->xSetSystemCall(vfs, name, reinterpret_cast<sqlite3_syscall_ptr>(&write_or_die));
  }
}

void note(const std::string& path, const std::string& text) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  const std::string line = text + "\n";
  if (file < 0 || ::write(file, line.data(), line.size()) < 0) std::abort();
  ::close(file);
}

TaskOutcome work(const std::string& notes, const TaskContext& context) {
  if (context.kind() == "crash") std::raise(SIGKILL);
  if (context.kind() == "note") note(notes, context.payload());
  if (context.kind() == "hold" || context.kind() == "deaf") {
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock(mutex);
    std::stop_source nobody;
    never.wait(lock, context.kind() == "hold" ? context.stop() : nobody.get_token(),
               [] { return false; });
    return {.error = vortex::Error{.code = vortex::ErrorCode::cancelled, .message = "stopped"}};
  }
  return {.text = context.payload()};
}

std::string text_of(const Json& json, std::string_view key) {
  return std::string(json.string_at(key).value_or(""));
}

void answer(const std::string& json) {
  std::fputs((json + "\n").c_str(), stdout);
  std::fflush(stdout);
}

std::string error_json(const vortex::Error& error) {
  JsonWriter out;
  out.begin_object();
  out.member("error", error.to_line());
  out.end_object();
  return out.take();
}

std::string submit(vortex::TaskRunner& tasks, const Json& command) {
  const auto id =
      tasks.submit({.kind = text_of(command, "kind"), .payload = text_of(command, "payload")});
  return id ? "{\"id\":" + std::to_string(*id) + "}" : error_json(id.error());
}

std::string wait(vortex::TaskRunner& tasks, const Json& command) {
  const auto result = tasks.wait(command.int_at("id").value_or(0), std::chrono::minutes(1));
  if (!result) return error_json(result.error());
  JsonWriter out;
  out.begin_object();
  out.member("state", to_string(result->status.state));
  out.member("attempts", result->status.attempts);
  out.member("interruptions", result->status.interruptions);
  out.member("text", std::string_view(result->text));
  out.member("error", std::string_view(result->status.error ? result->status.error->message : ""));
  out.end_object();
  return out.take();
}

std::string list(vortex::TaskRunner& tasks, const std::string& lost) {
  JsonWriter out;
  out.begin_object();
  out.key("tasks");
  out.begin_array();
  for (const auto& status : tasks.list()) {
    out.begin_array();
    out.value(status.id);
    out.value(to_string(status.state));
    out.end_array();
  }
  out.end_array();
  out.member("note", std::string_view(lost));
  out.end_object();
  return out.take();
}

void write_ids(JsonWriter& out, std::string_view name, const std::vector<vortex::TaskId>& ids) {
  out.key(name);
  out.begin_array();
  for (const vortex::TaskId id : ids) out.value(id);
  out.end_array();
}

[[noreturn]] void drain(vortex::TaskRunner& tasks, const Json& command) {
  const auto report =
      tasks.drain(std::chrono::milliseconds(command.int_at("grace_ms").value_or(0)));
  JsonWriter out;
  out.begin_object();
  out.member("waiting", static_cast<std::int64_t>(report.waiting));
  write_ids(out, "interrupted", report.interrupted);
  write_ids(out, "abandoned", report.abandoned);
  out.end_object();
  answer(out.take());
  std::_Exit(0);  // abandoned work still runs
}

std::optional<std::string> read_line() {
  std::string line;
  while (true) {
    const int c = std::getchar();
    if (c == '\n') return line;
    if (c != EOF) {
      line += static_cast<char>(c);
    } else if (std::ferror(stdin) != 0 && errno == EINTR) {
      std::clearerr(stdin);  // a signal: its drain ends the process
    } else {
      return std::nullopt;
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const std::string directory = argv[1];
  if (argc > 2) kill_at_write(std::atoi(argv[2]));
  auto log = vortex::TaskLog::open(directory);
  if (!log) {
    answer(error_json(log.error()));
    return 7;
  }
  const std::string lost = log->note();
  const vortex::SystemClock clock;
  const std::string notes = directory + "/notes";
  auto tasks = vortex::TaskRunner::create(
      clock, std::move(*log),
      {.run = [notes](const TaskContext& context) { return work(notes, context); }, .check = {}},
      {.limits = {.workers = 2, .grace = vortex::Duration::zero()}});
  if (!tasks) {
    answer(error_json(tasks.error()));
    return 7;
  }
  const vortex::DrainOnSignal on_signal(
      clock, **tasks, std::chrono::milliseconds(300),
      [](int signal, const vortex::DrainReport&) { std::_Exit(128 + signal); });
  while (const auto line = read_line()) {
    const auto command = Json::parse(*line);
    if (!command) return 2;
    const std::string act = text_of(*command, "do");
    if (act == "submit") answer(submit(**tasks, *command));
    if (act == "wait") answer(wait(**tasks, *command));
    if (act == "list") answer(list(**tasks, lost));
    if (act == "drain") drain(**tasks, *command);
  }
  std::_Exit(0);
}
