#include "apps/cli/running_text.hpp"

#include <fmt/core.h>

#include "vortex/base/error.hpp"

namespace vortex::cli {
namespace {

std::string breaker_text(const ProviderStatus& provider) {
  std::string text = provider.breaker;
  if (!provider.breaker_reason.empty())
    text += fmt::format(" ({})", untrusted(provider.breaker_reason, 60));
  if (provider.breaker_until)
    text += fmt::format(" until {}", format_time(*provider.breaker_until));
  return text;
}

}  // namespace

std::string running_text(const std::vector<RunStatus>& running) {
  if (running.empty()) return "running: nothing\n";
  std::string text;
  for (const RunStatus& run : running) {
    text += fmt::format("running: {} (pid {}) since {}, {} of {} series, health {}\n",
                        untrusted(run.command, 20), run.pid, format_time(run.started),
                        run.items_done, run.items_total, untrusted(run.health, 20));
    for (const ProviderStatus& provider : run.providers) {
      text += fmt::format(
          "  {:<14} {}, breaker {}, {} in flight, {} sent, {} retried, {} failed, "
          "{} refused, {:.1f} retries left\n",
          untrusted(provider.provider, 40), untrusted(provider.health, 20), breaker_text(provider),
          provider.in_flight, provider.sent, provider.retried, provider.failed, provider.refused,
          provider.retry_budget);
      if (!provider.last_error.empty())
        text += fmt::format("    last error: {}\n", untrusted(provider.last_error, 160));
    }
  }
  return text;
}

std::string accounts_text(const std::vector<AccountReport>& accounts) {
  std::string text;
  for (const AccountReport& account : accounts) {
    text += fmt::format("account {}\n", untrusted(account.account, 100));
    for (const AllowanceUse& allowance : account.use.allowances) {
      text += fmt::format("  {:<28} {} of {} left", allowance.rule,
                          allowance.limit - allowance.used, allowance.limit);
      text += allowance.used > 0 ? fmt::format(", {} {}\n", allowance.is_day ? "resets" : "next at",
                                               format_time(allowance.resets_at))
                                 : "\n";
    }
    if (account.use.allowances.empty()) text += "  no limits\n";
    if (account.use.foreign_use > 0)
      text += fmt::format("  {} calls today that were not ours: somebody else uses this account\n",
                          account.use.foreign_use);
    if (const auto& closed = account.use.closed)
      text += fmt::format("  closed until {}: {} {}\n", format_time(closed->until_calendar),
                          to_string(closed->code), untrusted(closed->rule, 80));
  }
  return text;
}

std::string allowances_text(const std::vector<AllowanceReport>& allowances) {
  std::string text;
  for (const AllowanceReport& day : allowances) {
    text += fmt::format("allowance {}: {} of {} left until {}; {} calls go", day.rule, day.left,
                        day.limit, format_time(day.resets_at), day.calls_now);
    if (day.reserved > 0) text += fmt::format(", {} reserved for updates", day.reserved);
    if (day.done_after)
      text += fmt::format(", {} wait: done on {}", day.calls_waiting,
                          format_date(date_of(*day.done_after)));
    text += '\n';
  }
  return text;
}

}  // namespace vortex::cli
