// The `vortex` command: takes the command line apart, runs one sub-command, shows its error, ends
// with the frozen exit code (DESIGN §6).
#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <memory>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <fmt/core.h>

#include "vortex/base/log.hpp"
#include "vortex/base/suggest.hpp"

#include "apps/cli/commands.hpp"
#include "apps/cli/error_text.hpp"

namespace vortex::cli {
namespace {

struct Route {
  std::string_view name;
  CommandResult (*run)(CommandContext&);
};
constexpr std::array kRoutes = {Route{"demo", run_demo},
                                Route{"init", run_init},
                                Route{"fetch", run_fetch},
                                Route{"sync", run_sync},
                                Route{"read", run_read},
                                Route{"export", run_export},
                                Route{"diff", run_diff},
                                Route{"status", run_status},
                                Route{"verify", run_verify},
                                Route{"compact", run_compact},
                                Route{"vacuum", run_vacuum},
                                Route{"why", run_why},
                                Route{"revisions", run_revisions},
                                Route{"import", run_import},
                                Route{"replay", run_replay},
                                Route{"validate", run_validate},
                                Route{"gaps", run_gaps},
                                Route{"repair", run_repair},
                                Route{"calendar", run_calendar},
                                Route{"sim", run_sim},
                                Route{"providers", run_providers},
                                Route{"doctor", run_doctor},
                                Route{"explain", run_explain},
                                Route{"config", run_config},
                                Route{"completions", run_completions},
                                Route{"help", run_help}};

std::unexpected<Error> usage(std::string message, std::string hint = "") {
  return std::unexpected(
      Error{.code = ErrorCode::usage, .message = std::move(message), .hint = std::move(hint)});
}

// CLI11 takes the words apart; names, numbers of arguments and messages are judged here.
class CommandLine {
 public:
  CommandLine() {
    app_.set_help_flag();
    app_.allow_extras();
    app_.require_subcommand(0, 1);
    for (const FlagSpec& flag : common_flags()) add_flag(app_, flag);
    for (const CommandSpec& command : command_table()) {
      CLI::App* sub = app_.add_subcommand(std::string(command.name));
      sub->set_help_flag();
      sub->allow_extras();
      sub->fallthrough();
      for (const FlagSpec& flag : command.flags) add_flag(*sub, flag);
      sub->add_option("ARGUMENTS", positional_)->expected(0, CLI::detail::expected_max_vector_size);
    }
  }

  Result<Arguments> parse(int argc, const char* const* argv) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
      return malformed(e.what());
    }
    Arguments arguments;
    for (const CLI::App* sub : app_.get_subcommands())
      arguments.command = find_command(sub->get_name());
    VORTEX_TRY_VOID(check_extras(arguments.command));
    for (auto& [name, flag] : flags_) {
      if (flag.times > 0)
        arguments.flags[name] =
            flag.values.empty() ? std::vector<std::string>(flag.times) : flag.values;
    }
    arguments.positional = positional_;
    if (!arguments.has("--help")) VORTEX_TRY_VOID(check_count(arguments));
    return arguments;
  }

 private:
  struct Flag {
    std::vector<std::string> values;
    std::size_t times = 0;
  };

  // Sub-commands share a flag's storage: only one of them is parsed.
  void add_flag(CLI::App& app, const FlagSpec& spec) {
    Flag& flag = flags_[std::string(spec.name)];
    const std::string names =
        spec.letter.empty() ? std::string(spec.name) : fmt::format("{},{}", spec.letter, spec.name);
    if (spec.value.empty()) {
      app.add_flag_callback(names, [&flag] { ++flag.times; })->trigger_on_parse();
      return;
    }
    app.add_option_function<std::vector<std::string>>(
           names,
           [&flag](const std::vector<std::string>& values) {
             flag.values = values;
             flag.times = values.size();
           })
        ->allow_extra_args(false);
  }

  static std::unexpected<Error> malformed(std::string_view what) {
    // "--since: 1 required TEXT missing"
    const std::size_t end = what.find(':');
    if (what.starts_with('-') && end != std::string_view::npos &&
        what.find("required") != std::string_view::npos) {
      const FlagSpec* flag = nullptr;
      for (const CommandSpec& command : command_table()) {
        if (flag == nullptr) flag = find_flag(&command, what.substr(0, end));
      }
      const std::string_view value = flag == nullptr ? "a value" : flag->value;
      return usage(fmt::format("{} needs {}", what.substr(0, end), value));
    }
    return usage(untrusted(what, 160));
  }

