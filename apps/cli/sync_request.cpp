#include "apps/cli/sync_request.hpp"

#include <algorithm>

#include "vortex/base/suggest.hpp"
#include "vortex/model/futures_contracts.hpp"

namespace vortex::cli {
namespace {

const JobSettings* job_with(const Settings& settings, const Symbol& symbol,
                            std::optional<Interval> interval) {
  const auto found = std::ranges::find_if(settings.jobs, [&](const JobSettings& job) {
    return std::ranges::find(job.symbols, symbol.text()) != job.symbols.end() &&
           (!interval || *interval == job.interval);
  });
  return found == settings.jobs.end() ? nullptr : &*found;
}

SyncItem item_of(const Settings& settings, Symbol symbol, std::optional<Interval> interval) {
  const JobSettings* job = job_with(settings, symbol, interval);
  SyncItem item{.symbol = std::move(symbol),
                .providers = settings.default_providers,
                .interval = interval.value_or(Interval::d1)};
  if (job == nullptr) return item;
  if (!job->providers.empty()) item.providers = job->providers;
  item.interval = job->interval;
  if (job->since) item.since = midnight(*job->since);
  return item;
}

// A contract's bars lie in the year before its month's end; what is not listed yet is not asked.
Result<std::vector<SyncItem>> futures_items(CommandContext& context, std::string_view root) {
  const Arguments& arguments = context.arguments();
  const auto cycle = arguments.value("--cycle");
  VORTEX_TRY(const auto since, arguments.since());
  if (!cycle || !since) {
    return std::unexpected(
        Error{.code = ErrorCode::usage,
              .message = "--futures needs the months and the beginning",
              .hint = "vortex sync --futures GC --cycle GJMQVZ --since 2015-01-01"});
  }
  if (!arguments.positional.empty()) {
    return fail(ErrorCode::usage, "--futures makes the list of symbols; none can be given beside");
  }
  VORTEX_TRY(const auto contracts, list_contracts({.root = root,
                                                   .months = *cycle,
                                                   .since = date_of(*since),
                                                   .until = date_of(context.clock().now())}));
  std::vector<SyncItem> items;
  for (const FuturesContract& contract : contracts) {
    VORTEX_TRY(Symbol symbol, Symbol::parse(contract.symbol));
    items.push_back({.symbol = std::move(symbol),
                     .providers = {"barchart"},
                     .since = std::max(*since, midnight(contract.first_of_month - kContractLead))});
    const TimePoint end = midnight(contract.last_day + std::chrono::days(1));
    if (end < context.clock().now()) items.back().until = end;
  }
  return items;
}

// As futures_items made them, with the flags that hold for all.
Result<std::vector<SyncItem>> all_of_futures(CommandContext& context, std::string_view root) {
  VORTEX_TRY(auto items, futures_items(context, root));
  VORTEX_TRY(const auto interval, context.arguments().interval());
  VORTEX_TRY(const auto providers, context.arguments().providers(context.registry().names()));
  for (SyncItem& item : items) {
    if (interval) item.interval = *interval;
    if (!providers.empty()) item.providers = providers;
  }
  return items;
}

}  // namespace

Result<std::vector<SyncItem>> sync_items(CommandContext& context, const Settings& settings) {
  const Arguments& arguments = context.arguments();
  if (const auto root = arguments.value("--futures")) return all_of_futures(context, *root);
  VORTEX_TRY(const auto interval, arguments.interval());
  VORTEX_TRY(const auto since, arguments.since());
  VORTEX_TRY(const auto until, arguments.until());
  VORTEX_TRY(const auto providers, arguments.providers(context.registry().names()));
  VORTEX_TRY(auto symbols, arguments.symbols());
  std::vector<SyncItem> items;
  if (symbols.empty()) {
    VORTEX_TRY(items, items_of_jobs(settings));
    if (items.empty()) {
      Error error{.code = ErrorCode::usage,
                  .message = "no symbol was given, and vortex.toml has no [[jobs]]",
                  .hint = "vortex sync AAPL, or vortex init and add a job"};
      return std::unexpected(std::move(error));
    }
  }
  for (Symbol& symbol : symbols) items.push_back(item_of(settings, std::move(symbol), interval));
  for (SyncItem& item : items) {
    if (!providers.empty()) item.providers = providers;
    if (interval) item.interval = *interval;
    if (since) item.since = since;
    if (until) item.until = until;
  }
  return items;
}

void suggest_symbols(const Settings& settings, std::vector<ItemReport>& items) {
  std::vector<std::string> known;
  for (const JobSettings& job : settings.jobs)
    known.insert(known.end(), job.symbols.begin(), job.symbols.end());
  for (const ItemReport& item : items) {
    if (item.status != ItemStatus::failed) known.push_back(item.symbol);
  }
  for (ItemReport& item : items) {
    if (!item.error || item.error->code != ErrorCode::not_found) continue;
    std::vector<std::string_view> others;
    std::ranges::copy_if(known, std::back_inserter(others),
                         [&](const std::string& name) { return name != item.symbol; });
    item.error->message += did_you_mean(item.symbol, others);
  }
}

}  // namespace vortex::cli
