// A JSON answer → a series, in one hand-written pass without an index beside the bytes. The texts
// between a row's values are learned from a row that is read with care; each further row is
// compared with them, which both checks and skips what a parser would spell out again.
#include <array>
#include <cstring>
#include <utility>

#include <simdjson.h>

#include "vortex/base/ascii.hpp"
#include "vortex/provider/alphavantage/alphavantage_errors.hpp"
#include "vortex/provider/alphavantage/alphavantage_series.hpp"

namespace vortex::alphavantage {
namespace {

constexpr int kDepthMax = 32;
constexpr std::size_t kColumnsMax = 16;

// What stands before each value of a row, from the end of the one before, and behind the last.
struct RowForm {
  std::vector<Column> columns;
  std::vector<std::string_view> before;
  std::string_view after;
};

// "1. open" → "open"; as it stands without a number.
std::string_view words_of(std::string_view name) {
  const std::size_t dot = name.find(". ");
  return dot == std::string_view::npos ? name : name.substr(dot + 2);
}

class JsonReader {
 public:
  JsonReader(const Query& query, const HttpReply& reply)
      : query_(query),
        reply_(reply),
        begin_(reply.body.data()),
        at_(begin_),
        end_(begin_ + reply.body.size()),
        stamps_(is_intraday(query.request.interval)) {}

  Result<Series> read() {
    if (!simdjson::validate_utf8(begin_, static_cast<std::size_t>(end_ - begin_))) {
      return refuse(ErrorCode::bad_payload, "the body is no UTF-8");
    }
    VORTEX_TRY_VOID(members("the document", [this](std::string_view key) { return root(key); }));
    skip_blank();
    if (at_ != end_) return broken("bytes after the document");
    if (!has_series_) return without_series();
    return std::move(series_);
  }

 private:
  std::unexpected<Error> refuse(ErrorCode code, std::string message) const {
    return std::unexpected(alphavantage_reply_error(code, std::move(message), reply_));
  }
  // No JSON at this place, or none any more.
  std::unexpected<Error> broken(std::string_view what) const {
    const std::string place = "at byte " + std::to_string(at_ - begin_) + ": " + std::string(what);
    if (at_ < end_) return refuse(ErrorCode::bad_payload, place);
    return refuse(ErrorCode::truncated, "cut " + place);
  }

