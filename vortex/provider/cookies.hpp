// Cookies of one site as names and values, for logins that are walked step by step. Nothing is
// kept of a cookie but that: the site is one host to us. Domains match as in RFC 6265 §5.1.3.
// Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "vortex/base/error.hpp"
#include "vortex/base/http_message.hpp"

namespace vortex {

struct CookieSite {
  std::string_view host;         // cookies for it and for the domains above it are the site's
  std::size_t cookies_max = 64;  // what comes beyond them is dropped
};

// Takes the cookies an answer sets for the site; one that is empty or over takes its name away.
// Bounded in number and length; what could end a header is dropped.
void keep_cookies(Headers& cookies, const HttpReply& reply, const CookieSite& site);

// A Cookie header's value ("a=1; b=2"), and what one holds.
std::string cookie_line(const Headers& cookies);
Headers cookies_of_line(std::string_view line);

// The value of one; empty where there is none.
std::string_view cookie_value_of(const Headers& cookies, std::string_view name);

struct CookieFile {
  Headers cookies;  // of the site, alive at `now`
  int expired = 0;
};
// A browser's cookies.txt: seven fields with tabs between them, as curl and wget write it.
// `authentication`, which shows nothing of it, where the text is none or holds none of the site.
Result<CookieFile> read_cookie_file(std::string_view text, const CookieSite& site, TimePoint now);

}  // namespace vortex
