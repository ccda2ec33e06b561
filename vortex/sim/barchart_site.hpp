// Answers as Barchart's website would to one who downloads files from it: the login page with a
// token in it, the login, a contract's page, the question about the allowance, the download. Counts
// downloads of an account against its day, refuses at the allowance, and on demand shows plain
// clients pages without a token, as the site does since the autumn of 2026. Belongs to the I/O
// thread.
//
//   GET  /login                    hidden _token; cookies laravel_session, XSRF-TOKEN
//   POST /login                    email, password, _token; 302 to / or, refused, to /login
//   GET  /…/quotes/SYM/historical-download    meta csrf-token; a fresh XSRF-TOKEN
//   POST /my/download              onlyCheckPermissions=true: {"success":true,"count":N} or
//                                  {"error":…}; else the file
//   GET  /logout
//
// Each XSRF-TOKEN is good for one POST of its session.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>

#include "vortex/base/http_message.hpp"
#include "vortex/net/http_server.hpp"
#include "vortex/sim/day_calls.hpp"
#include "vortex/sim/market.hpp"

namespace vortex {

class BarchartSite {
 public:
  // `day_downloads` of each account, anew at midnight in Chicago; 0: no end.
  BarchartSite(std::uint64_t seed, std::int64_t day_downloads);

  // What a request is about, for counts and faults.
  struct Subject {
    std::string kind;    // login_page, login, page, check, download, front; empty: not the site's
    std::string symbol;  // as Barchart writes it
  };
  Subject subject_of(const ServerRequest& request) const;

  struct Answer {
    ServerReply reply;
    bool over_allowance = false;  // a download was asked for that the day does not hold
  };
  Answer answer(const ServerRequest& request, Market& market, TimePoint now);

  // Plain clients get pages without a token; those who are logged in stay so.
  void block(bool blocked) { blocked_ = blocked; }
  void end_sessions();
  void reset();

 private:
  struct Session {
    std::string user;  // empty: nobody
    std::string csrf;
    std::deque<std::string> xsrf;  // given out and not used
  };

  ServerReply login_page(const ServerRequest& request);
  ServerReply log_in(const ServerRequest& request);
  ServerReply contract_page(const ServerRequest& request, Market& market);
  Answer my_download(const ServerRequest& request, Market& market, TimePoint now);
  ServerReply file(const QueryParams& form, Market& market, TimePoint now);

  Session* session_of(const ServerRequest& request);
  Session& open_session(ServerReply& reply, std::string user);
  void give_xsrf(Session& session, ServerReply& reply);
  bool take_xsrf(Session& session, const ServerRequest& request);
  std::string token(std::size_t length);

  std::uint64_t seed_;
  std::int64_t tokens_ = 0;
  DayCalls downloads_;  // by account
  bool blocked_ = false;
  std::map<std::string, Session, std::less<>> sessions_;  // by laravel_session
};

}  // namespace vortex
