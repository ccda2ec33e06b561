#include "apps/cli/command_table.hpp"

#include <algorithm>
#include <array>

namespace vortex::cli {
namespace {

constexpr std::string_view kIntervals = "1m 5m 15m 30m 1h 4h 1d 1wk 1mo";
constexpr std::string_view kFormats = "table csv json arrow parquet";

constexpr auto kCommonFlags = std::to_array<FlagSpec>({
    {"--config", "", "FILE", "settings; else ./vortex.toml, then ~/.config/vortex/vortex.toml"},
    {"--store", "", "URI", "the dataset's directory"},
    {"--provider", "", "NAME", "ask this provider; several, in order of preference: a,b"},
    {"--interval", "", "INTERVAL", "length of a bar: 1m 5m 15m 30m 1h 4h 1d 1wk 1mo", kIntervals},
    {"--since", "", "DATE", "first session date, or a time such as 2024-01-02T14:30Z"},
    {"--until", "", "DATE", "the date or time before which to stop"},
    {"--set", "", "KEY=VALUE", "a setting for this run, such as providers.yahoo.concurrency=2"},
    {"--json", "", "", "one JSON object on stdout"},
    {"--quiet", "-q", "", "errors only on stderr"},
    {"--verbose", "-v", "", "more on stderr; twice for all"},
    {"--help", "-h", "", "help for vortex or one command"},
    {"--version", "", "", "the version"},
});

constexpr FlagSpec kOutput{"--output", "-o", "FILE",
                           "write there instead of stdout; .csv .parquet .arrow .json"};
constexpr FlagSpec kFormat{"--format", "", "FORMAT",
                           "table csv json arrow parquet; table on a terminal, else csv", kFormats};
constexpr FlagSpec kStrict{"--strict", "", "",
                           "rows that fail the checks make the command fail (6)"};

const std::vector<CommandSpec> kCommands = {
    {"demo",
     "",
     0,
     0,
     "the whole tour offline, against the simulator: sync, read, quality report",
     {}},
    {"init",
     "",
     0,
     0,
     "write a commented vortex.toml",
     {{"--output", "-o", "FILE", "where to; default ./vortex.toml, - for stdout"},
      {"--force", "", "", "replace a file that is there"}}},
    {"fetch",
     "SYMBOL…",
     1,
     -1,
     "get bars now, to stdout or a file; stores nothing",
     {kFormat, kOutput, kStrict}},
    {"sync",
     "[SYMBOL…]",
     0,
     -1,
     "bring the dataset up to date: the jobs of vortex.toml, or these symbols",
     {{"--dry-run", "", "", "show the plan; call nobody"},
      {"--no-overlap", "", "", "do not ask the last stored bars again"},
      {"--futures", "", "ROOT", "every contract of a root, newest first, such as GC"},
      {"--cycle", "", "MONTHS", "with --futures: its months' letters, such as GJMQVZ"},
      kStrict}},
    {"read",
     "SYMBOL",
     1,
     1,
     "bars from the dataset",
     {{"--as-of", "", "VERSION|TIME", "the dataset as it was"},
      {"--adjust", "", "none|split|all", "corporate actions in the prices; default split",
       "none split all"},
      kFormat,
      kOutput}},
    {"export",
     "DIR [SYMBOL…]",
     1,
     -1,
     "files that other tools take as they are, one a symbol; without symbols, all",
     {{"--to", "", "FORMAT", "csv parquet zipline backtrader", "csv parquet zipline backtrader"},
      {"--as-of", "", "VERSION|TIME", "the dataset as it was"},
      {"--adjust", "", "none|split|all",
       "corporate actions in the prices; default split, for zipline none", "none split all"},
      {"--force", "", "", "beside foreign files; replace or remove changed ones of an export"}}},
    {"diff",
     "SYMBOL",
     1,
     1,
     "two providers' stored bars against each other, bar by bar and field by field",
     {{"--providers", "", "A,B", "which two; with --provider the same"},
      {"--adjust", "", "none|split|all",
       "compare on this basis; default split, or all where dividends cannot be taken out",
       "none split all"},
      {"--ticks", "", "N", "prices may lie so many ticks apart; default 0.5"},
      {"--price-tolerance", "", "SHARE", "of the price, where no tick is known; default 0.0001"},
      {"--volume-tolerance", "", "SHARE", "of the volume; default 0.001"},
      {"--limit", "", "N", "differences to list; default 20, with --json all"},
      {"--strict", "", "", "differences make the command fail (6)"}}},
    {"status", "", 0, 0, "what the dataset has, lacks, and why", {}},
    {"verify",
     "",
     0,
     0,
     "read the whole dataset again: hashes, statistics, rows (6 bad data, 7 missing files)",
     {{"--quick", "", "", "logs, presence and sizes alone"}}},
    {"compact", "", 0, 0, "merge small files: closed days to months, closed months to years", {}},
    {"vacuum",
     "",
     0,
     0,
     "remove files that no kept version needs; older versions are gone for good",
     {{"--keep", "", "LENGTH", "versions younger than this stay, such as 30d; default 3650d"},
      {"--dry-run", "", "", "list them; remove nothing"}}},
    {"why",
     "SYMBOL TIME FIELD",
     3,
     3,
     "where a number came from: provider, answer, rules, and what it was before",
     {}},
    {"revisions", "SYMBOL", 1, 1, "what of a series was changed by the provider, and when", {}},
    {"import",
     "FILE…",
     1,
     -1,
     "files saved by hand from a provider's website (Barchart), into the dataset",
     {{"--symbol", "", "SYMBOL", "whose bars the file holds, where its name does not say"},
      {"--labels", "", "start|end", "what the stamps of intraday bars name; default: start",
       "start end"},
      kStrict}},
    {"replay",
     "",
     0,
     0,
     "make the dataset again, from the raw captures, beside the old one",
     {{"--from", "", "raw", "what from; raw captures are the only and default choice", "raw"},
      {"--into", "", "DIR", "the new dataset; default: the store's name with .replay"}}},
    {"validate",
     "FILE",
     1,
     1,
     "check any bar file (CSV, Parquet, Arrow) against the rules",
     {kStrict}},
    {"gaps", "[SYMBOL…]", 0, -1, "what is missing by the session calendar, and why", {}},
    {"repair",
     "[SYMBOL…]",
     0,
     -1,
     "ask exactly what is missing or failed",
     {{"--dry-run", "", "", "show the plan; call nobody"}, kStrict}},
    {"calendar",
     "show|next|diff [NAME]",
     1,
     2,
     "a market's sessions, the next one, and what the stored bars say against them",
     {},
     "show next diff"},
    {"sim",
     "",
     0,
     0,
     "the provider simulator on loopback",
     {{"--listen", "", "ADDRESS:PORT", "default 127.0.0.1:0; port 0 picks a free one"},
      {"--ready-file", "", "FILE", "written once it listens: {\"yahoo\": \"http://…\", …}"},
      {"--seed", "", "N", "of the generated prices; default 1"},
      {"--faults", "", "FILE", "a script of faults"},
      {"--data", "", "DIR", "prices from CSV files instead"},
      {"--now", "", "TIME", "the simulated moment, standing still"},
      {"--consent-wall", "", "", "give the cookie by the consent pages alone"},
      {"--require-crumb", "", "", "ask for cookie and crumb, as Yahoo can"},
      {"--limit", "", "RATE", "refuse calls above it, such as 5/5s"},
      {"--api-key", "", "KEY", "the key that is good where one is wanted; default: any"},
      {"--day-calls", "", "N", "calls a day that a key may make, where days are counted"},
      {"--free-plan", "", "", "refuse what the provider sells"}}},
    {"providers", "", 0, 0, "who can be asked, for what, at which cost and terms", {}},
    {"doctor",
     "",
     0,
     0,
     "check machine, settings, disk and the road to each provider; names the cure",
     {{"--offline", "", "", "ask no provider"}}},
    {"explain",
     "[CODE]",
     0,
     1,
     "what an error code means and what to do; without one, all of them",
     {}},
    {"config",
     "check|show|schema",
     1,
     1,
     "are the settings right; what is in force; their JSON schema",
     {},
     "check show schema"},
    {"completions",
     "bash|zsh|fish",
     1,
     1,
     "a completion script for the shell",
     {},
     "bash zsh fish"},
    {"help", "[COMMAND]", 0, 1, "help for vortex or one command", {}},
};

}  // namespace

std::span<const CommandSpec> command_table() {
  return kCommands;
}

std::span<const FlagSpec> common_flags() {
  return kCommonFlags;
}

const CommandSpec* find_command(std::string_view name) {
  const auto found = std::ranges::find(kCommands, name, &CommandSpec::name);
  return found == kCommands.end() ? nullptr : &*found;
}

const FlagSpec* find_flag(const CommandSpec* command, std::string_view name) {
  const auto is_it = [&](const FlagSpec& flag) {
    return flag.name == name || (!flag.letter.empty() && flag.letter == name);
  };
  if (const auto found = std::ranges::find_if(kCommonFlags, is_it); found != kCommonFlags.end())
    return &*found;
  if (command == nullptr) return nullptr;
  const auto found = std::ranges::find_if(command->flags, is_it);
  return found == command->flags.end() ? nullptr : &*found;
}

std::vector<std::string_view> command_names() {
  std::vector<std::string_view> names;
  names.reserve(kCommands.size());
  for (const CommandSpec& command : kCommands) names.push_back(command.name);
  return names;
}

std::vector<std::string_view> flag_names(const CommandSpec* command) {
  std::vector<std::string_view> names;
  const auto add = [&](std::span<const FlagSpec> flags) {
    for (const FlagSpec& flag : flags) {
      if (std::ranges::find(names, flag.name) == names.end()) names.push_back(flag.name);
    }
  };
  add(kCommonFlags);
  if (command != nullptr)
    add(command->flags);
  else
    std::ranges::for_each(kCommands, [&](const CommandSpec& each) { add(each.flags); });
  return names;
}

}  // namespace vortex::cli
