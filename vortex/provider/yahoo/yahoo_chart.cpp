#include "vortex/provider/yahoo/yahoo_chart.hpp"

#include <array>
#include <utility>

#include <simdjson.h>

#include "vortex/base/ascii.hpp"
#include "vortex/provider/http_status.hpp"
#include "vortex/provider/json_error.hpp"
#include "vortex/provider/yahoo/yahoo_errors.hpp"
#include "vortex/provider/yahoo/yahoo_json.hpp"

namespace vortex {
namespace {

namespace json = simdjson::ondemand;
using simdjson::error_code;
using yahoo_json::read_number;

// Bytes a row takes at least in a real answer; only a first guess of the number of rows.
constexpr std::size_t kRowBytesGuess = 48;

class ChartWalk {
 public:
  explicit ChartWalk(const HttpReply& reply) : reply_(reply) {}

  Result<Chart> read() {
    const Body& body = reply_.body;
    const simdjson::padded_string_view view(body.data(), body.size(),
                                            body.size() + Body::kBodyPadding);
    if (const auto error = parser_.iterate(view).get(document_)) return broken("", error);
    opened_ = true;
    json::object root;
    if (const auto error = document_.get_object().get(root)) return broken("", error);
    for (auto field : root) {
      std::string_view key;
      if (const auto error = field.unescaped_key().get(key)) return broken("", error);
      if (key != "chart" && key != "finance") continue;
      json::object wrapper;
      if (const auto error = field.value().get_object().get(wrapper)) return broken(key, error);
      VORTEX_TRY_VOID(read_wrapper(wrapper));
    }
    if (document_.current_location().error() != simdjson::OUT_OF_BOUNDS) {
      return broken("after the document", simdjson::TRAILING_CONTENT);
    }
    if (yahoo_error_) return std::unexpected(std::move(*yahoo_error_));
    if (results_ != 1) {
      return bad(ErrorCode::bad_payload,
                 "chart.result has " + std::to_string(results_) + " elements, not 1");
    }
    return std::move(chart_);
  }

 private:
  std::unexpected<Error> bad(ErrorCode code, std::string message) const {
    return std::unexpected(reply_error(code, std::move(message), reply_));
  }

  // Broken JSON, or a member of another type than it must have.
  std::unexpected<Error> broken(std::string_view where, error_code error) {
    const char* location = nullptr;
    if (opened_ && document_.current_location().get(location)) location = nullptr;
    return std::unexpected(json_error(where, error, location, reply_));
  }

  std::unexpected<Error> repeated(std::string_view where) {
    return bad(ErrorCode::bad_payload, std::string(where) + " comes twice");
  }

  Result<void> read_wrapper(json::object wrapper) {
    for (auto field : wrapper) {
      std::string_view key;
      if (const auto error = field.unescaped_key().get(key)) return broken("chart", error);
      json::value value;
      if (const auto error = field.value().get(value)) return broken("chart", error);
      if (key == "error") {
        VORTEX_TRY_VOID(read_error(value));
      } else if (key == "result") {
        VORTEX_TRY_VOID(read_results(value));
      }
    }
    return {};
  }

  Result<void> read_error(json::value value) {
    json::object object;
    if (const auto wrong = value.get_object().get(object)) {
      if (yahoo_json::unless_other_type(wrong)) return broken("chart.error", wrong);
      bool is_null = false;
      if (const auto error = value.is_null().get(is_null)) return broken("chart.error", error);
      if (!is_null) return bad(ErrorCode::schema, "chart.error is no object");
      return {};
    }
    YahooErrorText text;
    if (const auto error = yahoo_json::read_error_text(object, text)) {
      return broken("chart.error", error);
    }
    yahoo_error_ = yahoo_error(text, reply_);
    return {};
  }

  Result<void> read_results(json::value value) {
    json::array results;
    if (const auto wrong = value.get_array().get(results)) {
      if (yahoo_json::unless_other_type(wrong)) return broken("chart.result", wrong);
      bool is_null = false;
      if (const auto error = value.is_null().get(is_null)) return broken("chart.result", error);
      if (!is_null) return bad(ErrorCode::schema, "chart.result is no array");
      return {};
    }
    for (auto element : results) {
      json::value item;  // a list that is cut short ends with an error, which is no second element
      if (const auto error = element.get(item)) return broken("chart.result", error);
      if (++results_ > 1) return bad(ErrorCode::bad_payload, "chart.result has several elements");
      json::object result;
      if (const auto error = item.get_object().get(result)) {
        return broken("chart.result[0]", error);
      }
      VORTEX_TRY_VOID(read_result(result));
    }
    return {};
  }