  void skip_blank() {
    while (at_ < end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
  }
  bool take(char c) {
    skip_blank();
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }

  // The bytes between the quotes, escapes as written; names and values of interest have none.
  Result<std::string_view> text() {
    if (!take('"')) return broken("no text");
    const char* start = at_;
    for (; at_ < end_ && *at_ != '"'; ++at_) {
      if (static_cast<unsigned char>(*at_) < 0x20) return broken("a control character in a text");
      if (*at_ == '\\') VORTEX_TRY_VOID(escape());
    }
    if (at_ >= end_) {
      at_ = end_;
      return broken("a text has no end");
    }
    return std::string_view(start, static_cast<std::size_t>(at_++ - start));
  }

  Result<void> escape() {
    if (++at_ >= end_) return broken("a text has no end");
    if (*at_ == 'u') return code_unit();
    if (!std::string_view("\"\\/bfnrt").contains(*at_)) return broken("an unknown escape");
    return {};
  }

  Result<void> code_unit() {
    constexpr std::string_view kHex = "0123456789abcdefABCDEF";
    for (int i = 0; i < 4; ++i) {
      if (++at_ >= end_) return broken("a text has no end");
      if (!kHex.contains(*at_)) return broken("an unknown escape");
    }
    const bool surrogate = (at_[-3] == 'd' || at_[-3] == 'D') && at_[-2] >= '8';
    if (surrogate) return broken("half of a character");
    return {};
  }

  // Calls use(name) with the reader before each value.
  template <class Use>
  Result<void> members(std::string_view where, Use use) {
    if (!take('{')) return broken(std::string(where) + " is no object");
    if (take('}')) return {};
    do {
      VORTEX_TRY(const std::string_view key, text());
      if (!take(':')) return broken("no value");
      skip_blank();
      VORTEX_TRY_VOID(use(key));
    } while (take(','));
    if (!take('}')) return broken("an object has no end");
    return {};
  }

  Result<void> skip_value(int depth) {
    if (depth > kDepthMax) return broken("more than 32 levels");
    skip_blank();
    if (at_ == end_) return broken("no value");
    if (*at_ == '{') {
      return members("an object", [&](std::string_view) { return skip_value(depth + 1); });
    }
    if (*at_ == '"') {
      VORTEX_TRY_VOID(text());
      return {};
    }
    if (*at_ != '[') return skip_scalar();
    ++at_;
    if (take(']')) return {};
    do {
      VORTEX_TRY_VOID(skip_value(depth + 1));
    } while (take(','));
    if (!take(']')) return broken("a list has no end");
    return {};
  }

  Result<void> skip_scalar() {
    const std::string_view word = bare_word();
    double number = 0;
    if (word == "true" || word == "false" || word == "null" || read_number(word, number)) {
      if (!word.empty()) return {};
    }
    return broken("no value");
  }
  std::string_view bare_word() {
    const char* start = at_;
    while (at_ < end_ && (is_alnum(*at_) || *at_ == '.' || *at_ == '-' || *at_ == '+')) ++at_;
    return {start, static_cast<std::size_t>(at_ - start)};
  }

  Result<void> root(std::string_view key) {
    names_ += (names_.empty() ? "'" : ", '") + untrusted(key, 60) + "'";
    if (key == "Meta Data") {
      if (std::exchange(series_.has_meta, true)) return broken("Meta Data comes twice");
      return members("Meta Data", [this](std::string_view name) { return meta(name); });
    }
    if (key.contains("Time Series")) {
      if (std::exchange(has_series_, true)) return broken("the series comes twice");
      series_.name = untrusted(key, 60);
      if (!names_asked(query_, key)) {
        return refuse(ErrorCode::mismatch, "asked for " + std::string(query_.provider_word) +
                                               " of " + query_.spelling.base +
                                               ", the answer has '" + series_.name + "'");
      }
      return rows();
    }
    if (key == "Note" || key == "Information" || key == "Error Message") {
      if (*at_ != '"') return refuse(ErrorCode::schema, std::string(key) + " is no text");
      VORTEX_TRY(said_, text());
      said_in_ = key;
      return {};
    }
    return skip_value(0);
  }

  Result<void> meta(std::string_view name) {
    const std::string_view words = words_of(name);
    std::optional<std::string>* target = nullptr;
    if (words == "Symbol") target = &series_.symbol;
    if (words == "From Symbol" || words == "Digital Currency Code") target = &series_.base;
    if (words == "To Symbol" || words == "Market Code") target = &series_.quote;
    if (words == "Time Zone") target = &series_.zone;
    if (target == nullptr || *at_ != '"') return skip_value(0);
    if (target->has_value()) return broken(std::string(words) + " comes twice");
    VORTEX_TRY(const std::string_view value, text());
    *target = untrusted(value, 60);
    return {};
  }

  std::unexpected<Error> without_series() const {
    if (!said_in_.empty()) {
      return std::unexpected(alphavantage_error(said_in_, said_, reply_));
    }
    if (names_.empty()) {
      return refuse(ErrorCode::not_found, "the answer is an empty object: no such symbol");
    }
    return refuse(ErrorCode::schema,
                  "no member 'Time Series (" + std::string(query_.provider_word) +
                      ")' or the like; the answer has " + untrusted(names_, 200));
  }

  Result<void> rows() {
    if (!take('{')) return broken("the series is no object");
    if (take('}')) return {};
    do {
      skip_blank();
      const char* start = at_;
      std::int64_t stamp = 0;
      VORTEX_TRY_VOID(read_stamp(stamp));
      if (!like_the_last(stamp)) VORTEX_TRY_VOID(learn_row(stamp));
      if (series_.bars.rows() == 1) reserve_for(static_cast<std::size_t>(at_ - start));
    } while (take(','));
    if (!take('}')) return broken("the series has no end");
    return {};
  }

  void reserve_for(std::size_t row_bytes) {
    constexpr std::size_t kRowBytesMin = 48;  // what a row cannot do without
    const auto left = static_cast<std::size_t>(end_ - at_);
    series_.bars.reserve(left / std::max(row_bytes, kRowBytesMin) + left / 2000 + 2);
  }

  Result<void> read_stamp(std::int64_t& stamp) {
    const std::size_t size = stamps_.size();
    const auto left = static_cast<std::size_t>(end_ - at_);
    if (left >= size + 2 && at_[0] == '"' && at_[size + 1] == '"' && stamps_.read(at_ + 1, stamp))
        [[likely]] {
      at_ += size + 2;
      return {};
    }
    VORTEX_TRY(const std::string_view found, text());
    Error error = stamps_.refusal(found);
    return refuse(error.code, std::move(error.message));
  }

  bool take_exactly(std::string_view expected) {
    if (static_cast<std::size_t>(end_ - at_) < expected.size() ||
        std::memcmp(at_, expected.data(), expected.size()) != 0) {
      return false;
    }
    at_ += expected.size();
    return true;
  }

  bool like_the_last(std::int64_t stamp) {
    if (form_.columns.empty()) return false;
    const char* start = at_;
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): written before it is read, a row
    std::array<double, kColumnsMax> values;
    for (std::size_t i = 0; i < form_.columns.size(); ++i) {
      if (!take_exactly(form_.before[i]) || !read_plain_number(at_, values[i])) {
        at_ = start;
        return false;
      }
    }
    if (!take_exactly(form_.after)) {
      at_ = start;
      return false;
    }
    append_row(form_.columns, values.data(), stamp, series_);
    return true;
  }

