#include <array>

#include "vortex/config/key_groups.hpp"

namespace vortex {
namespace {

using Target = SettingsTarget;
using Typed = TypedValue;

constexpr double kEndpointsMax = 1000;
constexpr std::array<std::string_view, 3> kStrategies = {"round_robin", "least_requests",
                                                         "p2c_ewma"};
constexpr std::array<std::string_view, 2> kClientPlaces = {"header", "body"};

constexpr std::array<std::string_view, 2> kWaysIn = {"default", "website"};

constexpr std::array kKeys = {
    KeySpec{"providers.*.access",
            KeyType::choice,
            {},
            R"("default")",
            "The way in: default, or website where the provider has one (barchart: instead of "
            "OnDemand).",
            [](const Target& t, const Typed& v) {
              t.provider->access = as_text(v) == "default" ? std::string() : as_text(v);
            },
            kWaysIn},
    KeySpec{"providers.*.base_url",
            KeyType::url,
            {},
            "",
            "Replaces every host of the provider; unset = its own hosts.",
            [](const Target& t, const Typed& v) {
              t.provider->base_url = as_text(v);
              t.provider->base_url_is_default = as_text(v).empty();
            }},
    KeySpec{"providers.*.endpoints",
            KeyType::urls,
            {0, kEndpointsMax},
            "[]",
            "Further base URLs that serve the same; calls are spread over them and base_url.",
            [](const Target& t, const Typed& v) {
              t.provider->endpoints = as_texts(v);
            }},
    KeySpec{"providers.*.strategy",
            KeyType::choice,
            {},
            R"("round_robin")",
            "Which endpoint the next call takes: round_robin, least_requests or p2c_ewma.",
            [](const Target& t, const Typed& v) { t.provider->strategy = as_text(v); },
            kStrategies},
    KeySpec{"providers.*.critical",
            KeyType::boolean,
            {},
            "false",
            "Its failure alone makes the overall health degraded.",
            [](const Target& t, const Typed& v) {
              t.provider->critical = std::get<bool>(v);
            }},
    KeySpec{
        "providers.*.api_key",
        KeyType::secret,
        {},
        "",
        "A reference to the key: env:NAME, file:PATH or vault:PATH#FIELD, never the key itself.",
        [](const Target& t, const Typed& v) {
          t.provider->api_key = as_text(v);
        }},
    KeySpec{"providers.*.auth.user",
            KeyType::text,
            {},
            R"("")",
            "User name, where the provider wants one with a password.",
            [](const Target& t, const Typed& v) {
              t.provider->auth.user = as_text(v);
            }},
    KeySpec{"providers.*.auth.password",
            KeyType::secret,
            {},
            "",
            "A reference to the password: env:NAME or file:PATH.",
            [](const Target& t, const Typed& v) {
              t.provider->auth.password = as_text(v);
            }},
    KeySpec{"providers.*.auth.client_id",
            KeyType::text,
            {},
            R"("")",
            "OAuth2: who asks for a token.",
            [](const Target& t, const Typed& v) {
              t.provider->auth.client_id = as_text(v);
            }},
    KeySpec{"providers.*.auth.client_secret",
            KeyType::secret,
            {},
            "",
            "OAuth2: a reference to the secret of the client.",
            [](const Target& t, const Typed& v) {
              t.provider->auth.client_secret = as_text(v);
            }},
    KeySpec{"providers.*.auth.token_url",
            KeyType::url,
            {},
            "",
            "OAuth2: where a token is asked for; https, or http to this machine.",
            [](const Target& t, const Typed& v) {
              t.provider->auth.token_url = as_text(v);
            }},
    KeySpec{"providers.*.auth.scope",
            KeyType::text,
            {},
            R"("")",
            "OAuth2: what the token is wanted for; \"\" = not said.",
            [](const Target& t, const Typed& v) {
              t.provider->auth.scope = as_text(v);
            }},
    KeySpec{"providers.*.auth.client_in",
            KeyType::choice,
            {},
            R"("header")",
            "OAuth2: where the secret of the client goes, header or body.",
            [](const Target& t, const Typed& v) { t.provider->auth.client_in = as_text(v); },
            kClientPlaces},
    KeySpec{
        "providers.*.auth.cookies",
        KeyType::secret,
        {},
        "",
        "A reference to the cookies.txt of a browser that is logged in, file:PATH, for a website.",
        [](const Target& t, const Typed& v) {
          t.provider->auth.cookies = as_text(v);
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
              t.provider->concurrency = as_int(v);
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
              t.provider->retry.attempts = as_int(v);
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
              t.provider->breaker.failures = as_int(v);
            }},
    KeySpec{"providers.*.breaker.reset",
            KeyType::duration,
            {kMilli, kDay},
            R"("60s")",
            "How long calls are refused before one trial is let through.",
            [](const Target& t, const Typed& v) {
              t.provider->breaker.reset = as_duration(v);
            }},
    KeySpec{"providers.*.breaker.call_timeout",
            KeyType::duration,
            {kMilli, kDay},
            R"("30s")",
            "Longest time of one attempt.",
            [](const Target& t, const Typed& v) {
              t.provider->breaker.call_timeout = as_duration(v);
            }},
    KeySpec{"providers.*.user_agent",
            KeyType::text,
            {},
            R"("")",
            "User-Agent header; \"\" = Vortex/<version>.",
            [](const Target& t, const Typed& v) {
              t.provider->user_agent = as_text(v);
            }},
    KeySpec{"providers.*.connect_timeout",
            KeyType::duration,
            {kMilli, kDay},
            R"("10s")",
            "Longest time to connect.",
            [](const Target& t, const Typed& v) {
              t.provider->connect_timeout = as_duration(v);
            }},
    KeySpec{"providers.*.read_timeout",
            KeyType::duration,
            {kMilli, kDay},
            R"("60s")",
            "Longest silence while reading.",
            [](const Target& t, const Typed& v) {
              t.provider->read_timeout = as_duration(v);
            }},
    KeySpec{"providers.*.proxy",
            KeyType::text,
            {},
            R"("")",
            "Proxy address; \"\" = the environment's (https_proxy …).",
            [](const Target& t, const Typed& v) {
              t.provider->proxy = as_text(v);
            }},
    KeySpec{"providers.*.ca_file",
            KeyType::text,
            {},
            R"("")",
            "Certificates to trust, PEM; \"\" = the system's.",
            [](const Target& t, const Typed& v) {
              t.provider->ca_file = as_text(v);
            }},
    KeySpec{"providers.*.body_bytes_max",
            KeyType::size,
            {1024, 16 * kGibi},
            R"("512MiB")",
            "Largest answer accepted, after decompression.",
            [](const Target& t, const Typed& v) {
              t.provider->body_bytes_max = as_bytes(v);
            }},
    KeySpec{"providers.*.allow_private_hosts",
            KeyType::boolean,
            {},
            "false",
            "Follow redirects to loopback, private and link-local addresses.",
            [](const Target& t, const Typed& v) {
              t.provider->allow_private_hosts = std::get<bool>(v);
            }},
};

}  // namespace

std::span<const KeySpec> provider_keys() {
  return kKeys;
}

}  // namespace vortex