  Result<void> read_result(json::object result) {
    bool seen_timestamp = false;
    bool seen_indicators = false;
    bool seen_meta = false;
    for (auto field : result) {
      std::string_view key;
      json::value value;
      if (const auto error = field.unescaped_key().get(key))
        return broken("chart.result[0]", error);
      if (const auto error = field.value().get(value)) return broken("chart.result[0]", error);
      if (key == "meta") {
        if (std::exchange(seen_meta, true)) return repeated("meta");
        VORTEX_TRY_VOID(read_meta(value));
      } else if (key == "timestamp") {
        if (std::exchange(seen_timestamp, true)) return repeated("timestamp");
        VORTEX_TRY_VOID(read_timestamps(value));
      } else if (key == "indicators") {
        if (std::exchange(seen_indicators, true)) return repeated("indicators");
        VORTEX_TRY_VOID(read_indicators(value));
      } else if (key == "events") {
        VORTEX_TRY_VOID(read_events(value));
      }
    }
    if (!seen_meta) return bad(ErrorCode::schema, "meta is missing");
    return check_lengths();
  }

  Result<void> check_lengths() {
    const std::size_t rows = chart_.bars.rows();
    for (std::size_t i = 0; i < kQuoteMembers.size(); ++i) {
      const auto& [name, column] = kQuoteMembers[i];
      const std::size_t size = chart_.bars.column(column).size();
      if (size == rows) continue;
      if (!seen_quote_[i]) {
        return bad(ErrorCode::schema, "indicators.quote[0]." + std::string(name) + " is missing");
      }
      return bad(ErrorCode::bad_payload, "indicators.quote[0]." + std::string(name) + " has " +
                                             std::to_string(size) + " values for " +
                                             std::to_string(rows) + " timestamps");
    }
    return {};
  }

  Result<void> read_timestamps(json::value value) {
    json::array array;
    if (const auto error = value.get_array().get(array)) return broken("timestamp", error);
    auto& seconds = chart_.bars.timestamps();
    seconds.reserve(reply_.body.size() / kRowBytesGuess);
    for (auto element : array) {
      std::int64_t second = 0;
      if (const auto error = element.get_int64().get(second)) {
        return broken("timestamp[" + std::to_string(seconds.size()) + "]", error);
      }
      seconds.append(second);
    }
    return {};
  }

  Result<void> read_indicators(json::value value) {
    json::object indicators;
    if (const auto error = value.get_object().get(indicators)) return broken("indicators", error);
    bool seen = false;
    for (auto field : indicators) {
      std::string_view key;
      if (const auto error = field.unescaped_key().get(key)) return broken("indicators", error);
      if (key != "quote") continue;
      if (std::exchange(seen, true)) return repeated("indicators.quote");
      json::array quotes;
      if (const auto error = field.value().get_array().get(quotes)) {
        return broken("indicators.quote", error);
      }
      int count = 0;
      for (auto element : quotes) {
        json::object quote;
        if (const auto error = element.get_object().get(quote)) {
          return broken("indicators.quote[0]", error);
        }
        if (++count > 1) return bad(ErrorCode::bad_payload, "indicators.quote has two elements");
        VORTEX_TRY_VOID(read_quote(quote));
      }
    }
    return {};
  }

  struct QuoteMember {
    std::string_view name;
    BarColumn column;
  };
  static constexpr auto kQuoteMembers = std::to_array<QuoteMember>(
      {{"open", kOpen}, {"high", kHigh}, {"low", kLow}, {"close", kClose}, {"volume", kVolume}});

  Result<void> read_quote(json::object quote) {
    for (auto field : quote) {
      std::string_view key;
      if (const auto error = field.unescaped_key().get(key)) {
        return broken("indicators.quote[0]", error);
      }
      for (std::size_t i = 0; i < kQuoteMembers.size(); ++i) {
        const auto& [name, column] = kQuoteMembers[i];
        if (key != name) continue;
        if (std::exchange(seen_quote_[i], true)) {
          return repeated("indicators.quote[0]." + std::string(name));
        }
        json::array values;
        if (const auto error = field.value().get_array().get(values)) {
          return broken("indicators.quote[0]." + std::string(name), error);
        }
        VORTEX_TRY_VOID(read_column(name, values, chart_.bars.column(column)));
        break;
      }
    }
    return {};
  }

