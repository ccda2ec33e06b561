// `vortex explain CODE`: what a code means and what to do, offline, from the table errors are made
// of.
#include <fmt/core.h>

#include "vortex/base/error_codes.hpp"

#include "apps/cli/commands.hpp"
#include "apps/cli/error_text.hpp"

namespace vortex::cli {
namespace {

void write_entry(JsonWriter& json, const ErrorEntry& entry) {
  json.begin_object();
  json.member("code", to_string(entry.code));
  json.member("class", to_string(entry.error_class));
  json.member("exit_code", exit_code(entry.error_class));
  json.member("retryable", entry.retryable);
  json.member("summary", entry.summary);
  json.member("cause", entry.cause);
  json.member("next_step", entry.next_step);
  json.end_object();
}

std::string entries_json(std::span<const ErrorEntry> entries) {
  JsonWriter json = begin_answer("explain", "ok");
  json.key("codes");
  json.begin_array();
  for (const ErrorEntry& entry : entries) write_entry(json, entry);
  json.end_array();
  json.end_object();
  return json.take() + "\n";
}

std::string entry_text(const ErrorEntry& entry) {
  return fmt::format(
      "{}  {}\n\n  {}\n\n  try:        {}\n  class:      {}\n  retryable:  {}\n  exit code:  {}\n",
      to_string(entry.code), entry.summary, entry.cause, entry.next_step,
      to_string(entry.error_class), entry.retryable ? "yes" : "no", exit_code(entry.error_class));
}

}  // namespace

CommandResult run_explain(CommandContext& context) {
  const Arguments& arguments = context.arguments();
  if (arguments.positional.empty()) {
    std::string text;
    for (const ErrorEntry& entry : error_table()) {
      text += fmt::format("{}  {:<16} {}\n", to_string(entry.code), to_string(entry.error_class),
                          entry.summary);
    }
    VORTEX_TRY_VOID(context.output().data(context.json() ? entries_json(error_table()) : text));
    return 0;
  }
  const auto code = parse_error_code(arguments.positional[0]);
  if (!code) {
    std::vector<std::string> codes;
    for (const ErrorEntry& entry : error_table()) codes.push_back(to_string(entry.code));
    auto refused =
        check_choice("error code", arguments.positional[0], {codes.begin(), codes.end()});
    if (!refused)
      return std::unexpected(std::move(refused).error().with_hint("vortex explain (lists all)"));
  }
  const ErrorEntry& entry = error_entry(*code);
  VORTEX_TRY_VOID(
      context.output().data(context.json() ? entries_json({&entry, 1}) : entry_text(entry)));
  return 0;
}

}  // namespace vortex::cli
