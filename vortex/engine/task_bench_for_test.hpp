// For the tests of this room: work whose every step a test decides. Tasks say by their kind what
// they do; nothing waits for time.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include "vortex/engine/task_processor.hpp"

namespace vortex::fake {

class TaskBench {
 public:
  TimePoint defer_until;  // set before the runner is made

  // The kinds:
  //   quick       returns its payload
  //   hold        returns its payload once released, `cancelled` once stopped
  //   deaf        returns once released; does not look at its stop token
  //   throw       throws
  //   throw-int   throws what is no exception
  //   fail        ends with an error, and a text beside it
  //   defer       ends with an error that may not before `defer_until`
  TaskWork work() {
    return {.run = [this](const TaskContext& context) { return run(context); }, .check = {}};
  }

  void wait_for_started(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return started_.size() >= count; });
  }
  void wait_for_ended(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return ended_ >= count; });
  }
  void release() {
    const std::lock_guard lock(mutex_);
    released_ = true;
    changed_.notify_all();
  }
  // The payloads, in the order in which they began.
  std::vector<std::string> started() {
    const std::lock_guard lock(mutex_);
    return started_;
  }
  std::size_t running_max() {
    const std::lock_guard lock(mutex_);
    return running_max_;
  }

 private:
  TaskOutcome run(const TaskContext& context) {
    begin(context);
    if (context.kind() == "throw") {
      end();
      throw std::runtime_error("a bug in the work");
    }
    if (context.kind() == "throw-int") {
      end();
      throw 7;
    }
    TaskOutcome outcome{.text = context.payload()};
    if (context.kind() == "fail") {
      outcome.error = Error{.code = ErrorCode::not_found, .message = "nothing there"};
    } else if (context.kind() == "defer") {
      outcome.error =
          Error{.code = ErrorCode::deferred, .message = "not today", .retry_at = defer_until};
    } else if (context.kind() != "quick" && !hold(context)) {
      outcome = {.text = "part",
                 .error = Error{.code = ErrorCode::cancelled, .message = "stopped half-way"}};
    }
    end();
    return outcome;
  }

  void begin(const TaskContext& context) {
    const std::lock_guard lock(mutex_);
    context.progress(0.5, "begun " + context.payload());
    started_.push_back(context.payload());
    running_max_ = std::max(running_max_, started_.size() - ended_);
    changed_.notify_all();
  }
  void end() {
    const std::lock_guard lock(mutex_);
    ++ended_;
    changed_.notify_all();
  }
  // False: stopped before it was released.
  bool hold(const TaskContext& context) {
    std::unique_lock lock(mutex_);
    const auto released = [this] {
      return released_;
    };
    if (context.kind() == "deaf") {
      changed_.wait(lock, released);
      return true;
    }
    return changed_.wait(lock, context.stop(), released);
  }

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<std::string> started_;
  std::size_t ended_ = 0;
  std::size_t running_max_ = 0;
  bool released_ = false;
};

}  // namespace vortex::fake
