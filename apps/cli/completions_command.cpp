// `vortex completions bash|zsh|fish`: a script for the shell, from the command table.
#include <fmt/core.h>

#include "apps/cli/commands.hpp"
#include "apps/cli/error_text.hpp"

namespace vortex::cli {
namespace {

std::string joined(const std::vector<std::string_view>& words) {
  std::string text;
  for (const std::string_view word : words)
    text += text.empty() ? std::string(word) : fmt::format(" {}", word);
  return text;
}

// Flags whose value is a file or directory.
bool takes_path(const FlagSpec& flag) {
  return flag.value == "FILE" || flag.value == "DIR" || flag.value == "URI";
}

// A `case` arm for each flag with known values, written once however many commands have it.
std::string bash_values() {
  std::string arms;
  std::string seen = " ";
  const auto add = [&](const FlagSpec& flag) {
    if (seen.find(fmt::format(" {} ", flag.name)) != std::string::npos) return;
    seen += fmt::format("{} ", flag.name);
    const std::string pattern =
        flag.letter.empty() ? std::string(flag.name) : fmt::format("{}|{}", flag.letter, flag.name);
    if (takes_path(flag)) {
      arms += fmt::format("    {}) COMPREPLY=($(compgen -f -- \"$cur\")); return ;;\n", pattern);
    } else if (!flag.choices.empty()) {
      arms += fmt::format("    {}) COMPREPLY=($(compgen -W \"{}\" -- \"$cur\")); return ;;\n",
                          pattern, flag.choices);
    } else if (!flag.value.empty()) {
      arms += fmt::format("    {}) return ;;\n", pattern);
    }
  };
  for (const FlagSpec& flag : common_flags()) add(flag);
  for (const CommandSpec& command : command_table()) {
    for (const FlagSpec& flag : command.flags) add(flag);
  }
  return arms;
}

std::string bash_script() {
  std::string commands;
  for (const CommandSpec& command : command_table()) {
    const std::string words = fmt::format("{} {}", command.choices, joined(flag_names(&command)));
    const std::string_view files =
        command.arguments == "FILE" ? "COMPREPLY+=($(compgen -f -- \"$cur\")); " : "";
    commands += fmt::format("    {}) COMPREPLY=($(compgen -W \"{}\" -- \"$cur\")); {}return ;;\n",
                            command.name, words, files);
  }
  return fmt::format(
      "# bash completion for vortex; use: eval \"$(vortex completions bash)\"\n"
      "_vortex() {{\n"
      "  local cur=\"${{COMP_WORDS[COMP_CWORD]}}\" prev=\"${{COMP_WORDS[COMP_CWORD-1]}}\" word "
      "command=\n"
      "  COMPREPLY=()\n"
      "  case \"$prev\" in\n{}  esac\n"
      "  for word in \"${{COMP_WORDS[@]:1:COMP_CWORD-1}}\"; do\n"
      "    case \" {} \" in *\" $word \"*) command=$word; break ;; esac\n"
      "  done\n"
      "  case \"$command\" in\n{}  esac\n"
      "  COMPREPLY=($(compgen -W \"{} {}\" -- \"$cur\"))\n"
      "}}\n"
      "complete -F _vortex vortex\n",
      bash_values(), joined(command_names()), commands, joined(command_names()),
      joined(flag_names(nullptr)));
}

// Text inside single quotes of zsh's _arguments: brackets and colons have a meaning there.
std::string zsh_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\'')
      out += "'\\''";
    else if (c == '[' || c == ']' || c == ':')
      out += fmt::format("\\{}", c);
    else
      out += c;
  }
  return out;
}

std::string zsh_flag(const FlagSpec& flag) {
  std::string value;
  if (!flag.choices.empty())
    value = fmt::format(":{}:({})", zsh_text(flag.value), flag.choices);
  else if (takes_path(flag))
    value = fmt::format(":{}:_files", zsh_text(flag.value));
  else if (!flag.value.empty())
    value = fmt::format(":{}: ", zsh_text(flag.value));
  return fmt::format("'*{}[{}]{}'", flag.name, zsh_text(flag.meaning), value);
}

std::string zsh_script() {
  std::string described;
  std::string arms;
  for (const CommandSpec& command : command_table()) {
    described += fmt::format("    '{}:{}'\n", command.name, zsh_text(command.meaning));
    std::string flags;
    for (const FlagSpec& flag : command.flags) flags += " " + zsh_flag(flag);
    if (!command.choices.empty())
      flags += fmt::format(" '1:argument:({})'", command.choices);
    else if (command.arguments == "FILE")
      flags += " '1:file:_files'";
    arms += fmt::format("        {}) _arguments $common{} ;;\n", command.name, flags);
  }
  std::string common;
  for (const FlagSpec& flag : common_flags()) common += fmt::format("    {}\n", zsh_flag(flag));
  return fmt::format(
      "#compdef vortex\n"
      "_vortex() {{\n"
      "  local -a commands common\n"
      "  local state line\n"
      "  commands=(\n{}  )\n"
      "  common=(\n{}  )\n"
      "  _arguments -C $common '1:command:->command' '*::argument:->arguments'\n"
      "  case $state in\n"
      "    command) _describe command commands ;;\n"
      "    arguments)\n"
      "      case $line[1] in\n{}      esac ;;\n"
      "  esac\n"
      "}}\n"
      "compdef _vortex vortex\n",
      described, common, arms);
}

std::string fish_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string fish_flag(const FlagSpec& flag, std::string_view condition) {
  std::string line = fmt::format("complete -c vortex{} -l {}", condition, flag.name.substr(2));
  if (!flag.letter.empty()) line += fmt::format(" -s {}", flag.letter.substr(1));
  if (!flag.choices.empty())
    line += fmt::format(" -x -a '{}'", flag.choices);
  else if (takes_path(flag))
    line += " -r -F";
  else if (!flag.value.empty())
    line += " -x";
  return line + fmt::format(" -d '{}'\n", fish_text(flag.meaning));
}

std::string fish_script() {
  std::string text = "# fish completion for vortex\ncomplete -c vortex -f\n";
  for (const FlagSpec& flag : common_flags()) text += fish_flag(flag, "");
  for (const CommandSpec& command : command_table()) {
    text += fmt::format("complete -c vortex -n __fish_use_subcommand -a {} -d '{}'\n", command.name,
                        fish_text(command.meaning));
    const std::string condition = fmt::format(" -n '__fish_seen_subcommand_from {}'", command.name);
    for (const FlagSpec& flag : command.flags) text += fish_flag(flag, condition);
    if (!command.choices.empty())
      text += fmt::format("complete -c vortex{} -a '{}'\n", condition, command.choices);
    if (command.arguments == "FILE") text += fmt::format("complete -c vortex{} -F\n", condition);
  }
  return text;
}

}  // namespace

CommandResult run_completions(CommandContext& context) {
  const std::string& shell = context.arguments().positional[0];
  VORTEX_TRY_VOID(check_choice("shell", shell, {"bash", "zsh", "fish"}));
  std::string script = shell == "bash"  ? bash_script()
                       : shell == "zsh" ? zsh_script()
                                        : fish_script();
  if (context.json()) {
    JsonWriter json = begin_answer("completions", "ok");
    json.member("shell", shell);
    json.member("script", script);
    json.end_object();
    script = json.take() + "\n";
  }
  VORTEX_TRY_VOID(context.output().data(script));
  return 0;
}

}  // namespace vortex::cli