  Result<void> learn_row(std::int64_t stamp) {
    RowForm form;
    std::vector<std::string> words;
    std::vector<double> values;
    std::string found;
    const char* behind = at_;  // the last value
    if (!take(':')) return broken("no value");
    VORTEX_TRY_VOID(members("a row", [&](std::string_view name) -> Result<void> {
      if (words.size() == kColumnsMax) return broken("a row of more than 16 columns");
      words.emplace_back(words_of(name));
      found += (found.empty() ? "'" : ", '") + std::string(name) + "'";
      VORTEX_TRY(const std::string_view value, cell(name, values.emplace_back()));
      form.before.emplace_back(behind, static_cast<std::size_t>(value.data() - behind));
      behind = value.data() + value.size();
      return {};
    }));
    form.after = {behind, static_cast<std::size_t>(at_ - behind)};
    auto columns = read_columns(query_, words, found);
    if (!columns) {
      Error error = std::move(columns).error();
      return refuse(error.code, std::move(error.message));
    }
    if (!form_.columns.empty() && *columns != form_.columns) {
      return refuse(ErrorCode::schema, "a row has the columns " + untrusted(found, 200) +
                                           ", unlike the rows before it");
    }
    form.columns = std::move(*columns);
    append_row(form.columns, values.data(), stamp, series_);
    form_ = std::move(form);
    return {};
  }

  // The text of a value, without its quotes.
  Result<std::string_view> cell(std::string_view name, double& out) {
    const bool quoted = at_ < end_ && *at_ == '"';
    std::string_view value;
    if (quoted) {
      VORTEX_TRY(value, text());
    } else {
      value = bare_word();
    }
    const bool missing = !quoted && value == "null";
    if (missing) out = BarBatchBuilder::kMissing;
    if (missing || ((quoted || !value.empty()) && read_number(value, out))) return value;
    if (at_ == end_) return broken("no value");
    return refuse(ErrorCode::schema, "at byte " + std::to_string(at_ - begin_) + ": '" +
                                         untrusted(name, 60) + "' is '" + untrusted(value, 40) +
                                         "'; expected " + std::string(kNumberForm));
  }

  const Query& query_;
  const HttpReply& reply_;
  const char* begin_;
  const char* at_;
  const char* end_;
  StampReader stamps_;
  RowForm form_;
  Series series_;
  bool has_series_ = false;
  std::string_view said_;
  std::string_view said_in_;
  std::string names_;
};

}  // namespace

Result<Series> read_json(const Query& query, const HttpReply& reply) {
  return JsonReader(query, reply).read();
}

}  // namespace vortex::alphavantage
