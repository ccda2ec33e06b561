// `vortex export --to FORMAT DIR [SYMBOL…]`: series of the dataset as files that other tools take
// as they are (docs/exports.md).
#include <algorithm>
#include <map>
#include <set>

#include <fmt/core.h>

#include "vortex/store/export.hpp"
#include "vortex/store/file_system.hpp"

#include "apps/cli/commands.hpp"
#include "apps/cli/error_text.hpp"
#include "apps/cli/series_choice.hpp"

namespace vortex::cli {
namespace {

constexpr int kExitPartial = 8;
constexpr int kExitBadData = 6;
constexpr std::size_t kNamesShownMax = 10;

// The series a request means, and how it was asked for.
struct ExportOptions {
  std::string directory;
  std::vector<std::string> symbols;  // empty: all of the dataset
  Interval interval = Interval::d1;
  std::vector<std::string> providers;
  ExportRequest request;
};

Result<ExportOptions> options_of(CommandContext& context) {
  const Arguments& arguments = context.arguments();
  ExportOptions options{.directory = arguments.positional[0]};
  const auto format = arguments.value("--to");
  if (!format) {
    return fail(ErrorCode::usage, "--to says for whom: csv, parquet, zipline, backtrader");
  }
  VORTEX_TRY(options.request.format, parse_export_format(*format));
  std::set<std::string> seen;
  for (std::size_t i = 1; i < arguments.positional.size(); ++i) {
    VORTEX_TRY(const Symbol symbol, Symbol::parse(arguments.positional[i]));
    if (seen.insert(symbol.text()).second) options.symbols.push_back(symbol.text());
  }
  VORTEX_TRY(const auto interval, arguments.interval());
  VORTEX_TRY(const auto since, arguments.since());
  VORTEX_TRY(const auto until, arguments.until());
  options.interval = interval.value_or(Interval::d1);
  options.request.range = {since.value_or(TimePoint::min()), until.value_or(TimePoint::max())};
  options.request.adjust = default_adjustment(options.request.format);
  if (const auto adjust = arguments.value("--adjust")) {
    VORTEX_TRY(options.request.adjust, parse_adjustment(*adjust));
  }
  if (const auto as_of = arguments.value("--as-of")) {
    VORTEX_TRY(options.request.as_of, parse_as_of(*as_of));
  }
  VORTEX_TRY(options.providers, arguments.providers(context.registry().names()));
  options.request.force = arguments.has("--force");
  if (options.directory.empty()) return fail(ErrorCode::usage, "the directory's name is empty");
  VORTEX_TRY_VOID(export_folder(options.request.format, options.interval));
  return options;
}

// All symbols of the interval that the asked providers have.
std::vector<std::string> symbols_of(const ExportOptions& options,
                                    const std::vector<SeriesState>& states) {
  std::set<std::string> symbols;
  for (const SeriesState& state : states) {
    const bool asked =
        options.providers.empty() ||
        std::ranges::find(options.providers, state.key.provider) != options.providers.end();
    if (asked && state.key.interval == options.interval && state.rows > 0) {
      symbols.insert(state.key.symbol);
    }
  }
  return {symbols.begin(), symbols.end()};
}

Result<std::vector<SeriesKey>> series_of(const ExportOptions& options, const Settings& settings,
                                         const std::vector<SeriesState>& states,
                                         const std::string& path) {
  const bool all = options.symbols.empty();
  const auto symbols = all ? symbols_of(options, states) : options.symbols;
  if (symbols.empty()) {
    return fail(
        ErrorCode::not_found,
        fmt::format("no bars of {} in {}", to_string(options.interval), untrusted(path, 100)));
  }
  std::map<std::string, std::vector<SeriesState>, std::less<>> by_symbol;
  for (const SeriesState& state : states) {
    by_symbol[state.key.symbol].push_back({.key = state.key, .rows = state.rows});
  }
  std::vector<SeriesKey> series;
  for (const std::string& symbol : symbols) {
    const auto known = by_symbol.find(symbol);
    VORTEX_TRY(auto key,
               choose_series(
                   {.symbol = symbol, .interval = options.interval, .providers = options.providers},
                   settings, known == by_symbol.end() ? states : known->second, path));
    series.push_back(std::move(key));
  }
  return series;
}

std::string_view status_of(const ExportManifest& manifest) {
  const bool failed = std::ranges::any_of(manifest.left_out, &ExportLeftOut::failed);
  if (!failed) return "ok";
  return manifest.files.empty() ? "failed" : "partial";
}

std::string answer_json(const ExportReport& report, const std::string& directory) {
  const ExportManifest& manifest = report.manifest;
  JsonWriter json = begin_answer("export", status_of(manifest));
  std::int64_t rows = 0;
  for (const ExportedFile& file : manifest.files) rows += file.rows;
  json.member("directory", directory);
  json.member("manifest", directory + "/" + std::string(kExportManifestName));
  json.member("rows", rows);
  json.member("files_written", report.files_written);
  json.member("files_unchanged",
              static_cast<std::int64_t>(manifest.files.size()) - report.files_written);
  json.key("export");
  json.raw(to_json(manifest));
  json.key("notes");
  json.begin_array();
  for (const std::string& note : report.notes) json.value(note);
  json.end_array();
  json.end_object();
  return json.take() + "\n";
}

void show_left_out(Output& output, const ExportManifest& manifest) {
  std::size_t shown = 0;
  for (const ExportLeftOut& one : manifest.left_out) {
    if (++shown > kNamesShownMax) break;
    output.note(fmt::format("left out: {} of {}: {}", one.symbol, one.provider, one.reason));
  }
  if (manifest.left_out.size() > kNamesShownMax) {
    output.note(fmt::format("left out: {} more; all are in {}",
                            manifest.left_out.size() - kNamesShownMax, kExportManifestName));
  }
}

void show(Output& output, const ExportReport& report, const std::string& directory) {
  const ExportManifest& manifest = report.manifest;
  std::int64_t rows = 0;
  for (const ExportedFile& file : manifest.files) rows += file.rows;
  output.note(fmt::format("{} files, {} rows in {} ({}; version {}, prices {}; {} files as before)",
                          manifest.files.size(), rows, untrusted(directory, 120), manifest.format,
                          manifest.table_version, manifest.adjust,
                          static_cast<std::int64_t>(manifest.files.size()) - report.files_written));
  show_left_out(output, manifest);
  for (std::size_t i = 0; i < std::min(report.notes.size(), kNamesShownMax); ++i) {
    output.note(report.notes[i]);
  }
  if (report.notes.size() > kNamesShownMax) {
    output.note(fmt::format("{} more notes: --json has all", report.notes.size() - kNamesShownMax));
  }
}

}  // namespace

CommandResult run_export(CommandContext& context) {
  VORTEX_TRY(ExportOptions options, options_of(context));
  VORTEX_TRY(const LoadedSettings loaded, context.load());
  VORTEX_TRY(const std::string path, store_path(loaded.settings.store_uri));
  VORTEX_TRY_VOID(check_store_exists(path));
  VORTEX_TRY(Dataset dataset, Dataset::open(path, context.clock()));
  VORTEX_TRY(const auto states, dataset.all_states());
  VORTEX_TRY(options.request.series, series_of(options, loaded.settings, states, path));
  const auto target = open_posix_file_system(options.directory);
  auto done = export_series(dataset, *target, std::move(options.request));
  if (!done) return std::unexpected(std::move(done).error().in(untrusted(options.directory, 120)));
  const ExportReport& report = *done;
  if (context.json()) VORTEX_TRY_VOID(context.deliver(answer_json(report, options.directory)));
  show(context.output(), report, options.directory);
  const std::string_view status = status_of(report.manifest);
  if (status == "ok") return 0;
  return status == "partial" ? kExitPartial : kExitBadData;
}

}  // namespace vortex::cli
