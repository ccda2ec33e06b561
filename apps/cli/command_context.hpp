// What a command is given: what was typed, the clock, the streams, and the settings on demand.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "vortex/base/clock.hpp"
#include "vortex/config/load.hpp"
#include "vortex/provider/registry.hpp"

#include "apps/cli/arguments.hpp"
#include "apps/cli/output.hpp"

namespace vortex::cli {

class CommandContext {
 public:
  CommandContext(const Arguments& arguments, const Clock& clock, Output& output)
      : arguments_(arguments), clock_(clock), output_(output) {}

  const Arguments& arguments() const { return arguments_; }
  const Clock& clock() const { return clock_; }
  Output& output() { return output_; }
  bool json() const { return arguments_.has("--json"); }
  std::string_view command() const {
    return arguments_.command == nullptr ? "" : arguments_.command->name;
  }

  Result<LoadedSettings> load();
  CheckedSettings check();
  std::vector<KnownProvider> known_providers();
  const ProviderRegistry& registry();

  // Data for stdout, or for -o FILE.
  Result<void> deliver(std::string_view bytes);

 private:
  ConfigSources sources();

  const Arguments& arguments_;
  const Clock& clock_;
  Output& output_;
  std::optional<ProviderRegistry> registry_;
};

// The exit code of a command that did what it could; an Error is shown by main.
using CommandResult = Result<int>;

// The local directory a store URI means; `unsupported` for other schemes.
Result<std::string> store_path(const std::string& uri);

// For commands that only read: fails with not_a_dataset, naming the nearest dataset beside it.
Result<void> check_store_exists(const std::string& path);

}  // namespace vortex::cli
