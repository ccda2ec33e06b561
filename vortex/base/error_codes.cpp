#include "vortex/base/error_codes.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>

#include <fmt/format.h>

namespace vortex {
namespace {

constexpr bool kRetry = true;
constexpr bool kFinal = false;

constexpr auto kTable = std::to_array<ErrorEntry>({
    {ErrorCode::resolve, ErrorClass::resolve, kRetry, "the host name could not be resolved",
     "DNS did not answer, or answered that the name does not exist. Ad blockers and company "
     "resolvers sink some provider hosts.",
     "check the network and DNS for that host; behind a filter, allow it"},
    {ErrorCode::tls, ErrorClass::tls, kFinal, "the TLS handshake or certificate check failed",
     "The certificate is expired, for another host, or signed by an authority this machine does "
     "not "
     "trust; or the connection was intercepted by a proxy with its own authority.",
     "set providers.NAME.ca_file to the authority's PEM file; never switch verification off"},
    {ErrorCode::network, ErrorClass::network, kRetry, "the connection failed or was lost",
     "The provider refused or reset the connection, or the network went away.",
     "run the command again; what was committed is kept and will not be asked again"},
    {ErrorCode::timeout, ErrorClass::timeout, kRetry, "the provider did not answer in time",
     "Connecting, reading or the whole attempt took longer than the provider's connect_timeout, "
     "read_timeout or breaker.call_timeout.",
     "run the command again, or raise that setting of providers.NAME"},
    {ErrorCode::deadline, ErrorClass::deadline, kRetry, "the call's deadline passed",
     "The caller's own time was up before an answer was there.",
     "run the command again, or give it more time"},
    {ErrorCode::cancelled, ErrorClass::cancelled, kRetry, "the call was cancelled",
     "The command was interrupted, or its group was stopped.", "run the command again"},
    {ErrorCode::redirect_refused, ErrorClass::network, kFinal, "a redirect was refused",
     "The answer redirected to an address that must not be followed: a private or local one, "
     "another "
     "protocol, from https down to http, or for the sixth time.",
     "check providers.NAME.base_url; a proxy or captive portal may stand in between"},
    {ErrorCode::proxy_authentication, ErrorClass::authentication, kFinal,
     "the proxy wants a user and password", "The HTTP proxy in between answered 407.",
     "put the credentials into providers.NAME.proxy (http://user:password@host:port)"},
    {ErrorCode::local_resource, ErrorClass::network, kRetry, "this machine ran out of a resource",
     "No file descriptors, sockets or memory were left for another connection.",
     "raise the limit on open files (ulimit -n) or lower `concurrency`"},

    {ErrorCode::rate_limited, ErrorClass::rate_limited, kRetry,
     "the provider says: too many requests",
     "More calls were made than the provider allows, by this program or by another one that shares "
     "the "
     "address or the key.",
     "wait until the time given; lower providers.NAME.limits if it returns"},
    {ErrorCode::quota_exhausted, ErrorClass::quota_exhausted, kRetry, "the allowance is used up",
     "The account's allowance for the day, or another long window, is spent.",
     "run the command again after the reset; it goes on where it stopped"},
    {ErrorCode::banned, ErrorClass::banned, kFinal, "the provider blocks this address or client",
     "The provider refused without looking at the request: a block of the network address or of "
     "the "
     "client's kind, not a count of requests.",
     "wait some hours; try from another network; see the provider's page in docs/ for its walls"},
    {ErrorCode::session_refused, ErrorClass::authentication, kRetry,
     "the provider refused the session",
     "Cookie and token did not fit together or had expired, also after one renewal.",
     "run the command again; if it stays, the provider changed its login"},
    {ErrorCode::authorization, ErrorClass::authorization, kFinal,
     "the account may not have this data",
     "The credentials are good but the plan does not include what was asked.",
     "check the provider's plan, or ask another provider (--provider)"},
    {ErrorCode::server, ErrorClass::server, kRetry, "the provider has a fault of its own",
     "The provider answered with a 5xx status or a page that says it is down.",
     "run the command again later; the rest of the job was not affected"},
    {ErrorCode::client, ErrorClass::client, kFinal, "the provider rejected the request",
     "The provider says that the request is not valid.",
     "check symbol, interval and range; if they are right, report it with the evidence"},
    {ErrorCode::consent_wall, ErrorClass::authentication, kFinal,
     "the provider wants a consent first",
     "From this network the provider answers with a consent page instead of data, and giving the "
     "consent did not help.",
     "open the provider's page in a browser once, or try from another network"},
    {ErrorCode::range_limit, ErrorClass::client, kFinal,
     "the range is older or longer than the provider serves",
     "Intraday history reaches back only so far; the provider's limits stand in `vortex "
     "providers`.",
     "ask a later --since or a coarser --interval"},
    {ErrorCode::authentication, ErrorClass::authentication, kFinal, "the credentials were refused",
     "The key or password is wrong, expired or missing.",
     "check providers.NAME.api_key (env:NAME, file:PATH) and the account"},

    {ErrorCode::breaker_open, ErrorClass::breaker_open, kRetry, "calls to the provider are paused",
     "Several calls failed in a row; the provider gets a pause before it is probed again.",
     "wait until the time given"},
    {ErrorCode::bulkhead_full, ErrorClass::bulkhead_full, kRetry, "too much work is waiting",
     "The queue for this provider is at its bound.",
     "ask for less at once, or raise `concurrency`"},
    {ErrorCode::draining, ErrorClass::draining, kRetry, "the program is shutting down",
     "No new work is taken while running work is brought to an end.", "start the command again"},
    {ErrorCode::deferred, ErrorClass::deferred, kRetry, "the work was put off",
     "The allowance does not reach today; the planner left this for later by priority.",
     "run the command again after the reset; `vortex status` shows when"},

    {ErrorCode::bad_payload, ErrorClass::bad_payload, kRetry, "the answer is not what it should be",
     "The body is empty, no valid document, or lacks what it must have. Nothing of it was stored.",
     "run the command again; if it stays, the provider changed its format: report it"},
    {ErrorCode::truncated, ErrorClass::truncated, kRetry, "the answer was cut off",
     "The connection ended before the whole body had come. Nothing of it was stored.",
     "run the command again"},
    {ErrorCode::schema, ErrorClass::schema, kFinal, "the data has another form than expected",
     "A column or member is missing, renamed or of another type.",
     "compare the names in the message with the file or the provider's documentation"},
    {ErrorCode::mismatch, ErrorClass::mismatch, kRetry, "the answer is about something else",
     "Symbol, interval or range in the answer are not those that were asked. Nothing of it was "
     "stored.",
     "check the symbol's spelling for this provider ([symbols] maps it)"},
    {ErrorCode::stale, ErrorClass::stale, kRetry, "the answer is old",
     "The provider repeats an old answer although newer data must exist.",
     "run the command again later"},
    {ErrorCode::quality, ErrorClass::quality, kFinal, "rows failed the quality checks",
     "Rows contradict themselves or their neighbours; they stand in quarantine with their reasons.",
     "look at the report; without --strict such rows are a warning"},
    {ErrorCode::body_too_large, ErrorClass::bad_payload, kFinal, "the answer is too large",
     "The body, or its decompressed form, passed the limit; it may be hostile.",
     "if it is honest, raise providers.NAME.body_bytes_max"},
    {ErrorCode::html_instead, ErrorClass::bad_payload, kRetry, "a web page came instead of data",
     "The provider, a proxy or a captive portal answered with HTML.",
     "open the provider's page in a browser on this network; run the command again later"},

    {ErrorCode::not_found, ErrorClass::not_found, kFinal, "the provider does not know this symbol",
     "The symbol is misspelt, needs an exchange suffix, or is delisted.",
     "check the spelling; [symbols] in vortex.toml maps your spelling to the provider's"},
    {ErrorCode::empty, ErrorClass::empty, kFinal, "there is no data in the range",
     "The provider answered, and has no bars there.", "ask another range"},

    {ErrorCode::usage, ErrorClass::usage, kFinal, "the command was not understood",
     "An argument is missing, unknown or contradicts another one.", "see vortex --help"},
    {ErrorCode::unknown_name, ErrorClass::usage, kFinal, "there is nothing of that name",
     "A command, flag, interval, provider or format was misspelt.",
     "use the nearest valid name given"},
    {ErrorCode::bad_symbol, ErrorClass::usage, kFinal, "that cannot be a symbol",
     "A symbol is 1 to 40 of A-Z a-z 0-9 ^ = . $ & * + : / _ - and space, without '..'.",
     "check the symbol"},
    {ErrorCode::bad_time, ErrorClass::usage, kFinal, "that is not a date or time",
     "Dates are YYYY-MM-DD; times are ISO 8601 with a zone, such as 2024-01-02T14:30:00Z.",
     "write the date as YYYY-MM-DD"},
    {ErrorCode::unsupported, ErrorClass::usage, kFinal, "the provider does not serve that",
     "The provider has no such interval or kind of data.",
     "`vortex providers` shows what each one serves"},
    {ErrorCode::config, ErrorClass::config, kFinal, "the configuration is not valid",
     "A value has the wrong type or unit, or is impossible.",
     "mend the key at the place given; `vortex config check` tells whether it is right"},
    {ErrorCode::config_unknown_key, ErrorClass::config, kFinal,
     "the configuration has an unknown key", "A key is misspelt or belongs to another section.",
     "use the nearest valid key given"},

    {ErrorCode::storage, ErrorClass::storage, kFinal, "the disk or file system failed",
     "Reading or writing the dataset did not work. The last committed version is intact.",
     "check the path, its permissions and the disk, then run the command again"},
    {ErrorCode::disk_full, ErrorClass::storage, kFinal, "the disk is full",
     "There was no space left for new files. The last committed version is intact.",
     "free space and run the command again; it goes on where it stopped"},
    {ErrorCode::commit_conflict, ErrorClass::storage, kRetry,
     "other writers kept winning the commit",
     "Another process committed to the same table each time this one tried.",
     "run the command again, or let fewer processes write at once"},
    {ErrorCode::not_a_dataset, ErrorClass::usage, kFinal, "there is no dataset at that path",
     "The path does not exist, is a file, or holds something else.",
     "check --store; `vortex sync` makes a new dataset in an empty or new directory"},
    {ErrorCode::newer_protocol, ErrorClass::storage, kFinal, "the table needs a newer program",
     "Another program raised the Delta protocol of this table beyond what Vortex reads or writes.",
     "upgrade vortex, or read the table with the program that changed it"},
    {ErrorCode::corrupt, ErrorClass::storage, kFinal, "a stored file is damaged",
     "A file of the dataset is missing, cut, or does not match its record.",
     "restore the file from a backup; the rest of the dataset stays readable"},
    {ErrorCode::unsafe_path, ErrorClass::usage, kFinal, "that path is not safe to write",
     "The path is a symbolic link, belongs to another user, or can be written by everybody.",
     "choose a directory of your own"},

    {ErrorCode::internal, ErrorClass::internal, kFinal, "a fault in vortex itself",
     "A state was met that should be impossible. Nothing more was written.",
     "report it with the command and this message"},
});

static_assert(std::ranges::is_sorted(kTable, {}, &ErrorEntry::code));

}  // namespace

std::span<const ErrorEntry> error_table() {
  return kTable;
}

const ErrorEntry& error_entry(ErrorCode code) {
  const auto* entry = std::ranges::lower_bound(kTable, code, {}, &ErrorEntry::code);
  assert(entry != kTable.end() && entry->code == code);
  return *entry;
}

std::optional<ErrorCode> parse_error_code(std::string_view text) {
  if (text.size() > 3 && (text[0] == 'V' || text[0] == 'v') && (text[1] == 'X' || text[1] == 'x') &&
      text[2] == '-') {
    text.remove_prefix(3);
  }
  std::uint16_t number = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (ec != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  const auto* entry = std::ranges::find(
      kTable, number, [](const ErrorEntry& e) { return static_cast<std::uint16_t>(e.code); });
  if (entry == kTable.end()) return std::nullopt;
  return entry->code;
}

std::string to_string(ErrorCode code) {
  return fmt::format("VX-{:04}", static_cast<int>(code));
}

std::string_view to_string(ErrorClass error_class) {
  switch (error_class) {
    case ErrorClass::resolve: return "resolve";
    case ErrorClass::tls: return "tls";
    case ErrorClass::network: return "network";
    case ErrorClass::timeout: return "timeout";
    case ErrorClass::deadline: return "deadline";
    case ErrorClass::cancelled: return "cancelled";
    case ErrorClass::rate_limited: return "rate_limited";
    case ErrorClass::quota_exhausted: return "quota_exhausted";
    case ErrorClass::banned: return "banned";
    case ErrorClass::authentication: return "authentication";
    case ErrorClass::authorization: return "authorization";
    case ErrorClass::server: return "server";
    case ErrorClass::client: return "client";
    case ErrorClass::breaker_open: return "breaker_open";
    case ErrorClass::bulkhead_full: return "bulkhead_full";
    case ErrorClass::draining: return "draining";
    case ErrorClass::deferred: return "deferred";
    case ErrorClass::bad_payload: return "bad_payload";
    case ErrorClass::truncated: return "truncated";
    case ErrorClass::schema: return "schema";
    case ErrorClass::mismatch: return "mismatch";
    case ErrorClass::stale: return "stale";
    case ErrorClass::quality: return "quality";
    case ErrorClass::not_found: return "not_found";
    case ErrorClass::empty: return "empty";
    case ErrorClass::usage: return "usage";
    case ErrorClass::config: return "config";
    case ErrorClass::storage: return "storage";
    case ErrorClass::internal: return "internal";
  }
  return "internal";
}

int exit_code(ErrorClass error_class) {
  switch (error_class) {
    case ErrorClass::empty: return 0;  // an empty answer is not a failure
    case ErrorClass::usage:
    case ErrorClass::not_found:
    case ErrorClass::client: return 2;
    case ErrorClass::authentication:
    case ErrorClass::authorization: return 3;
    case ErrorClass::resolve:
    case ErrorClass::tls:
    case ErrorClass::network:
    case ErrorClass::timeout:
    case ErrorClass::deadline:
    case ErrorClass::server:
    case ErrorClass::rate_limited:
    case ErrorClass::banned:
    case ErrorClass::breaker_open:
    case ErrorClass::bulkhead_full:
    case ErrorClass::draining: return 4;
    case ErrorClass::quota_exhausted:
    case ErrorClass::deferred: return 5;
    case ErrorClass::bad_payload:
    case ErrorClass::truncated:
    case ErrorClass::schema:
    case ErrorClass::mismatch:
    case ErrorClass::stale:
    case ErrorClass::quality: return 6;
    case ErrorClass::storage: return 7;
    case ErrorClass::config: return 78;
    case ErrorClass::cancelled: return 130;
    case ErrorClass::internal: return 1;
  }
  return 1;
}

}  // namespace vortex
