#include "vortex/config/key_table.hpp"

#include <algorithm>
#include <array>

namespace vortex {
namespace {

constexpr double kMilli = 0.001;
constexpr double kDay = 86400;
constexpr double kMebi = 1 << 20;
constexpr double kGibi = 1 << 30;

using Target = SettingsTarget;
using Typed = TypedValue;

const std::string& text(const Typed& v) {
  return std::get<std::string>(v);
}
int whole(const Typed& v) {
  return static_cast<int>(std::get<std::int64_t>(v));
}
std::uint64_t bytes(const Typed& v) {
  return static_cast<std::uint64_t>(std::get<std::int64_t>(v));
}
Duration span(const Typed& v) {
  return std::get<Duration>(v);
}
const std::vector<std::string>& texts(const Typed& v) {
  return std::get<std::vector<std::string>>(v);
}

constexpr std::array kKeys = {
    KeySpec{"state_dir",
            KeyType::text,
            {},
            R"("~/.local/state/vortex")",
            "Quota ledger of the accounts, shared by every process of this user. ~ is the home "
            "directory.",
            [](const Target& t, const Typed& v) {
              t.settings->state_dir = text(v);
            }},
    KeySpec{"default_providers",
            KeyType::providers,
            {},
            R"(["yahoo"])",
            "Asked, in this order, when neither --provider nor the job names any.",
            [](const Target& t, const Typed& v) {
              t.settings->default_providers = texts(v);
            }},
    KeySpec{"concurrency",
            KeyType::integer,
            {1, 1000},
            "16",
            "Calls in flight, all providers together.",
            [](const Target& t, const Typed& v) {
              t.settings->concurrency = whole(v);
            }},
    KeySpec{"cpu_threads",
            KeyType::integer,
            {0, 1024},
            "0",
            "Threads that decode, validate and encode; 0 = as many as cores.",
            [](const Target& t, const Typed& v) {
              t.settings->cpu_threads = whole(v);
            }},
    KeySpec{"store.uri",
            KeyType::text,
            {},
            R"("./data")",
            "Directory of the dataset.",
            [](const Target& t, const Typed& v) {
              t.settings->store_uri = text(v);
            }},
    KeySpec{"sync.overlap_bars",
            KeyType::integer,
            {0, 64},
            "5",
            "Stored bars that every sync asks again, so that restatements are noticed.",
            [](const Target& t, const Typed& v) {
              t.settings->overlap_bars = whole(v);
            }},
    KeySpec{"sync.batch_bytes_max",
            KeyType::size,
            {kMebi, 4 * kGibi},
            R"("64MiB")",
            "A commit is made when this much is decoded: bounds the memory of a sync.",
            [](const Target& t, const Typed& v) {
              t.settings->batch_bytes_max = bytes(v);
            }},
    KeySpec{"sync.batch_age_max",
            KeyType::duration,
            {kMilli, kDay},
            R"("60s")",
            "A commit is made at least this often: bounds what a crash can cost.",
            [](const Target& t, const Typed& v) {
              t.settings->batch_age_max = span(v);
            }},
    KeySpec{"providers.*.base_url",
            KeyType::url,
            {},
            "",
            "Replaces every host of the provider; unset = its own hosts.",
            [](const Target& t, const Typed& v) {
              t.provider->base_url = text(v);
              t.provider->base_url_is_default = text(v).empty();
            }},
    KeySpec{
        "providers.*.api_key",
        KeyType::secret,
        {},
        "",
        "A reference to the key: env:NAME, file:PATH or vault:PATH#FIELD, never the key itself.",
        [](const Target& t, const Typed& v) {
          t.provider->api_key = text(v);
        }},
    KeySpec{"providers.*.limits",
            KeyType::limits,
            {},
            "",
            "At most n calls in a window: n/[k](s|min|h), n/day@Zone; [] = none; unset = the "
            "provider's published ones.",
            [](const Target& t, const Typed& v) {
              t.provider->limits = std::get<std::vector<RateLimit>>(v);
            }},
    KeySpec{"providers.*.concurrency",
            KeyType::integer,
            {1, 1000},
            "4",
            "Calls in flight to this provider.",
            [](const Target& t, const Typed& v) {
              t.provider->concurrency = whole(v);
            }},
    KeySpec{"providers.*.depth",
            KeyType::depth,
            {},
            "",
            "History served per interval, as { \"1d\" = \"20y\" }; {} = do not check; unset = what "
            "is known of the provider.",
            [](const Target& t, const Typed& v) {
              t.provider->depth = std::get<DepthMap>(v);
            }},
    KeySpec{"providers.*.retry.attempts",
            KeyType::integer,
            {1, 20},
            "4",
            "Attempts of one call, the first included.",
            [](const Target& t, const Typed& v) {
              t.provider->retry.attempts = whole(v);
            }},
    KeySpec{"providers.*.retry.budget",
            KeyType::number,
            {0, 1},
            "0.2",
            "Retries allowed as a share of calls, so that a failing provider is not stormed.",
            [](const Target& t, const Typed& v) {
              t.provider->retry.budget = std::get<double>(v);
            }},
    KeySpec{"providers.*.breaker.failures",
            KeyType::integer,
            {1, 10000},
            "5",
            "Failures in a row after which calls are refused for a while.",
            [](const Target& t, const Typed& v) {
              t.provider->breaker.failures = whole(v);
            }},
    KeySpec{"providers.*.breaker.reset",
            KeyType::duration,
            {kMilli, kDay},
            R"("60s")",
            "How long calls are refused before one trial is let through.",
            [](const Target& t, const Typed& v) {
              t.provider->breaker.reset = span(v);
            }},
    KeySpec{"providers.*.breaker.call_timeout",
            KeyType::duration,
            {kMilli, kDay},
            R"("30s")",
            "Longest time of one attempt.",
            [](const Target& t, const Typed& v) {
              t.provider->breaker.call_timeout = span(v);
            }},
    KeySpec{"providers.*.user_agent",
            KeyType::text,
            {},
            R"("")",
            "User-Agent header; \"\" = Vortex/<version>.",
            [](const Target& t, const Typed& v) {
              t.provider->user_agent = text(v);
            }},
    KeySpec{"providers.*.connect_timeout",
            KeyType::duration,
            {kMilli, kDay},
            R"("10s")",
            "Longest time to connect.",
            [](const Target& t, const Typed& v) {
              t.provider->connect_timeout = span(v);
            }},
    KeySpec{"providers.*.read_timeout",
            KeyType::duration,
            {kMilli, kDay},
            R"("60s")",
            "Longest silence while reading.",
            [](const Target& t, const Typed& v) {
              t.provider->read_timeout = span(v);
            }},
    KeySpec{"providers.*.proxy",
            KeyType::text,
            {},
            R"("")",
            "Proxy address; \"\" = the environment's (https_proxy …).",
            [](const Target& t, const Typed& v) {
              t.provider->proxy = text(v);
            }},
    KeySpec{"providers.*.ca_file",
            KeyType::text,
            {},
            R"("")",
            "Certificates to trust, PEM; \"\" = the system's.",
            [](const Target& t, const Typed& v) {
              t.provider->ca_file = text(v);
            }},
    KeySpec{"providers.*.body_bytes_max",
            KeyType::size,
            {1024, 16 * kGibi},
            R"("512MiB")",
            "Largest answer accepted, after decompression.",
            [](const Target& t, const Typed& v) {
              t.provider->body_bytes_max = bytes(v);
            }},
    KeySpec{"providers.*.allow_private_hosts",
            KeyType::boolean,
            {},
            "false",
            "Follow redirects to loopback, private and link-local addresses.",
            [](const Target& t, const Typed& v) {
              t.provider->allow_private_hosts = std::get<bool>(v);
            }},
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
              t.job->name = text(v);
            }},
    KeySpec{"jobs.*.symbols",
            KeyType::symbols,
            {},
            "",
            "Symbols in your spelling.",
            [](const Target& t, const Typed& v) {
              t.job->symbols = texts(v);
            }},
    KeySpec{"jobs.*.providers",
            KeyType::providers,
            {},
            "",
            "Order of asking; unset = default_providers.",
            [](const Target& t, const Typed& v) {
              t.job->providers = texts(v);
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
              t.job->schedule = text(v);
            }},
    KeySpec{"jobs.*.timezone",
            KeyType::zone,
            {},
            R"("")",
            "Zone of the schedule; \"\" = UTC.",
            [](const Target& t, const Typed& v) {
              t.job->timezone = text(v);
            }},
};

}  // namespace

std::span<const KeySpec> key_table() {
  return kKeys;
}

std::vector<std::string_view> segments_of(std::string_view key) {
  std::vector<std::string_view> segments;
  for (std::size_t start = 0; start <= key.size();) {
    const std::size_t end = std::min(key.find('.', start), key.size());
    segments.push_back(key.substr(start, end - start));
    start = end + 1;
  }
  return segments;
}

}  // namespace vortex
