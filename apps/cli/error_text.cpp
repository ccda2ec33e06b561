#include "apps/cli/error_text.hpp"

#include <fmt/core.h>

namespace vortex::cli {
namespace {

bool takes_one_line(const Error& error) {
  return error.error_class() == ErrorClass::usage || error.error_class() == ErrorClass::config;
}

std::string evidence_of(const Error& error) {
  std::string text;
  const auto add = [&](std::string_view part) {
    if (!text.empty()) text += ", ";
    text += part;
  };
  if (error.http_status != 0) add(fmt::format("status {}", error.http_status));
  if (error.attempt != 0) add(fmt::format("attempt {} of {}", error.attempt, error.attempts_max));
  if (!error.call.empty()) add(untrusted(error.call, 200));
  if (!error.evidence.empty()) add(untrusted(error.evidence));
  return text;
}

}  // namespace

void show_error(Output& output, const Error& error) {
  const std::string code = output.styled(Style::red, to_string(error.code));
  if (takes_one_line(error)) {
    const std::string hint =
        error.hint.empty() ? "" : fmt::format("; try: {}", untrusted(error.hint, 200));
    output.error_line(fmt::format("{} {}{}", code, untrusted(error.message, 400), hint));
    return;
  }
  output.error_line(fmt::format("{} {}", code, untrusted(error.message, 400)));
  if (const std::string evidence = evidence_of(error); !evidence.empty()) {
    output.note(fmt::format("  evidence: {}", evidence));
  }
  output.note(fmt::format("  cause: {}", error_entry(error.code).cause));
  if (error.retry_at) output.note(fmt::format("  not before: {}", format_time(*error.retry_at)));
  output.note(fmt::format("  try: {}", untrusted(error.next_step(), 300)));
  output.note(fmt::format("  more: vortex explain {}", to_string(error.code)));
}

void write_error(JsonWriter& json, const Error& error) {
  json.begin_object();
  json.member("code", to_string(error.code));
  json.member("class", to_string(error.error_class()));
  json.member("message", untrusted(error.message, 400));
  json.member_or_null("evidence", untrusted(error.evidence));
  json.member_or_null("hint", untrusted(error.next_step(), 300));
  json.member("retryable", error.retryable());
  json.member_or_null("retry_at", error.retry_at ? format_time(*error.retry_at) : "");
  json.member_or_null("provider", error.provider);
  json.member_or_null("call", untrusted(error.call, 200));
  json.key("http_status");
  if (error.http_status == 0)
    json.null();
  else
    json.value(error.http_status);
  json.member("attempt", error.attempt);
  json.member("attempts_max", error.attempts_max);
  json.end_object();
}

JsonWriter begin_answer(std::string_view command, std::string_view status) {
  JsonWriter json;
  json.begin_object();
  json.member("schema_version", kJsonSchemaVersion);
  json.member_or_null("command", command);
  json.member("status", status);
  return json;
}

std::string error_json(std::string_view command, const Error& error) {
  JsonWriter json = begin_answer(command, "failed");
  json.key("error");
  write_error(json, error);
  json.end_object();
  return json.take() + "\n";
}

}  // namespace vortex::cli
