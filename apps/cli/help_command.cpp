// Help from the command table: `vortex --help`, `vortex help sync`, `vortex sync --help`.
#include <fmt/core.h>

#include "apps/cli/commands.hpp"
#include "apps/cli/error_text.hpp"

namespace vortex::cli {
namespace {

std::string flag_line(const FlagSpec& flag) {
  std::string left = flag.letter.empty() ? "    " : fmt::format("{}, ", flag.letter);
  left += flag.name;
  if (!flag.value.empty()) left += fmt::format(" {}", flag.value);
  return fmt::format("  {:<28} {}\n", left, flag.meaning);
}

std::string overview() {
  std::string text =
      "vortex " VORTEX_VERSION
      ": market data from any provider into one validated, versioned, open dataset\n\n"
      "usage: vortex COMMAND [ARGUMENTS] [FLAGS]\n\ncommands\n";
  for (const CommandSpec& command : command_table()) {
    const std::string left = fmt::format("{} {}", command.name, command.arguments);
    text += fmt::format("  {:<28} {}\n", left, command.meaning);
  }
  text += "\nflags, in any position\n";
  for (const FlagSpec& flag : common_flags()) text += flag_line(flag);
  text += "\nStart with: vortex demo\n";
  return text;
}

std::string command_help(const CommandSpec& command) {
  std::string text =
      fmt::format("vortex {} {}: {}\n", command.name, command.arguments, command.meaning);
  if (!command.flags.empty()) {
    text += "\nflags\n";
    for (const FlagSpec& flag : command.flags) text += flag_line(flag);
  }
  text += "\nflags of every command\n";
  for (const FlagSpec& flag : common_flags()) text += flag_line(flag);
  return text;
}

void write_flags(JsonWriter& json, std::span<const FlagSpec> flags) {
  json.key("flags");
  json.begin_array();
  for (const FlagSpec& flag : flags) {
    json.begin_object();
    json.member("name", flag.name);
    json.member_or_null("letter", flag.letter);
    json.member_or_null("value", flag.value);
    json.member("meaning", flag.meaning);
    json.end_object();
  }
  json.end_array();
}

std::string help_json() {
  JsonWriter json = begin_answer("help", "ok");
  write_flags(json, common_flags());
  json.key("commands");
  json.begin_array();
  for (const CommandSpec& command : command_table()) {
    json.begin_object();
    json.member("name", command.name);
    json.member("arguments", command.arguments);
    json.member("meaning", command.meaning);
    write_flags(json, command.flags);
    json.end_object();
  }
  json.end_array();
  json.end_object();
  return json.take() + "\n";
}

}  // namespace

CommandResult run_help(CommandContext& context) {
  const Arguments& arguments = context.arguments();
  const bool asked = arguments.has("--help") || arguments.command != nullptr;
  if (context.json() && asked) {
    VORTEX_TRY_VOID(context.output().data(help_json()));
    return 0;
  }
  const CommandSpec* about = arguments.command;
  if (about != nullptr && about->name == "help") {
    about = nullptr;
    if (!arguments.positional.empty()) {
      VORTEX_TRY_VOID(check_choice("command", arguments.positional[0], command_names()));
      about = find_command(arguments.positional[0]);
    }
  }
  if (!asked) {
    if (context.json()) return fail(ErrorCode::usage, "no command was given");
    context.output().error_line(overview());
    return exit_code(ErrorClass::usage);
  }
  VORTEX_TRY_VOID(context.output().data(about == nullptr ? overview() : command_help(*about)));
  return 0;
}

}  // namespace vortex::cli
