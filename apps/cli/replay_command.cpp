// `vortex replay`: makes the dataset again from its raw captures, beside the old one.
#include <fmt/core.h>

#include "vortex/engine/replay.hpp"

#include "apps/cli/commands.hpp"
#include "apps/cli/signal_stop.hpp"

namespace vortex::cli {
namespace {

std::string name_of(const SeriesKey& key) {
  return fmt::format("{} {} from {}", untrusted(key.symbol, 64), to_string(key.interval),
                     key.provider);
}

void show_lost(Output& output, const LostCaptures& lost) {
  constexpr std::size_t kRangesShown = 5;
  std::string ranges;
  for (std::size_t i = 0; i < lost.ranges.ranges().size() && i < kRangesShown; ++i) {
    ranges += fmt::format("{}{}", i == 0 ? "" : ", ", to_string(lost.ranges.ranges()[i]));
  }
  if (lost.ranges.ranges().size() > kRangesShown) ranges += ", …";
  output.note(fmt::format("  {}: {} of {} captures, asked about {}", name_of(lost.key), lost.reason,
                          lost.captures, ranges));
  if (lost.reason != "gone") output.note(fmt::format("    {}", lost.first.to_line()));
}

void show(Output& output, const ReplayReport& report) {
  output.note(fmt::format(
      "{}: version {} made of {} captures in {} commits: {} rows new, {} restated, {} quarantined",
      untrusted(report.into, 200), report.table_version, report.captures, report.commits,
      report.rows.fresh, report.rows.restated, report.rows.quarantined));
  if (!report.lost.empty()) output.note("not made again, or only by later answers:");
  for (const LostCaptures& lost : report.lost) show_lost(output, lost);
  if (!report.other_ways.empty()) output.note("rows that no kept answer brought:");
  for (const RowsWithoutCapture& rows : report.other_ways) {
    output.note(
        fmt::format("  {}: {} rows in {}", name_of(rows.key), rows.rows, to_string(rows.range)));
  }
}

}  // namespace

CommandResult run_replay(CommandContext& context) {
  const Arguments& arguments = context.arguments();
  VORTEX_TRY_VOID(check_choice("--from", arguments.value_or("--from", "raw"), {"raw"}));
  VORTEX_TRY(const LoadedSettings loaded, context.load());
  VORTEX_TRY(std::string from, store_path(loaded.settings.store_uri));
  VORTEX_TRY_VOID(check_store_exists(from));
  while (from.size() > 1 && from.ends_with('/')) from.pop_back();
  VORTEX_TRY(const std::string into, store_path(arguments.value_or("--into", from + ".replay")));

  const SignalStop signals;
  const auto report = replay_dataset(from, into,
                                     {.providers = &context.registry(),
                                      .settings = &loaded.settings,
                                      .clock = &context.clock(),
                                      .hooks = {.progress = {}, .stop = signals.token()}});
  if (!report && signals.stopped() && report.error().code == ErrorCode::cancelled) {
    return signals.exit_code();
  }
  if (!report) return std::unexpected(report.error());
  show(context.output(), *report);
  if (context.json()) VORTEX_TRY_VOID(context.output().data(report->to_json() + "\n"));
  return report->exit_code();
}

}  // namespace vortex::cli
