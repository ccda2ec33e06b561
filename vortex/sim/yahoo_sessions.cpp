#include "vortex/sim/yahoo_sessions.hpp"

#include <algorithm>
#include <array>
#include <chrono>

#include <fmt/format.h>

#include "vortex/sim/hash.hpp"

namespace vortex {
namespace {

constexpr std::size_t kSessionsMax = 10'000;
constexpr std::size_t kConsentsMax = 1'000;
constexpr std::size_t kCrumbLength = 11;
constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

std::string letters(std::uint64_t seed, std::size_t count) {
  std::string text;
  text.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    text += kBase64[hash_at(seed, static_cast<std::int64_t>(i)) % kBase64.size()];
  }
  return text;
}

// Crumbs may hold '.' and '/', which a client must encode; every one here holds both.
std::string make_crumb(std::uint64_t seed) {
  std::string crumb = letters(seed, kCrumbLength);
  crumb[3] = '/';
  crumb[7] = '.';
  return crumb;
}

std::string_view form_value(const QueryParams& form, std::string_view name) {
  const auto found =
      std::ranges::find(form, name, [](const auto& p) { return std::string_view(p.first); });
  return found == form.end() ? std::string_view() : std::string_view(found->second);
}

}  // namespace

std::uint64_t YahooSessions::next() {
  return hash_at(key_, static_cast<std::int64_t>(++count_));
}

std::string YahooSessions::open() {
  const std::uint64_t seed = next();
  std::string a3 = "d=AQABB" + letters(seed, 58) + "&S=AQAAA" + letters(mix(seed), 26);
  if (order_.size() >= kSessionsMax) {
    crumbs_.erase(order_.front());
    order_.pop_front();
  }
  crumbs_[a3] = make_crumb(seed);
  order_.push_back(a3);
  return a3;
}

std::optional<std::string> YahooSessions::crumb(std::string_view cookie_header) const {
  const auto found = crumbs_.find(cookie_value(cookie_header, "A3"));
  if (found == crumbs_.end()) return std::nullopt;
  return found->second;
}

bool YahooSessions::accepts(std::string_view cookie_header, std::string_view given) const {
  const auto expected = crumb(cookie_header);
  return expected && *expected == given;
}

ConsentForm YahooSessions::begin_consent() {
  if (consents_.size() >= kConsentsMax) consents_.clear();
  const std::uint64_t seed = next();
  const std::string id = fmt::format("3_cc-session_{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
                                     seed >> 32, (seed >> 16) & 0xffff, seed & 0xfff,
                                     (seed >> 8) & 0xfff, mix(seed) & 0xffffffffffffULL);
  Consent& consent = consents_[id];
  consent.csrf_token = letters(mix(seed), 7);
  return {.csrf_token = consent.csrf_token, .session_id = id};
}

bool YahooSessions::has_consent(std::string_view session_id) const {
  return consents_.contains(session_id);
}

std::optional<ConsentForm> YahooSessions::consent_form(std::string_view session_id) const {
  const auto found = consents_.find(session_id);
  if (found == consents_.end()) return std::nullopt;
  return ConsentForm{.csrf_token = found->second.csrf_token, .session_id = found->first};
}

bool YahooSessions::agree(const QueryParams& form) {
  const auto found = consents_.find(form_value(form, "sessionId"));
  if (found == consents_.end() || form_value(form, "csrfToken") != found->second.csrf_token)
    return false;
  // Clients that cannot repeat a field send "['agree', 'agree']"; the word is what counts.
  if (!form_value(form, "agree").contains("agree")) return false;
  found->second.agreed = true;
  return true;
}

bool YahooSessions::take_agreed(std::string_view session_id) {
  const auto found = consents_.find(session_id);
  if (found == consents_.end() || !found->second.agreed) return false;
  consents_.erase(found);
  return true;
}

std::string_view cookie_value(std::string_view cookie_header, std::string_view name) {
  while (!cookie_header.empty()) {
    const std::size_t end = cookie_header.find(';');
    std::string_view pair = cookie_header.substr(0, end);
    cookie_header.remove_prefix(end == std::string_view::npos ? cookie_header.size() : end + 1);
    pair.remove_prefix(std::min(pair.find_first_not_of(' '), pair.size()));
    if (pair.starts_with(name) && pair.substr(name.size()).starts_with('=')) {
      return pair.substr(name.size() + 1);
    }
  }
  return {};
}

std::string http_date(TimePoint time) {
  constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed",
                                                     "Thu", "Fri", "Sat"};
  constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const Date date = date_of(time);
  const std::chrono::year_month_day ymd(date);
  const std::chrono::hh_mm_ss clock(
      std::chrono::floor<std::chrono::seconds>(time - midnight(date)));
  return fmt::format(
      "{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kDays.at(std::chrono::weekday(date).c_encoding()),
      static_cast<unsigned>(ymd.day()), kMonths.at(static_cast<unsigned>(ymd.month()) - 1),
      static_cast<int>(ymd.year()), clock.hours().count(), clock.minutes().count(),
      clock.seconds().count());
}

}  // namespace vortex
