#include "vortex/engine/doctor_answer.hpp"

#include <array>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "vortex/base/ascii.hpp"

namespace vortex {
namespace {

using std::chrono::milliseconds;

constexpr int kTooManyRequests = 429;
constexpr int kRequestDenied = 999;  // some providers' own word for 429
// Of an answer kept by a cache; more is no age.
constexpr Duration kAgeMax = std::chrono::hours(24 * 365);

constexpr std::string_view kClockCure =
    "set this machine's clock and keep it set: timedatectl set-ntp true, chrony or ntpd (in a "
    "container: on its host)";

struct TlsPhrase {
  std::string_view text;  // lower case, of libcurl and OpenSSL
  std::string_view reason;
  std::string_view cure;
};

// The first that is found decides.
constexpr auto kTlsPhrases = std::to_array<TlsPhrase>({
    {"has expired", "the certificate has expired",
     "compare `date -u` with a good clock; if it is right, the provider or the proxy in between "
     "must renew its certificate"},
    {"not yet valid", "the certificate is not valid yet",
     "this machine's clock is likely behind: compare `date -u` with a good clock"},
    {"does not match", "the certificate is for another host",
     "check providers.NAME.base_url; a captive portal or proxy may answer in the provider's place"},
    {"no alternative certificate subject", "the certificate is for another host",
     "check providers.NAME.base_url; a captive portal or proxy may answer in the provider's place"},
    {"self-signed certificate in certificate chain",
     "the certificate is signed by an authority this machine does not know",
     "a proxy with an authority of its own intercepts: set providers.NAME.ca_file to its PEM file"},
    {"self signed certificate in certificate chain",
     "the certificate is signed by an authority this machine does not know",
     "a proxy with an authority of its own intercepts: set providers.NAME.ca_file to its PEM file"},
    {"self-signed", "the certificate is self-signed",
     "set providers.NAME.ca_file to that certificate if the server is yours, else do not trust it"},
    {"self signed", "the certificate is self-signed",
     "set providers.NAME.ca_file to that certificate if the server is yours, else do not trust it"},
    {"unable to get local issuer",
     "the certificate is signed by an authority this machine does not know",
     "install ca-certificates, or set providers.NAME.ca_file to the authority's PEM file"},
    {"wrong version number", "the server does not speak TLS on this port",
     "check scheme and port of providers.NAME.base_url (http or https) and of the proxy"},
});

std::string with_name(std::string_view text, std::string_view provider) {
  constexpr std::string_view kName = "NAME";
  std::string named;
  for (std::size_t at = text.find(kName); at != std::string_view::npos; at = text.find(kName)) {
    named += text.substr(0, at);
    named += provider;
    text.remove_prefix(at + kName.size());
  }
  return named += text;
}

bool is_html(const HttpReply& reply) {
  return trim(reply.body.view().substr(0, 256)).starts_with('<');
}

// The answer of a portal, filter or proxy instead of the provider's.
bool is_of_another(const DoctorAnswer& answer) {
  if (!answer.refusal) return false;
  switch (answer.refusal->code) {
    case ErrorCode::html_instead:
    case ErrorCode::redirect_refused:
    case ErrorCode::proxy_authentication: return true;
    case ErrorCode::bad_payload:
    case ErrorCode::schema: return is_html(answer.reply);
    default: return false;
  }
}

bool is_throttled(const DoctorAnswer& answer) {
  const int status = answer.reply.status;
  if (status == kTooManyRequests || status == kRequestDenied) return true;
  if (!answer.refusal) return false;
  const ErrorClass kind = answer.refusal->error_class();
  return kind == ErrorClass::rate_limited || kind == ErrorClass::quota_exhausted ||
         kind == ErrorClass::banned;
}

bool wants_login(const DoctorAnswer& answer) {
  // Another credential was sent: a refusal of it is one.
  if (!answer.refusal || answer.auth != "session") return false;
  const ErrorCode code = answer.refusal->code;
  return code == ErrorCode::session_refused || code == ErrorCode::authentication ||
         code == ErrorCode::authorization;
}

CheckTimer timer_of(const DoctorAnswer& answer, const Clock& clock, std::string_view part) {
  return CheckTimer(clock, fmt::format("{}.{}", answer.provider, part), answer.provider);
}

std::string evidence_of(const Error& error) {
  const std::string evidence = untrusted(trim(error.evidence), 120);
  return evidence.empty() ? "" : fmt::format(": {}", trim(evidence));
}

// A 999 that the adapter takes for a fault of the server is a refusal all the same.
ErrorCode refusal_code(const Error& refusal) {
  const ErrorClass kind = refusal.error_class();
  const bool exact = kind == ErrorClass::banned || kind == ErrorClass::quota_exhausted;
  return exact ? refusal.code : ErrorCode::rate_limited;
}

// The next whole second: who waits for it does not come a blink too early.
std::optional<TimePoint> whole_seconds(std::optional<TimePoint> time) {
  if (!time) return std::nullopt;
  return TimePoint{std::chrono::ceil<std::chrono::seconds>(*time)};
}

CheckRow refused_by_another(const DoctorAnswer& answer, const CheckTimer& timer) {
  const Error& refusal = *answer.refusal;
  const std::string_view location = find_header(answer.reply.headers, "Location");
  std::string what = is_html(answer.reply) ? "a web page came instead of data" : refusal.message;
  if (!location.empty()) what = fmt::format("redirected to {}", redact_url(location));
  return timer.failed(
      refusal.code, fmt::format("HTTP {}: {}", answer.reply.status, what),
      fmt::format("a captive portal, filter or proxy may answer in the provider's place: open any "
                  "page in a browser on this network and sign in, or check "
                  "providers.{0}.base_url and providers.{0}.proxy",
                  answer.provider));
}

Duration age_of(const HttpReply& reply) {
  const std::string_view text = trim(find_header(reply.headers, "Age"));
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  if (!whole || seconds < 0 || seconds > kAgeMax / std::chrono::seconds(1)) return Duration::zero();
  return std::chrono::seconds(seconds);
}

// How far this clock is ahead. Date is cut to the second, so half a second is added; an old answer
// of a cache tells its age.
Duration skew_of(const HttpReply& reply, TimePoint date) {
  const TimePoint theirs = date + milliseconds(500) + age_of(reply);
  const TimePoint ours = reply.sent_at + (reply.received_at - reply.sent_at) / 2;
  return ours - theirs;
}

}  // namespace

std::string next_step_for(const Error& error, std::string_view provider) {
  return with_name(error.next_step(), provider);
}

TlsTrouble tls_trouble(std::string_view curl_text, std::string_view provider) {
  const std::string text = lower(curl_text);
  for (const TlsPhrase& phrase : kTlsPhrases) {
    if (text.contains(phrase.text)) return {phrase.reason, with_name(phrase.cure, provider)};
  }
  return {"the TLS handshake failed", with_name(error_entry(ErrorCode::tls).next_step, provider)};
}

CheckRow connection_failure(const CheckTimer& timer, const Error& error,
                            std::string_view provider) {
  const std::string said = error.message + evidence_of(error);
  switch (error.error_class()) {
    case ErrorClass::tls: {
      const TlsTrouble trouble = tls_trouble(error.evidence, provider);
      return timer.failed(error.code, fmt::format("{}{}", trouble.reason, evidence_of(error)),
                          trouble.cure);
    }
    case ErrorClass::network:
      if (error.code != ErrorCode::network) break;
      return timer.failed(
          error.code, said,
          fmt::format("nothing listens there, or a firewall refuses: check "
                      "providers.{0}.base_url, providers.{0}.proxy and the firewall",
                      provider));
    case ErrorClass::timeout:
    case ErrorClass::deadline:
      return timer.failed(error.code, said,
                          fmt::format("a firewall may drop the packets, or the provider is down: "
                                      "try from another network, or set providers.{}.proxy",
                                      provider));
    default: break;
  }
  return timer.failed(error.code, said, next_step_for(error, provider));
}

CheckRow answer_row(const DoctorAnswer& answer, const Clock& clock) {
  const CheckTimer timer = timer_of(answer, clock, "answer");
  const int status = answer.reply.status;
  if (is_of_another(answer)) return refused_by_another(answer, timer);
  if (is_throttled(answer)) return timer.ok(fmt::format("HTTP {}, see throttling", status));
  if (wants_login(answer)) {
    return timer.ok(
        fmt::format("HTTP {}: a session is wanted; none was sent, sync sends it", status));
  }
  if (!answer.refusal || answer.refusal->code == ErrorCode::empty)
    return timer.ok(fmt::format("HTTP {}, as it should be", status));
  const Error& refusal = *answer.refusal;
  const std::string finding = refusal.message + evidence_of(refusal);
  if (refusal.code == ErrorCode::not_found) {
    return timer.warning(refusal.code, finding,
                         fmt::format("check providers.{}.base_url: its path or host does not know "
                                     "a common symbol",
                                     answer.provider));
  }
  if (refusal.code == ErrorCode::consent_wall)
    return timer.warning(refusal.code, finding, next_step_for(refusal, answer.provider));
  return timer.failed(refusal.code, finding, next_step_for(refusal, answer.provider));
}

CheckRow throttling_row(const DoctorAnswer& answer, const Clock& clock) {
  const CheckTimer timer = timer_of(answer, clock, "throttling");
  if (is_of_another(answer)) return timer.skipped("the answer is not the provider's");
  if (!is_throttled(answer)) {
    return timer.ok(wants_login(answer) ? "none: a session is wanted, nothing is blocked" : "none");
  }
  const Error refusal = answer.refusal.value_or(Error{});
  const ErrorCode code = refusal_code(refusal);
  const auto until = whole_seconds(refusal.retry_at);
  const std::string finding =
      fmt::format("HTTP {}: {}{}{}", answer.reply.status,
                  code == ErrorCode::banned ? "this address or client is blocked" : "throttled",
                  until ? " until " + format_time(*until) : "", evidence_of(refusal));
  std::string cure = with_name(error_entry(code).next_step, answer.provider);
  if (code == ErrorCode::rate_limited && !until) {
    cure = fmt::format(
        "no time was given: leave the provider alone for an hour; as this was one call, another "
        "program on this address, or the address itself, is what counts; lower providers.{}.limits",
        answer.provider);
  }
  CheckRow row = timer.failed(code, finding, std::move(cure));
  row.retry_at = until;
  return row;
}

CheckRow clock_row(const DoctorAnswer& answer, const Clock& clock) {
  const CheckTimer timer = timer_of(answer, clock, "clock");
  if (is_of_another(answer)) return timer.skipped("the answer is not the provider's");
  const auto date = parse_http_date(trim(find_header(answer.reply.headers, "Date")));
  if (!date) return timer.skipped("the answer has no Date");
  const Duration skew = skew_of(answer.reply, *date);
  const Duration size = skew < Duration::zero() ? -skew : skew;
  const Duration doubt = (answer.reply.received_at - answer.reply.sent_at) / 2 + milliseconds(500);
  // What the exchange's own length could explain is no skew.
  if (size - doubt <= kSkewComfort) {
    return timer.ok(fmt::format("within {} of the provider's", format_duration(size + doubt)));
  }
  const auto seconds = std::chrono::round<std::chrono::seconds>(size);
  const std::string finding =
      fmt::format("this machine's clock is {} {} the provider's", format_duration(seconds),
                  skew > Duration::zero() ? "ahead of" : "behind");
  if (size - doubt > kSkewMax)
    return timer.failed(ErrorCode::config, finding, std::string(kClockCure));
  return timer.warning(ErrorCode::config, finding, std::string(kClockCure));
}

}  // namespace vortex
