// What is done to a dataset while faults strike it, and what must be found afterwards: a scenario
// is a list of steps, each of which is acknowledged when it returns; after any fault the dataset
// holds exactly the content after the last acknowledged step, or after the one under way.
//
// A new way to write (a compaction, say) is proved by adding it to the list in the source.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "vortex/base/random.hpp"
#include "vortex/store/dataset.hpp"
#include "vortex/store/file_system.hpp"
#include "vortex/store/store_test_support.hpp"

namespace vortex::store_test {

struct Step {
  std::string name;
  std::function<Result<void>(Dataset&)> act;
};

struct Scenario {
  std::string name;
  std::vector<Step> before;  // done and durable when the faults begin
  std::vector<Step> steps;
};

const std::vector<Scenario>& scenarios();

// The rows, actions and quarantine of a dataset as text, opened anew; "none" where there is none.
// Checks on the way that state.db says the same.
std::string content_of(const std::string& path);

// A scenario with its `before` on disk, and what a run without faults leaves after each step.
class Prepared {
 public:
  explicit Prepared(const Scenario& scenario);
  const Scenario& scenario() const { return scenario_; }
  const std::string& content(std::size_t steps) const { return contents_[steps]; }
  // A directory with a copy of the dataset before the steps, in "data" below it.
  std::unique_ptr<TempDirectory> copy() const;

  // Runs the steps from one on, each run with randomness of its own, up to the first that fails;
  // `done` counts the acknowledged ones as they come.
  Result<void> run(const std::string& path, std::size_t from,
                   const std::function<void(std::size_t)>& done = {}) const;
  Result<void> run_on(std::unique_ptr<FileSystem> files, const std::string& path, std::size_t from,
                      const std::function<void(std::size_t)>& done = {}) const;

  // After a fault with so many steps acknowledged: the content is that, or one step further; the
  // rest can be done, and leaves what a run without faults leaves. `told` says which fault it was.
  void check(const std::string& path, std::size_t acknowledged, const std::string& told) const;

 private:
  const Scenario& scenario_;
  TempDirectory directory_;
  std::vector<std::string> contents_;
};

// With VORTEX_LONG=1 in the environment.
bool long_run();

}  // namespace vortex::store_test
