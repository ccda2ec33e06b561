// How a provider is asked and understood. An adapter says what to send and reads what comes back;
// it has no socket, clock, log, retry or secret. The same bytes always give the same page, so
// adapters are fuzzed, replayed and timed alone. Const and thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <arrow/type_fwd.h>

#include "vortex/base/error.hpp"
#include "vortex/base/http_message.hpp"
#include "vortex/base/secret.hpp"
#include "vortex/model/bars_request.hpp"
#include "vortex/model/corporate_action.hpp"
#include "vortex/model/instrument.hpp"

namespace vortex {

struct IntervalSupport {
  Interval interval;
  std::string_view provider_word;    // "60m" for 1h
  std::optional<Duration> depth;     // how far back it is served; none: to the first trade
  std::optional<Duration> span_max;  // longest range of one call
};

struct Capabilities {
  std::string_view name;              // "yahoo"
  std::string_view title;             // "Yahoo Finance"
  std::string_view default_base_url;  // "https://query2.finance.yahoo.com"
  std::vector<IntervalSupport> intervals;
  std::vector<std::string_view> limits;  // defaults in the words of the config: "5/5s"
  int concurrency = 4;
  // "none", "api_key", "basic", "oauth2"; "session": calls go without one until session_refused
  // says otherwise, then SessionSteps makes one and the call is sent once more.
  std::string_view auth;
  // Where the engine puts an API key into each call, just before it is sent: "query:apikey",
  // "header:X-Api-Key"; empty without one. Adapters never see the key.
  std::string_view credential_place;
  std::string_view cost;   // one line for people
  std::string_view terms;  // where the provider's terms of use stand
};

// What the provider has for an interval, or `unsupported` with the list of what it serves.
Result<IntervalSupport> find_interval(const Capabilities& capabilities, Interval interval);

// Depth is counted on the provider's clock to the second; so much less is asked.
inline constexpr Duration kDepthSafety = std::chrono::seconds(60);

// The part of request.range that the provider still serves at `now`: all of it, or what is left
// after cutting the front that lies deeper than the interval's depth (a caller tells people what
// was cut by comparing with request.range.start). Never outside the years 1900 to 2100, in which
// arithmetic with spans is safe. `range_limit` with the earliest time served when nothing is left;
// `unsupported` for the interval; `usage` for an empty range.
Result<TimeRange> served_range(const Capabilities& capabilities, const BarsRequest& request,
                               TimePoint now);

// The whole bars of days, weeks or months that hold the range, for a provider that would build one
// from a part of it; an intraday range as it is.
TimeRange whole_bars(Interval interval, TimeRange range);

// One decoded answer, and the call that continues it where there is one.
struct Page {
  std::shared_ptr<arrow::RecordBatch> bars;  // bar_schema; never null, may have no rows
  std::vector<CorporateAction> actions;      // ascending by ex_date
  std::optional<Instrument> instrument;
  std::optional<HttpCall> next;
  std::int64_t slots_empty = 0;         // slots whose prices were all null: no bar, counted
  std::int64_t rows_unfinal = 0;        // bars that can still change and were left out
  std::int64_t rows_outside = 0;        // rows the provider sent outside the range asked
  std::int64_t actions_unreadable = 0;  // splits of 0, dividends that are no number: left out
};

class HttpAdapter {
 public:
  virtual ~HttpAdapter() = default;
  virtual const Capabilities& capabilities() const = 0;

  // The provider's spelling of a symbol, or why it has none.
  virtual Result<std::string> map_symbol(const Symbol& symbol) const = 0;

  // The calls that cover served_range(request, now), in time order, none longer than the provider
  // allows. Unsupported interval or range: an error that says what is served.
  virtual Result<std::vector<HttpCall>> plan(const BarsRequest& request, TimePoint now) const = 0;

  // The part of request.range that one call of its plan asks for. Decode each answer with the
  // request narrowed to it: what a provider adds from elsewhere (a live row behind old bars) then
  // counts as outside, and no bar comes in two pages. All of the range unless the adapter splits.
  virtual TimeRange range_of(const BarsRequest& request, const HttpCall& call) const;

  // Reads one answer. Everything that is not whole, right and about the request is an error; no
  // data in the range is a page without rows. reply.received_at decides which bars are final.
  virtual Result<Page> decode(const BarsRequest& request, const HttpReply& reply) const = 0;
};

// request.provider_symbol, or else what the adapter maps the symbol to.
Result<std::string> spelling_of(const HttpAdapter& adapter, const BarsRequest& request);

// `bad_symbol`: nothing at the provider can be written so. The hint says where the user names it,
// after `look_up`: where the name is found, as "look it up with …".
Error no_spelling(const Capabilities& capabilities, const Symbol& symbol,
                  std::string_view look_up = {});

// What a login leaves behind; put into later calls by SessionSteps::apply.
struct Session {
  Headers headers;     // Cookie, …
  QueryParams params;  // crumb, …
  std::optional<TimePoint> expires;
};

// What the user gave for a login.
struct LoginSecrets {
  SecretString user_password;  // "user:password"; empty: none
  SecretString cookies;        // the text of a browser's cookies.txt; empty: none
};

// A login as steps, without I/O: begin, then on_reply after each answer until a Session is there.
// The number of steps is bounded by the implementation.
class SessionSteps {
 public:
  virtual ~SessionSteps() = default;
  // The state between steps belongs to the caller, so that one object serves many logins.
  struct State {
    int step = 0;
    Headers cookies;  // name → value, as far as collected
    std::map<std::string, std::string> fields;
  };
  // A session that needs no call; none: begin makes one. `refused`: the provider no longer takes
  // the one that was given before. Fails with authentication where nothing was given to begin with.
  virtual Result<std::optional<Session>> given(const LoginSecrets& /*secrets*/, TimePoint /*now*/,
                                               bool /*refused*/) const {
    return std::nullopt;
  }
  virtual HttpCall begin(State& state, const SecretString& credential) const = 0;
  virtual Result<std::variant<HttpCall, Session>> on_reply(State& state,
                                                           const HttpReply& reply) const = 0;
  // Replaces what an earlier session put in.
  virtual void apply(const Session& session, HttpCall& call) const;
};

// What a website wants to be asked before each call of data, without I/O, as a login is: the page
// that the call belongs to, whether the allowance reaches. A session is there when they begin.
// Their number is bounded by the implementation.
class CallSteps {
 public:
  virtual ~CallSteps() = default;
  // Belongs to the caller: one object serves many calls.
  struct State {
    int step = 0;
    HttpCall wanted;  // of the adapter's plan
    Headers cookies;  // name → value
    std::map<std::string, std::string> fields;
  };
  struct Step {
    HttpCall call;
    bool is_data = false;  // its answer is for the adapter to decode
    SecretString token;    // in the call's body; masked where an answer repeats it
    // What the answer said of the account's day: calls of data made so far.
    std::optional<std::int64_t> used_today;
  };
  // `wanted` carries the session.
  virtual HttpCall begin(State& state, HttpCall wanted) const = 0;
  virtual Result<Step> on_reply(State& state, const HttpReply& reply) const = 0;
};

}  // namespace vortex
