#include <array>

#include "vortex/config/key_groups.hpp"

namespace vortex {
namespace {

using Target = SettingsTarget;
using Typed = TypedValue;

constexpr std::array kKeys = {
    // The name of the symbol and of the provider are in the key: the loader writes this one.
    KeySpec{"symbols.*.*",
            KeyType::text,
            {},
            "",
            R"(A provider's spelling of a symbol: [symbols."BRK-B"] yahoo = "BRK-B".)",
            nullptr},
    KeySpec{"jobs.*.name",
            KeyType::text,
            {},
            "",
            "Name of the job, unique.",
            [](const Target& t, const Typed& v) {
              t.job->name = as_text(v);
            }},
    KeySpec{"jobs.*.symbols",
            KeyType::symbols,
            {},
            "",
            "Symbols in your spelling.",
            [](const Target& t, const Typed& v) {
              t.job->symbols = as_texts(v);
            }},
    KeySpec{"jobs.*.providers",
            KeyType::providers,
            {},
            "",
            "Order of asking; unset = default_providers.",
            [](const Target& t, const Typed& v) {
              t.job->providers = as_texts(v);
            }},
    KeySpec{"jobs.*.interval",
            KeyType::interval,
            {},
            R"("1d")",
            "1m 5m 15m 30m 1h 4h 1d 1wk 1mo.",
            [](const Target& t, const Typed& v) {
              t.job->interval = std::get<Interval>(v);
            }},
    KeySpec{"jobs.*.since",
            KeyType::date,
            {},
            "",
            "First session date; unset = as far as the provider goes.",
            [](const Target& t, const Typed& v) {
              t.job->since = std::get<Date>(v);
            }},
    KeySpec{"jobs.*.schedule",
            KeyType::schedule,
            {},
            R"("")",
            "Five fields of cron; used by the daemon.",
            [](const Target& t, const Typed& v) {
              t.job->schedule = as_text(v);
            }},
    KeySpec{"jobs.*.timezone",
            KeyType::zone,
            {},
            R"("")",
            "Zone of the schedule; \"\" = UTC.",
            [](const Target& t, const Typed& v) {
              t.job->timezone = as_text(v);
            }},
};

}  // namespace

std::span<const KeySpec> job_keys() {
  return kKeys;
}

}  // namespace vortex
