// getHistory.json → columns: one walk over the document with simdjson.
#include <array>
#include <utility>

#include <simdjson.h>

#include "vortex/provider/barchart/barchart_errors.hpp"
#include "vortex/provider/barchart/barchart_rows.hpp"
#include "vortex/provider/barchart/barchart_stamp.hpp"
#include "vortex/provider/http_status.hpp"
#include "vortex/provider/json_error.hpp"

namespace vortex {
namespace {

namespace json = simdjson::ondemand;
using simdjson::error_code;

constexpr std::size_t kShownMax = 60;
constexpr std::size_t kNamesMax = 200;

struct NumberMember {
  std::string_view name;
  BarColumn column;
  bool wanted;
};
constexpr auto kNumbers = std::to_array<NumberMember>({{"open", kOpen, true},
                                                       {"high", kHigh, true},
                                                       {"low", kLow, true},
                                                       {"close", kClose, true},
                                                       {"volume", kVolume, true},
                                                       {"openInterest", kOpenInterest, false}});

class JsonWalk {
 public:
  JsonWalk(const BarchartQuery& query, const HttpReply& reply)
      : query_(query), reply_(reply), by_session_(!is_intraday(query.request.interval)) {}

  Result<BarchartRows> read() {
    const Body& body = reply_.body;
    const simdjson::padded_string_view view(body.data(), body.size(),
                                            body.size() + Body::kBodyPadding);
    if (const auto error = parser_.iterate(view).get(document_)) return broken("", error);
    opened_ = true;
    json::object root;
    if (const auto error = document_.get_object().get(root)) return broken("", error);
    for (auto field : root) {
      std::string_view key;
      json::value value;
      if (const auto error = field.unescaped_key().get(key)) return broken("", error);
      if (const auto error = field.value().get(value)) return broken(key, error);
      names_ += (names_.empty() ? "'" : ", '") + untrusted(key, kShownMax) + "'";
      if (key == "status") {
        VORTEX_TRY_VOID(read_status(value));
      } else if (key == "results") {
        if (std::exchange(seen_results_, true)) {
          return bad(ErrorCode::bad_payload, "results comes twice");
        }
        VORTEX_TRY_VOID(read_results(value));
      }
    }
    if (document_.current_location().error() != simdjson::OUT_OF_BOUNDS) {
      return broken("after the document", simdjson::TRAILING_CONTENT);
    }
    return whole();
  }

 private:
  std::unexpected<Error> bad(ErrorCode code, std::string message) const {
    return std::unexpected(reply_error(code, std::move(message), reply_));
  }

  std::unexpected<Error> broken(std::string_view where, error_code error) {
    const char* location = nullptr;
    if (opened_ && document_.current_location().get(location)) location = nullptr;
    return std::unexpected(json_error(where, error, location, reply_));
  }

  std::string here(std::string_view member) const {
    return "results[" + std::to_string(count_) + "]." + std::string(member);
  }

  Result<void> read_status(json::value value) {
    json::object object;
    if (const auto error = value.get_object().get(object)) return broken("status", error);
    BarchartStatus status;
    for (auto field : object) {
      std::string_view key;
      json::value member;
      if (const auto error = field.unescaped_key().get(key)) return broken("status", error);
      if (const auto error = field.value().get(member)) return broken("status", error);
      if (key == "code") {
        std::int64_t code = 0;
        if (const auto error = member.get_int64().get(code)) return broken("status.code", error);
        status.code = static_cast<int>(code);
        seen_status_ = true;
      } else if (key == "message") {
        std::string_view text;
        if (const auto error = member.get_string().get(text)) {
          return broken("status.message", error);
        }
        status.message = text;
      }
    }
    status_error_ = barchart_status_error(status, reply_);
    return {};
  }

  Result<void> read_results(json::value value) {
    json::array results;
    if (const auto wrong = value.get_array().get(results)) {
      bool is_null = false;
      if (const auto error = value.is_null().get(is_null)) return broken("results", error);
      if (!is_null) return broken("results", wrong);
      results_are_null_ = true;
      return {};
    }
    constexpr std::size_t kRowBytesGuess = 150;
    rows_.bars.reserve(reply_.body.size() / kRowBytesGuess);
    for (auto element : results) {
      json::object row;
      if (const auto error = element.get_object().get(row)) {
        return broken("results[" + std::to_string(count_) + "]", error);
      }
      VORTEX_TRY_VOID(read_row(row));
      ++count_;
    }
    return {};
  }

  Result<void> read_row(json::object row) {
    std::array<double, kNumbers.size()> numbers{};
    numbers.fill(BarBatchBuilder::kMissing);
    unsigned seen = 0;
    seen_ = {};
    for (auto field : row) {
      std::string_view key;
      json::value value;
      if (const auto error = field.unescaped_key().get(key)) return broken(here(""), error);
      if (const auto error = field.value().get(value)) return broken(here(key), error);
      if (key == "symbol" || key == "timestamp" || key == "tradingDay") {
        VORTEX_TRY_VOID(read_text(key, value));
        continue;
      }
      for (std::size_t i = 0; i < kNumbers.size(); ++i) {
        if (key != kNumbers[i].name) continue;
        if ((seen & (1U << i)) != 0) return bad(ErrorCode::bad_payload, here(key) + " comes twice");
        seen |= 1U << i;
        VORTEX_TRY_VOID(read_number(key, value, numbers[i]));
        break;
      }
    }
    if (auto missing = missing_member(seen)) return bad(ErrorCode::schema, shown(*missing, row));
    rows_.bars.timestamps().append(by_session_ && seen_.day ? days_.micros()
                                   : by_session_            ? stamps_.day_micros()
                                                            : stamps_.micros());
    for (std::size_t i = 0; i < kNumbers.size(); ++i) {
      rows_.bars.column(kNumbers[i].column).append(numbers[i]);
    }
    return {};
  }

