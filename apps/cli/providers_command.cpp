// `vortex providers`: who can be asked, for what, with which limits, at which cost and terms.
#include <fmt/core.h>

#include "apps/cli/commands.hpp"
#include "apps/cli/error_text.hpp"

namespace vortex::cli {
namespace {

std::string reach_of(const IntervalSupport& support) {
  const auto days = [](Duration span) {
    return std::chrono::floor<std::chrono::days>(span).count();
  };
  std::string text =
      support.depth ? fmt::format("last {} days", days(*support.depth)) : "full history";
  if (support.span_max) text += fmt::format(", {} days a call", days(*support.span_max));
  return text;
}

std::string joined(const std::vector<std::string_view>& words) {
  std::string text;
  for (const std::string_view word : words)
    text += text.empty() ? std::string(word) : fmt::format(" {}", word);
  return text.empty() ? "none" : text;
}

// What has to be configured for it, where something has.
std::string login_of(const Capabilities& can) {
  const std::string key = fmt::format("providers.{}.", can.name);
  if (can.auth == "api_key") return fmt::format("an API key: {}api_key", key);
  if (can.auth == "basic")
    return fmt::format("user and password: {0}auth.user, {0}auth.password", key);
  if (can.auth == "oauth2")
    return fmt::format("OAuth2 client: {0}auth.client_id, {0}auth.client_secret, {0}auth.token_url",
                       key);
  if (can.auth == "session") return "session, made by itself";
  return std::string(can.auth);
}

std::string provider_text(const Capabilities& can) {
  std::string text = fmt::format("{} ({})\n", can.name, can.title);
  const auto line = [&](std::string_view name, std::string_view value) {
    text += fmt::format("  {:<10} {}\n", name, value);
  };
  line("address", can.default_base_url);
  line("login", login_of(can));
  line("limits", joined(can.limits));
  line("at once", std::to_string(can.concurrency));
  line("cost", can.cost);
  line("terms", can.terms);
  for (const IntervalSupport& support : can.intervals)
    line(to_string(support.interval), reach_of(support));
  return text;
}

void write_provider(JsonWriter& json, const Capabilities& can) {
  json.begin_object();
  json.member("name", can.name);
  json.member("title", can.title);
  json.member("base_url", can.default_base_url);
  json.member("auth", can.auth);
  json.key("limits");
  json.begin_array();
  for (const std::string_view limit : can.limits) json.value(limit);
  json.end_array();
  json.member("concurrency", can.concurrency);
  json.member_or_null("cost", can.cost);
  json.member_or_null("terms", can.terms);
  json.key("intervals");
  json.begin_array();
  for (const IntervalSupport& support : can.intervals) {
    json.begin_object();
    json.member("interval", to_string(support.interval));
    json.key("depth_days");
    if (support.depth)
      json.value(std::int64_t{std::chrono::floor<std::chrono::days>(*support.depth).count()});
    else
      json.null();
    json.key("call_days_max");
    if (support.span_max)
      json.value(std::int64_t{std::chrono::floor<std::chrono::days>(*support.span_max).count()});
    else
      json.null();
    json.end_object();
  }
  json.end_array();
  json.end_object();
}

}  // namespace

CommandResult run_providers(CommandContext& context) {
  const ProviderRegistry& registry = context.registry();
  if (context.json()) {
    JsonWriter json = begin_answer("providers", "ok");
    json.key("providers");
    json.begin_array();
    for (const Provider& provider : registry.all())
      write_provider(json, provider.adapter->capabilities());
    json.end_array();
    json.end_object();
    VORTEX_TRY_VOID(context.output().data(json.take() + "\n"));
    return 0;
  }
  std::string text;
  for (const Provider& provider : registry.all())
    text += provider_text(provider.adapter->capabilities());
  VORTEX_TRY_VOID(context.output().data(text));
  return 0;
}

}  // namespace vortex::cli
