// Asks one provider on behalf of everybody in this process: places, the account's guard, retries,
// login and deadlines in one path that no caller can go around. Belongs to the I/O thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "vortex/base/random.hpp"
#include "vortex/base/secret.hpp"
#include "vortex/config/settings.hpp"
#include "vortex/discovery/directory.hpp"
#include "vortex/engine/account.hpp"
#include "vortex/engine/credentials.hpp"
#include "vortex/engine/decode_job.hpp"
#include "vortex/engine/run_status.hpp"
#include "vortex/engine/session_keeper.hpp"
#include "vortex/engine/slots.hpp"
#include "vortex/engine/sync.hpp"
#include "vortex/net/http_transport.hpp"
#include "vortex/provider/registry.hpp"
#include "vortex/runtime/runtime.hpp"

namespace vortex {

// One call to be asked until it has a page or a final error.
struct Question {
  BarsRequest request;
  HttpCall call;
  bool keep_capture = true;
  CallCounts* counts = nullptr;             // where its attempts are counted
  const CalendarBook* calendars = nullptr;  // what its bars are held against; may be null
};

class ProviderClient {
 public:
  // All given must outlive the client. `all_calls` bounds the calls of all providers together.
  struct Parts {
    Runtime* runtime = nullptr;
    HttpTransport* transport = nullptr;
    Slots* all_calls = nullptr;
    Ledger* ledger = nullptr;
    Slots* ledger_turn = nullptr;
    EventBus* events = nullptr;      // may be null
    Directory* directory = nullptr;  // null: the provider has one address
    const Provider* provider = nullptr;
    const ProviderSettings* settings = nullptr;
    const Environment* environment = nullptr;  // where secrets are looked up
    std::uint64_t seed = 0;                    // of the jitter
  };
  static Result<std::unique_ptr<ProviderClient>> create(const Parts& parts);

  const HttpAdapter& adapter() const { return *parts_.provider->adapter; }
  const ProviderSettings& settings() const { return *parts_.settings; }
  const std::string& account() const { return account_.name(); }
  const AccountLimits& limits() const { return account_.limits(); }

  // A checked page or a final error: asked again after passing faults, and once after renewing a
  // refused session. An answer of another form is a page with `refused` where captures are kept.
  Task<CheckedPage> ask(Question question);

  // Asks the provider what of its day is used, where it tells before a call like this one; the
  // ledger is corrected by it. What goes wrong will go wrong again when data is asked for. False
  // where the provider has nothing for this call: another one may tell.
  boost::asio::awaitable<bool> probe_day(HttpCall wanted, CallCounts* counts);

  // Nobody is asked any more with a credential that was refused, until this was called.
  void forget_refusal();

  // While it is open: until when.
  std::optional<Error> open_breaker() const;

  ProviderStatus status() const;

  // What its attempts brought since this was last asked: how the provider is, without asking it.
  struct Traffic {
    std::int64_t good = 0;
    std::int64_t bad = 0;
    std::string last_error;
  };
  Traffic take_traffic() { return std::exchange(traffic_, {}); }
  bool has_traffic() const { return traffic_.good + traffic_.bad > 0; }

  boost::asio::awaitable<void> release() { return account_.release(); }

 private:
  ProviderClient(const Parts& parts, const Account::Parts& account, LoginSecrets login);

  struct Attempt {
    int number = 1;
    bool sent = false;
    bool renewed = false;  // the session
    bool credential_renewed = false;
    std::uint64_t credential = 0;      // the generation it was sent with
    std::optional<Slots::Slot> first;  // held until it is known whether the credential is good
    std::uint64_t session = 0;         // the generation it was sent with
    CallCounts* counts = nullptr;
    bool asked_for_data = false;  // and not only what goes before
    std::vector<EndpointId> tried;
  };
  // Where one attempt goes: the route, and the endpoint to be told how it went.
  struct Way {
    HttpRoute route;
    PickedEndpoint endpoint;
  };

  Task<Slots::Slot> take_place();
  Task<void> wait_for_first(Attempt* attempt);
  Task<void> prepare_credential(Attempt* attempt);
  // Where calls need a session from the first on.
  Task<void> prepare_session(Attempt* attempt);
  // Walks what goes before a call of data; gives the call itself.
  Task<CallSteps::Step> walk_to_data(HttpRoute route, HttpCall wanted, Attempt* attempt,
                                     Deadline deadline);
  Task<HttpReply> exchange_data(HttpRoute route, HttpCall call, Attempt* attempt,
                                SecretMask* secrets);
  void leave_unanswered(Permit permit, const Error& error, const Attempt& attempt);
  boost::asio::awaitable<void> note_used(std::int64_t used_today);
  Task<CheckedPage> attempt(const Question* question, Attempt* attempt);
  void note_page(const CheckedPage& page);
  Result<Way> choose_way(AvoidList tried);
  void settle_endpoint(Way& way, std::optional<ErrorClass> error, Monotonic sent);
  SecretMask secrets_of_calls() const;
  // One for all that an attempt sends: the breaker waits for an attempt no longer.
  Deadline call_deadline() const;
  Task<HttpReply> exchange(HttpRoute route, HttpCall call, CallCounts* counts, Deadline deadline);
  Task<HttpReply> login_step(HttpCall call);
  // After a failed attempt: waits or renews, or gives the error back because it is final.
  Task<void> before_next_attempt(Error error, Attempt* attempt);
  Task<void> after_refused_credential(Error error, Attempt* attempt);
  Task<void> after_failed_login(Error error);
  Error refuse(Error error);
  boost::asio::awaitable<void> close_account(Error error, Duration pause);
  Error described(Error error, const Question& question, const Attempt& attempt) const;
  void note_connection(const Result<HttpReply>& reply);
  void note_failed_attempt(const Error& error, const Question& question);
  void note_failure(const Error& error);
  void publish(Event event) const;

  Parts parts_;
  HttpRoute route_;
  Slots places_;
  Account account_;
  LoginSecrets login_;  // that the session's steps begin with
  SessionKeeper session_;
  std::unique_ptr<Credential> credential_;
  Slots first_;  // until a credential was proven one call goes at a time
  bool is_proven_ = false;
  std::optional<Error> refused_;  // the credential; told to all who come later
  Random random_;
  CallCounts counts_;  // of all questions
  CallCounts logins_;  // not yet put to a question's account
  Traffic traffic_;
  bool connected_ = false;
  std::string last_error_;
  std::optional<TimePoint> last_error_at_;
};

}  // namespace vortex