  Result<void> check_extras(const CommandSpec* command) const {
    for (const std::string& extra : app_.remaining(true)) {
      if (extra.starts_with('-') && extra.size() > 1) {
        const std::string typed = extra.substr(0, extra.find('='));
        if (find_flag(command, typed) != nullptr)
          return usage(fmt::format("{} takes no value", typed));
        const auto names = flag_names(command);
        const std::string owner =
            command == nullptr ? "" : fmt::format(" of vortex {}", command->name);
        return std::unexpected(
            Error{.code = ErrorCode::unknown_name,
                  .message = fmt::format("unknown flag '{}'{}{}", untrusted(typed, 60), owner,
                                         did_you_mean(typed, names)),
                  .hint = command == nullptr ? "vortex --help"
                                             : fmt::format("vortex {} --help", command->name)});
      }
      if (command == nullptr) {
        const auto names = command_names();
        return std::unexpected(
            Error{.code = ErrorCode::unknown_name,
                  .message = fmt::format("unknown command '{}'{}", untrusted(extra, 60),
                                         did_you_mean(extra, names)),
                  .hint = "vortex --help"});
      }
      return usage(fmt::format("'{}' is one argument too many for vortex {}", untrusted(extra, 60),
                               command->name));
    }
    return {};
  }

  static Result<void> check_count(const Arguments& arguments) {
    const CommandSpec* command = arguments.command;
    if (command == nullptr) return {};
    const auto count = static_cast<int>(arguments.positional.size());
    if (count < command->arguments_min) {
      return usage(fmt::format("vortex {} needs {}", command->name, command->arguments),
                   fmt::format("vortex {} --help", command->name));
    }
    if (command->arguments_max >= 0 && count > command->arguments_max) {
      const std::string& extra =
          arguments.positional[static_cast<std::size_t>(command->arguments_max)];
      return usage(fmt::format("'{}' is one argument too many for vortex {}", untrusted(extra, 60),
                               command->name));
    }
    return {};
  }

  CLI::App app_;
  std::map<std::string, Flag> flags_;
  std::vector<std::string> positional_;
};

void set_log_level(const Arguments& arguments) {
  const int verbose = arguments.count("--verbose");
  if (arguments.has("--quiet"))
    log::set_level(log::Level::error);
  else if (verbose >= 2)
    log::set_level(log::Level::debug);
  else if (verbose == 1)
    log::set_level(log::Level::info);
}

CommandResult run_version(CommandContext& context) {
  if (!context.json()) VORTEX_TRY_VOID(context.output().data("vortex " VORTEX_VERSION "\n"));
  if (context.json()) {
    JsonWriter json = begin_answer("version", "ok");
    json.member("version", VORTEX_VERSION);
    json.end_object();
    VORTEX_TRY_VOID(context.output().data(json.take() + "\n"));
  }
  return 0;
}

CommandResult dispatch(CommandContext& context) {
  const Arguments& arguments = context.arguments();
  if (arguments.has("--version")) return run_version(context);
  if (arguments.has("--help") || arguments.command == nullptr) return run_help(context);
  const auto route = std::ranges::find(kRoutes, arguments.command->name, &Route::name);
  if (route == kRoutes.end()) return fail(ErrorCode::internal, "the command has no implementation");
  return route->run(context);
}

int finish(Output& output, bool json, std::string_view command, const Error& error) {
  if (json) {
    // A reader that cannot take the answer gets the exit code and the line on stderr.
    (void)output.data(error_json(command, error));
    output.error_line(error.to_line());
  } else {
    show_error(output, error);
  }
  return exit_code(error.error_class());
}

int run(int argc, const char* const* argv) {
  CommandLine line;
  const auto arguments = line.parse(argc, argv);
  const auto is_set = [](const char* name) {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): at start, before other threads
    const char* value = std::getenv(name);
    return value != nullptr && *value != '\0';
  };
  // NOLINTNEXTLINE(concurrency-mt-unsafe): at start, before other threads
  const char* terminal = std::getenv("TERM");
  Output output({.quiet = arguments && arguments->has("--quiet"),
                 .no_color = is_set("NO_COLOR"),
                 .dumb = terminal != nullptr && std::string_view(terminal) == "dumb"});
  if (!arguments) {
    const bool json = std::any_of(
        argv, argv + argc, [](const char* word) { return std::string_view(word) == "--json"; });
    return finish(output, json, "", arguments.error());
  }
  set_log_level(*arguments);
  const SystemClock clock;
  CommandContext context(*arguments, clock, output);
  try {
    const CommandResult result = dispatch(context);
    if (result) return *result;
    return finish(output, context.json(), context.command(), result.error());
  } catch (const std::exception& e) {
    const Error error{.code = ErrorCode::internal, .message = untrusted(e.what())};
    return finish(output, context.json(), context.command(), error);
  }
}

}  // namespace
}  // namespace vortex::cli

int main(int argc, char** argv) {
  // A reader that leaves is seen as EPIPE where it matters.
  std::signal(SIGPIPE, SIG_IGN);
  return vortex::cli::run(argc, argv);
}
