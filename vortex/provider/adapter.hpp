// How a provider is asked and understood. An adapter says what to send and reads what comes back; it
// has no socket, clock, log, retry or secret. The same bytes always give the same page, so adapters are
// fuzzed, replayed and timed alone. Const and thread-safe.
#pragma once

#include <arrow/type_fwd.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "vortex/base/error.hpp"
#include "vortex/base/http_message.hpp"
#include "vortex/base/secret.hpp"
#include "vortex/model/bars_request.hpp"
#include "vortex/model/corporate_action.hpp"
#include "vortex/model/instrument.hpp"

namespace vortex {

struct IntervalSupport {
  Interval interval;
  std::string_view provider_word;        // "60m" for 1h
  std::optional<Duration> depth;         // how far back it is served; none: to the first trade
  std::optional<Duration> span_max;      // longest range of one call
};

struct Capabilities {
  std::string_view name;                  // "yahoo"
  std::string_view title;                 // "Yahoo Finance"
  std::string_view default_base_url;      // "https://query2.finance.yahoo.com"
  std::vector<IntervalSupport> intervals;
  std::vector<std::string_view> limits;   // defaults in the words of the config: "5/5s"
  int concurrency = 4;
  std::string_view auth;                  // "none", "session", "api_key", …
  std::string_view cost;                  // one line for people
  std::string_view terms;                 // where the provider's terms of use stand
};

// One decoded answer, and the call that continues it where there is one.
struct Page {
  std::shared_ptr<arrow::RecordBatch> bars;   // bar_schema; may have no rows
  std::vector<CorporateAction> actions;
  std::optional<Instrument> instrument;
  std::optional<HttpCall> next;
  std::int64_t slots_empty = 0;       // slots whose prices were all null: no bar, counted
  std::int64_t rows_unfinal = 0;      // bars that can still change and were left out
  std::int64_t rows_outside = 0;      // rows the provider sent outside the range asked
};

class HttpAdapter {
 public:
  virtual ~HttpAdapter() = default;
  virtual const Capabilities& capabilities() const = 0;

  // The provider's spelling of a symbol, or why it has none.
  virtual Result<std::string> map_symbol(const Symbol& symbol) const = 0;

  // The calls that cover request.range, in time order, none longer than the provider allows. `now` is
  // for limits counted from today. Unsupported interval or range: an error that says what is served.
  virtual Result<std::vector<HttpCall>> plan(const BarsRequest& request, TimePoint now) const = 0;

  // Reads one answer. Everything that is not whole, right and about the request is an error.
  virtual Result<Page> decode(const BarsRequest& request, const HttpReply& reply) const = 0;
};

// What a login leaves behind; put into later calls by SessionSteps::apply.
struct Session {
  Headers headers;       // Cookie, …
  QueryParams params;    // crumb, …
  std::optional<TimePoint> expires;
};

// A login as steps, without I/O: begin, then on_reply after each answer until a Session is there.
class SessionSteps {
 public:
  virtual ~SessionSteps() = default;
  // The state between steps belongs to the caller, so that one object serves many logins.
  struct State {
    int step = 0;
    Headers cookies;  // name → value, as far as collected
    std::map<std::string, std::string> fields;
  };
  virtual HttpCall begin(State& state, const SecretString& credential) const = 0;
  virtual Result<std::variant<HttpCall, Session>> on_reply(State& state, const HttpReply& reply) const = 0;
  virtual void apply(const Session& session, HttpCall& call) const = 0;
};

}  // namespace vortex
