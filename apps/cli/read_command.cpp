// `vortex read SYMBOL`: bars from the dataset, of one provider, on one adjustment, as of one
// version.
#include "arrow/table.h"

#include "vortex/store/dataset.hpp"

#include "apps/cli/bar_output.hpp"
#include "apps/cli/commands.hpp"
#include "apps/cli/error_text.hpp"
#include "apps/cli/series_choice.hpp"

namespace vortex::cli {
namespace {

struct ReadOptions {
  Symbol symbol;
  Interval interval = Interval::d1;
  TimeRange range{TimePoint::min(), TimePoint::max()};
  Adjustment adjust = Adjustment::split;
  AsOf as_of;
  std::vector<std::string> providers;
  BarFormat format = BarFormat::csv;
};

Result<ReadOptions> options_of(CommandContext& context) {
  const Arguments& arguments = context.arguments();
  VORTEX_TRY(Symbol symbol, Symbol::parse(arguments.positional[0]));
  ReadOptions options{.symbol = std::move(symbol)};
  VORTEX_TRY(const auto interval, arguments.interval());
  VORTEX_TRY(const auto since, arguments.since());
  VORTEX_TRY(const auto until, arguments.until());
  options.interval = interval.value_or(Interval::d1);
  options.range = {since.value_or(TimePoint::min()), until.value_or(TimePoint::max())};
  if (const auto adjust = arguments.value("--adjust")) {
    VORTEX_TRY(options.adjust, parse_adjustment(*adjust));
  }
  if (const auto as_of = arguments.value("--as-of")) {
    VORTEX_TRY(options.as_of, parse_as_of(*as_of));
  }
  VORTEX_TRY(options.providers, arguments.providers(context.registry().names()));
  VORTEX_TRY(options.format, bar_format_for(context));
  return options;
}

std::string answer_json(const SeriesKey& key, std::int64_t version, const arrow::Table& bars,
                        const std::string& rows) {
  JsonWriter json = begin_answer("read", "ok");
  json.member("symbol", key.symbol);
  json.member("provider", key.provider);
  json.member("interval", to_string(key.interval));
  json.member("table_version", version);
  json.member("rows", bars.num_rows());
  json.key("bars");
  json.raw(rows);
  json.end_object();
  return json.take() + "\n";
}

// The series is there: what was not found is the version or moment that was asked for.
Error as_of_error(Error error, const ReadOptions& options) {
  const bool newest = std::holds_alternative<std::monostate>(options.as_of);
  if (newest || error.code != ErrorCode::not_found) return error;
  error.code = ErrorCode::usage;
  return std::move(error).in("--as-of");
}

}  // namespace

CommandResult run_read(CommandContext& context) {
  VORTEX_TRY(const ReadOptions options, options_of(context));
  VORTEX_TRY(const LoadedSettings loaded, context.load());
  VORTEX_TRY(const std::string path, store_path(loaded.settings.store_uri));
  VORTEX_TRY_VOID(check_store_exists(path));
  VORTEX_TRY(Dataset dataset, Dataset::open(path, context.clock()));
  VORTEX_TRY(const auto states, dataset.all_states());
  VORTEX_TRY(const SeriesKey key, choose_series({.symbol = options.symbol.text(),
                                                 .interval = options.interval,
                                                 .providers = options.providers},
                                                loaded.settings, states, path));
  auto bars_or = dataset.read(
      {.key = key, .range = options.range, .adjust = options.adjust, .as_of = options.as_of});
  if (!bars_or) return std::unexpected(as_of_error(std::move(bars_or).error(), options));
  const auto bars = *std::move(bars_or);
  if (context.json()) {
    VORTEX_TRY(const std::string rows, write_bars(*bars, BarFormat::json));
    VORTEX_TRY(const std::int64_t version, dataset.version_as_of(options.as_of));
    VORTEX_TRY_VOID(context.deliver(answer_json(key, version, *bars, rows)));
  } else {
    VORTEX_TRY_VOID(deliver_bars(context, *bars, options.format));
  }
  if (bars->num_rows() == 0) context.output().note("no bars in that range");
  return 0;
}

}  // namespace vortex::cli
