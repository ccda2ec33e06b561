// A CSV answer → a series: the header says which columns, newest row first, CRLF or LF. It says
// nothing of symbol, interval and zone.
#include <algorithm>
#include <utility>

#include <simdjson.h>

#include "vortex/base/ascii.hpp"
#include "vortex/provider/alphavantage/alphavantage_errors.hpp"
#include "vortex/provider/alphavantage/alphavantage_series.hpp"

namespace vortex::alphavantage {
namespace {

class CsvReader {
 public:
  CsvReader(const Query& query, const HttpReply& reply)
      : query_(query),
        reply_(reply),
        rest_(reply.body.view()),
        stamps_(is_intraday(query.request.interval)) {}

  Result<Series> read() {
    if (!simdjson::validate_utf8(rest_)) {
      return refuse(ErrorCode::bad_payload, "the body is no UTF-8");
    }
    VORTEX_TRY(const std::string_view header, line());
    VORTEX_TRY_VOID(read_header(header));
    values_.resize(columns_.size());
    while (!rest_.empty()) {
      VORTEX_TRY(const std::string_view row, line());
      if (!row.empty()) VORTEX_TRY_VOID(read_row(row));
    }
    return std::move(series_);
  }

 private:
  std::unexpected<Error> refuse(ErrorCode code, std::string message) const {
    return std::unexpected(alphavantage_reply_error(code, std::move(message), reply_));
  }
  std::unexpected<Error> bad_row(std::string_view row, std::string_view what) const {
    return refuse(ErrorCode::bad_payload, "row " + std::to_string(series_.bars.rows() + 1) + " '" +
                                              untrusted(row, 120) + "': " + std::string(what));
  }

  // Without its end; a line that has none was cut.
  Result<std::string_view> line() {
    const std::size_t end = rest_.find('\n');
    if (end == std::string_view::npos) {
      if (!rest_.contains(',')) {
        return refuse(ErrorCode::bad_payload, "the body is neither JSON nor CSV");
      }
      return refuse(ErrorCode::truncated,
                    "cut at byte " + std::to_string(reply_.body.size()) + ": a line has no end");
    }
    std::string_view found = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    if (found.ends_with('\r')) found.remove_suffix(1);
    return found;
  }

  Result<void> read_header(std::string_view header) {
    std::vector<std::string> words;
    std::string_view left = header;
    for (bool more = true; more;) {
      const std::size_t comma = left.find(',');
      more = comma != std::string_view::npos;
      std::string word(left.substr(0, comma));
      std::ranges::replace(word, '_', ' ');
      words.push_back(std::move(word));
      if (more) left.remove_prefix(comma + 1);
    }
    if (words.front() != "timestamp") {
      return refuse(words.size() > 1 ? ErrorCode::schema : ErrorCode::bad_payload,
                    "the header is '" + untrusted(header, 200) +
                        "'; expected timestamp,open,high,low,close,volume");
    }
    words.erase(words.begin());
    auto columns = read_columns(query_, words, "'" + std::string(header) + "'");
    if (!columns) {
      Error error = std::move(columns).error();
      return refuse(error.code, std::move(error.message));
    }
    columns_ = std::move(*columns);
    return {};
  }

  Result<void> read_row(std::string_view row) {
    std::int64_t stamp = 0;
    const std::size_t size = stamps_.size();
    const char* at = row.data();  // a line end or the padding stands behind the row
    if (row.find(',') != size || !stamps_.read(at, stamp)) {
      Error error = stamps_.refusal(row.substr(0, row.find(',')));
      return refuse(error.code, std::move(error.message));
    }
    const char* end = at + row.size();
    at += size;
    for (double& value : values_) {
      if (at >= end || *at != ',') return bad_row(row, "it has too few columns");
      ++at;
      if (!read_cell(at, end, value)) {
        return refuse(ErrorCode::schema, "row " + std::to_string(series_.bars.rows() + 1) + " '" +
                                             untrusted(row, 120) + "' has a value of another form" +
                                             "; expected " + std::string(kNumberForm));
      }
    }
    if (at != end) return bad_row(row, "it has too many columns");
    append_row(columns_, values_.data(), stamp, series_);
    return {};
  }

  static bool read_cell(const char*& at, const char* end, double& value) {
    const char* start = at;
    if (read_plain_number(at, value) && at <= end && (at == end || *at == ',')) return true;
    at = std::find(start, end, ',');
    value = BarBatchBuilder::kMissing;
    return at == start || read_number({start, static_cast<std::size_t>(at - start)}, value);
  }

  const Query& query_;
  const HttpReply& reply_;
  std::string_view rest_;
  StampReader stamps_;
  std::vector<Column> columns_;
  std::vector<double> values_;
  Series series_;
};

}  // namespace

Result<Series> read_csv(const Query& query, const HttpReply& reply) {
  return CsvReader(query, reply).read();
}

}  // namespace vortex::alphavantage