  Result<void> read_column(std::string_view name, json::array values, ColumnBuffer<double>& out) {
    const std::size_t rows = chart_.bars.rows();
    out.reserve(rows > 0 ? rows : reply_.body.size() / kRowBytesGuess);
    for (auto element : values) {
      json::value value;
      double number = 0;
      auto error = element.get(value);
      if (!error) [[likely]] {
        error = read_number(value, number);
      }
      if (error) [[unlikely]] {
        return broken(
            "indicators.quote[0]." + std::string(name) + "[" + std::to_string(out.size()) + "]",
            error);
      }
      out.append(number);
    }
    return {};
  }

  // In meta and events, which are small, absent, null and of another type are alike.
  Result<void> read_meta(json::value value) {
    json::object meta;
    if (const auto error = value.get_object().get(meta)) return broken("meta", error);
    const auto error =
        yahoo_json::each_member(meta, [this](std::string_view key, json::value& member) {
          return read_meta_member(key, member);
        });
    if (error) return broken("meta", error);
    return {};
  }

  error_code read_meta_member(std::string_view key, json::value& value) {
    using yahoo_json::read_integer;
    using yahoo_json::read_text;
    ChartMeta& out = chart_.meta;
    if (key == "symbol") return read_text(value, out.symbol);
    if (key == "dataGranularity") return read_text(value, out.granularity);
    if (key == "currency") return read_text(value, out.currency);
    if (key == "exchangeName") return read_text(value, out.exchange);
    if (key == "instrumentType") return read_text(value, out.type);
    if (key == "exchangeTimezoneName") return read_text(value, out.zone);
    if (key == "longName") return read_text(value, out.name);
    if (key == "shortName" && out.name.empty()) return read_text(value, out.name);
    if (key == "firstTradeDate") return read_integer(value, out.first_trade);
    if (key == "regularMarketTime") return read_integer(value, out.market_time);
    if (key == "priceHint") return read_integer(value, out.price_hint);
    if (key == "currentTradingPeriod") return read_periods(value);
    return simdjson::SUCCESS;
  }

  error_code read_periods(json::value& value) {
    const auto in_regular = [this](std::string_view key, json::value& edge) {
      if (key == "start") return yahoo_json::read_integer(edge, chart_.meta.regular_start);
      if (key == "end") return yahoo_json::read_integer(edge, chart_.meta.regular_end);
      return simdjson::SUCCESS;
    };
    return yahoo_json::each_member(value, [&](std::string_view key, json::value& period) {
      return key == "regular" ? yahoo_json::each_member(period, in_regular) : simdjson::SUCCESS;
    });
  }

  Result<void> read_events(json::value value) {
    bool dated = true;
    const auto error = yahoo_json::each_member(value, [&](std::string_view key, json::value& list) {
      std::optional<ActionKind> kind;
      if (key == "dividends") kind = ActionKind::dividend;
      if (key == "splits") kind = ActionKind::split;
      if (key == "capitalGains") kind = ActionKind::capital_gain;
      if (!kind) return simdjson::SUCCESS;
      return yahoo_json::each_member(list, [&](std::string_view, json::value& event) {
        return read_event(*kind, event, dated);
      });
    });
    if (error) return broken("events", error);
    if (!dated) return bad(ErrorCode::schema, "events: an event has no date");
    return {};
  }

  error_code read_event(ActionKind kind, json::value& event, bool& dated) {
    ChartAction action{.kind = kind};
    std::optional<std::int64_t> date;
    const auto error =
        yahoo_json::each_member(event, [&](std::string_view key, json::value& value) {
          if (key == "amount") return read_number(value, action.amount);
          if (key == "numerator") return read_number(value, action.numerator);
          if (key == "denominator") return read_number(value, action.denominator);
          if (key == "date") return yahoo_json::read_integer(value, date);
          if (key == "currency") return yahoo_json::read_text(value, action.currency);
          return simdjson::SUCCESS;
        });
    dated = dated && date.has_value();
    action.date = date.value_or(0);
    chart_.actions.push_back(std::move(action));
    return error;
  }

  const HttpReply& reply_;
  json::parser parser_;
  json::document document_;
  bool opened_ = false;
  Chart chart_;
  std::array<bool, kQuoteMembers.size()> seen_quote_{};
  std::size_t results_ = 0;
  std::optional<Error> yahoo_error_;
};

}  // namespace

Result<Chart> read_yahoo_chart(const HttpReply& reply) {
  return ChartWalk(reply).read();
}

}  // namespace vortex
