// Yahoo's anonymous sessions: the A3 cookie, the crumb that belongs to it, and the consent pages by
// which European visitors get the cookie. Given out from the seed, so that a run can be repeated.
// Belongs to the I/O thread.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "vortex/base/http_message.hpp"
#include "vortex/base/time.hpp"

namespace vortex {

struct ConsentForm {
  std::string csrf_token;
  std::string session_id;
};

class YahooSessions {
 public:
  explicit YahooSessions(std::uint64_t seed) : key_(seed) {}

  // A new session; the value of its A3 cookie ("d=…&S=…").
  std::string open();
  // The crumb of the session this Cookie header names; none when it names no living one.
  std::optional<std::string> crumb(std::string_view cookie_header) const;
  bool accepts(std::string_view cookie_header, std::string_view given) const;
  void end_all() {
    crumbs_.clear();
    order_.clear();
  }

  // Consent: a form is handed out, must come back agreed, and then gives one session.
  ConsentForm begin_consent();
  bool has_consent(std::string_view session_id) const;
  std::optional<ConsentForm> consent_form(std::string_view session_id) const;
  bool agree(const QueryParams& form);
  bool take_agreed(std::string_view session_id);

 private:
  std::uint64_t next();

  struct Consent {
    std::string csrf_token;
    bool agreed = false;
  };
  std::uint64_t key_;
  std::uint64_t count_ = 0;
  std::map<std::string, std::string, std::less<>> crumbs_;  // by A3
  std::deque<std::string> order_;                           // oldest first
  std::map<std::string, Consent, std::less<>> consents_;
};

// The value of one cookie in a Cookie header; empty when absent.
std::string_view cookie_value(std::string_view cookie_header, std::string_view name);

// Sun, 06 Nov 1994 08:49:37 GMT
std::string http_date(TimePoint time);

}  // namespace vortex