  std::optional<std::string_view> missing_member(unsigned seen) const {
    for (std::size_t i = 0; i < kNumbers.size(); ++i) {
      if (kNumbers[i].wanted && (seen & (1U << i)) == 0) return kNumbers[i].name;
    }
    if (!seen_.stamp) return "timestamp";
    if (!seen_.symbol) return "symbol";
    return std::nullopt;
  }

  // Both forms: what a row must have, and what this one has.
  std::string shown(std::string_view missing, json::object& row) const {
    std::string names;
    if (!row.reset().error()) {
      for (auto field : row) {
        std::string_view key;
        if (field.unescaped_key().get(key) || names.size() > kNamesMax) break;
        names += (names.empty() ? "'" : ", '") + std::string(key) + "'";
      }
    }
    return here(missing) + " is missing: the row has " + untrusted(names, kNamesMax) +
           "; expected symbol, timestamp, open, high, low, close, volume";
  }

  Result<void> read_number(std::string_view key, json::value& value, double& out) {
    if (value.get_double().get(out) == simdjson::SUCCESS) [[likely]] {
      return {};
    }
    out = BarBatchBuilder::kMissing;
    json::json_type type{};
    if (const auto error = value.type().get(type)) return broken(here(key), error);
    if (type == json::json_type::null) {
      bool is_null = false;
      if (const auto error = value.is_null().get(is_null)) return broken(here(key), error);
      if (!is_null) return broken(here(key), simdjson::N_ATOM_ERROR);
      return {};
    }
    if (type == json::json_type::number) return broken(here(key), simdjson::NUMBER_ERROR);
    return bad(ErrorCode::schema, here(key) + " is no number; a number such as 412.5 is expected");
  }

  Result<void> read_text(std::string_view key, json::value& value) {
    std::string_view text;
    if (const auto error = value.get_string().get(text)) return broken(here(key), error);
    if (key == "symbol") return read_symbol(text);
    const bool is_day = key == "tradingDay";
    (is_day ? seen_.day : seen_.stamp) = true;
    BarchartStamps& stamps = is_day ? days_ : stamps_;
    // Stamps read a little past a text's end; the document's own bytes may stand there.
    constexpr std::size_t kStampMax = 32;
    std::array<char, kStampMax + 32> copy{};
    if (text.size() <= kStampMax) text.copy(copy.data(), text.size());
    const bool known = count_ > 0 || stamps.learn(text);
    const bool formed = is_day ? !stamps.has_time() : stamps.has_zone();
    if (known && formed && text.size() <= kStampMax &&
        stamps.read(copy.data()) == copy.data() + text.size()) {
      return {};
    }
    return bad(ErrorCode::schema, here(key) + ": '" + untrusted(text, kShownMax) +
                                      "' came, expected " +
                                      (is_day ? "2020-05-01" : "2020-05-01T00:00:00-04:00"));
  }

  Result<void> read_symbol(std::string_view text) {
    seen_.symbol = true;
    if (rows_.symbol == text && count_ > 0) return {};
    if (!barchart_same_symbol(query_.symbol, text)) {
      return bad(ErrorCode::mismatch, "asked for " + std::string(query_.symbol) + ", " +
                                          here("symbol") + " is '" + untrusted(text, kShownMax) +
                                          "'");
    }
    rows_.symbol = text;
    return {};
  }

  Result<BarchartRows> whole() {
    if (status_error_) return std::unexpected(std::move(*status_error_));
    const std::string has = ": the answer has " + untrusted(names_, kNamesMax);
    if (!seen_status_) return bad(ErrorCode::schema, "status.code is missing" + has);
    if (!seen_results_) return bad(ErrorCode::schema, "results is missing" + has);
    if (results_are_null_) {
      return bad(ErrorCode::schema, "results is null though status.code is 200");
    }
    rows_.stamps_are_utc = !by_session_;
    rows_.has_time_of_day = true;
    return std::move(rows_);
  }

  struct Seen {
    bool symbol = false;
    bool stamp = false;
    bool day = false;
  };

  const BarchartQuery& query_;
  const HttpReply& reply_;
  bool by_session_;
  json::parser parser_;
  json::document document_;
  bool opened_ = false;
  BarchartRows rows_;
  BarchartStamps stamps_;
  BarchartStamps days_;
  Seen seen_;
  std::size_t count_ = 0;
  bool seen_status_ = false;
  bool seen_results_ = false;
  bool results_are_null_ = false;
  std::string names_;  // of the document's members
  std::optional<Error> status_error_;
};

}  // namespace

Result<BarchartRows> read_barchart_json(const BarchartQuery& query, const HttpReply& reply) {
  return JsonWalk(query, reply).read();
}

}  // namespace vortex
