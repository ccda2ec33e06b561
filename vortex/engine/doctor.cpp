#include "vortex/engine/doctor.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

namespace vortex {
namespace {

// What must be mended first stands first (see doctor_exit_code).
constexpr auto kUrgency = std::to_array<int>({1, 78, 7, 3, 2, 6, 5, 4});

constexpr std::size_t kFindingBytesMax = 400;

double milliseconds(Duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

}  // namespace

std::string_view to_string(CheckStatus status) {
  switch (status) {
    case CheckStatus::ok: return "ok";
    case CheckStatus::warning: return "warning";
    case CheckStatus::failed: return "failed";
    case CheckStatus::skipped: return "skipped";
  }
  return "failed";
}

int doctor_exit_code(std::span<const CheckRow> rows) {
  std::size_t worst = kUrgency.size();
  for (const CheckRow& row : rows) {
    if (row.status != CheckStatus::failed) continue;
    const ErrorCode code = row.code.value_or(ErrorCode::internal);
    const int exits = exit_code(error_entry(code).error_class);
    const auto* place = std::ranges::find(kUrgency, exits);
    // A class without a place of its own (130, 0) would hide a failure.
    const auto rank = place == kUrgency.end() ? std::ptrdiff_t{0} : place - kUrgency.begin();
    worst = std::min(worst, static_cast<std::size_t>(rank));
  }
  return worst == kUrgency.size() ? 0 : kUrgency[worst];
}

void write_json(JsonWriter& json, const CheckRow& row) {
  json.begin_object();
  json.member("name", row.name);
  json.member_or_null("provider", row.provider);
  json.member("status", to_string(row.status));
  json.member("finding", row.finding);
  json.member_or_null("cure", row.cure);
  json.member_or_null("code", row.code ? to_string(*row.code) : "");
  json.member_or_null("class", row.code ? to_string(error_entry(*row.code).error_class) : "");
  json.member("retryable", row.code.has_value() && error_entry(*row.code).retryable);
  json.member_or_null("retry_at", row.retry_at ? format_time(*row.retry_at) : "");
  json.member("elapsed_ms", milliseconds(row.elapsed));
  json.end_object();
}

std::string to_text(const CheckRow& row) {
  const std::string code = row.code ? to_string(*row.code) + " " : "";
  std::string text =
      fmt::format("{:<8} {:<18} {}{}", to_string(row.status), row.name, code, row.finding);
  if (row.elapsed >= std::chrono::milliseconds(1))
    text += fmt::format(" ({})", format_duration(row.elapsed));
  text += '\n';
  if (!row.cure.empty()) text += fmt::format("         cure: {}\n", row.cure);
  return text;
}

CheckTimer::CheckTimer(const Clock& clock, std::string name, std::string provider)
    : clock_(clock),
      name_(std::move(name)),
      provider_(std::move(provider)),
      begun_(clock.monotonic()) {}

Duration CheckTimer::elapsed() const {
  return std::chrono::duration_cast<Duration>(clock_.monotonic() - begun_);
}

CheckRow CheckTimer::row(CheckStatus status, std::string_view finding) const {
  return {.name = name_,
          .provider = provider_,
          .status = status,
          .finding = untrusted(finding, kFindingBytesMax),
          .elapsed = elapsed()};
}

CheckRow CheckTimer::ok(std::string_view finding) const {
  return row(CheckStatus::ok, finding);
}

CheckRow CheckTimer::skipped(std::string_view why) const {
  return row(CheckStatus::skipped, why);
}

CheckRow CheckTimer::warning(ErrorCode code, std::string_view finding, std::string cure) const {
  CheckRow made = row(CheckStatus::warning, finding);
  made.code = code;
  made.cure = std::move(cure);
  return made;
}

CheckRow CheckTimer::failed(ErrorCode code, std::string_view finding, std::string cure) const {
  CheckRow made = warning(code, finding, std::move(cure));
  made.status = CheckStatus::failed;
  return made;
}

}  // namespace vortex
