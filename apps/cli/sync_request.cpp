#include "apps/cli/sync_request.hpp"

#include <algorithm>

#include "vortex/base/suggest.hpp"

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

}  // namespace

Result<std::vector<SyncItem>> sync_items(CommandContext& context, const Settings& settings) {
  const Arguments& arguments = context.arguments();
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
