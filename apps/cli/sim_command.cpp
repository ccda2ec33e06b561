// `vortex sim`: the provider simulator, until a signal ends it.
#include <fmt/core.h>

#include "apps/cli/commands.hpp"
#include "apps/cli/error_text.hpp"
#include "apps/cli/signal_stop.hpp"
#include "apps/cli/sim_host.hpp"

namespace vortex::cli {

CommandResult run_sim(CommandContext& context) {
  const Arguments& arguments = context.arguments();
  VORTEX_TRY(const auto seed,
             arguments.integer("--seed", 0, std::numeric_limits<std::int64_t>::max()));
  if (const auto limit = arguments.value("--limit")) {
    if (auto parsed = parse_rate_limit(*limit); !parsed) {
      return fail(ErrorCode::usage, fmt::format("--limit: {}", parsed.error().message));
    }
  }
  SimulatorOptions options{.data_dir = arguments.value_or("--data", ""),
                           .faults_file = arguments.value_or("--faults", ""),
                           .require_crumb = arguments.has("--require-crumb"),
                           .limit = arguments.value_or("--limit", "")};
  options.listen = arguments.value_or("--listen", options.listen);
  options.seed = static_cast<std::uint64_t>(seed.value_or(1));
  options.consent_wall = arguments.has("--consent-wall");
  options.api_key = arguments.value_or("--api-key", "");
  VORTEX_TRY(const auto day_calls, arguments.integer("--day-calls", 0, 1'000'000'000));
  options.day_calls = day_calls.value_or(0);
  options.free_plan = arguments.has("--free-plan");
  if (const auto now = arguments.value("--now")) {
    VORTEX_TRY(options.now, parse_moment("--now", *now));
  }

  const SignalStop signals;
  VORTEX_TRY(const auto host, SimHost::start(context.clock(), std::move(options)));
  if (const auto ready = arguments.value("--ready-file")) {
    VORTEX_TRY_VOID(write_file(*ready, host->addresses_json() + "\n"));
  }
  if (context.json()) {
    JsonWriter json = begin_answer("sim", "ok");
    json.key("addresses");
    json.raw(host->addresses_json());
    json.end_object();
    VORTEX_TRY_VOID(context.output().data(json.take() + "\n"));
  }
  context.output().note(fmt::format("simulating {}", host->addresses_json()));
  context.output().note(fmt::format("try: vortex sync AAPL --set providers.yahoo.base_url={}",
                                    host->yahoo_address()));
  signals.wait();
  return signals.exit_code();
}

}  // namespace vortex::cli
