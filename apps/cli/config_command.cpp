// `vortex config check|show|schema`.
#include <algorithm>

#include <fmt/core.h>

#include "apps/cli/commands.hpp"
#include "apps/cli/error_text.hpp"

namespace vortex::cli {
namespace {

CommandResult check(CommandContext& context) {
  const CheckedSettings checked = context.check();
  const bool right = checked.problems.empty();
  if (context.json()) {
    JsonWriter json = begin_answer("config check", right ? "ok" : "failed");
    json.member_or_null("file", checked.loaded.file);
    json.key("problems");
    json.begin_array();
    for (const Error& problem : checked.problems) write_error(json, problem);
    json.end_array();
    if (!right) {
      json.key("error");
      write_error(json, checked.problems.front());
    }
    json.end_object();
    VORTEX_TRY_VOID(context.output().data(json.take() + "\n"));
  }
  for (const Error& problem : checked.problems) {
    if (!context.json()) show_error(context.output(), problem);
  }
  if (!right) return exit_code(ErrorClass::config);
  const std::string& file = checked.loaded.file;
  context.output().note(file.empty()
                            ? "no vortex.toml: the defaults are in force (vortex init writes one)"
                            : fmt::format("{} is right", file));
  return 0;
}

CommandResult show(CommandContext& context) {
  VORTEX_TRY(const LoadedSettings loaded, context.load());
  if (context.json()) {
    JsonWriter json = begin_answer("config show", "ok");
    json.member_or_null("file", loaded.file);
    json.key("values");
    json.begin_array();
    for (const ConfigValue& value : loaded.values) {
      json.begin_object();
      json.member("key", value.key);
      json.member("value", value.value);
      json.member("origin", value.origin);
      json.end_object();
    }
    json.end_array();
    json.end_object();
    VORTEX_TRY_VOID(context.output().data(json.take() + "\n"));
    return 0;
  }
  std::size_t width = 0;
  for (const ConfigValue& value : loaded.values)
    width = std::max(width, value.key.size() + value.value.size() + 3);
  std::string text;
  for (const ConfigValue& value : loaded.values) {
    const std::string left = fmt::format("{} = {}", value.key, value.value);
    text += fmt::format("{:<{}}  # {}\n", left, std::min<std::size_t>(width, 64), value.origin);
  }
  VORTEX_TRY_VOID(context.output().data(text));
  return 0;
}

CommandResult schema(CommandContext& context) {
  const auto known = context.known_providers();
  std::string text = config_json_schema(known);
  if (context.json()) {
    JsonWriter json = begin_answer("config schema", "ok");
    json.key("schema");
    json.raw(text);
    json.end_object();
    text = json.take();
  }
  VORTEX_TRY_VOID(context.output().data(text + "\n"));
  return 0;
}

}  // namespace

CommandResult run_config(CommandContext& context) {
  const std::string& action = context.arguments().positional[0];
  VORTEX_TRY_VOID(check_choice("action of vortex config", action, {"check", "show", "schema"}));
  if (action == "check") return check(context);
  if (action == "show") return show(context);
  return schema(context);
}

}  // namespace vortex::cli
