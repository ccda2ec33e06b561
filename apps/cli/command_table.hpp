// Every command and flag of `vortex`: parsing, help, completions and "did you mean" all come from
// here.
#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace vortex::cli {

class CommandContext;

struct FlagSpec {
  std::string_view name;    // "--since"
  std::string_view letter;  // "-o"; empty: none
  std::string_view value;   // "DATE"; empty: a switch
  std::string_view meaning;
  // NOLINTNEXTLINE(readability-redundant-member-init): most rows of the table leave it out
  std::string_view choices = {};  // "bash zsh fish": for completions; checked by the command
};

struct CommandSpec {
  std::string_view name;       // "read"
  std::string_view arguments;  // "SYMBOL"; "[CODE]"; "SYMBOL…"
  int arguments_min = 0;
  int arguments_max = 0;  // -1: any number
  std::string_view meaning;
  std::vector<FlagSpec> flags;  // its own; the common ones go with every command
  // NOLINTNEXTLINE(readability-redundant-member-init): most rows of the table leave it out
  std::string_view choices = {};  // of the first argument
};

std::span<const CommandSpec> command_table();
std::span<const FlagSpec> common_flags();

const CommandSpec* find_command(std::string_view name);  // null when unknown
const FlagSpec* find_flag(const CommandSpec* command, std::string_view name_or_letter);

// Names for "did you mean": commands; the flags valid with a command (all flags without one).
std::vector<std::string_view> command_names();
std::vector<std::string_view> flag_names(const CommandSpec* command);

}  // namespace vortex::cli
