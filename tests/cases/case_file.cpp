#include "tests/cases/case_file.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <utility>

#include "vortex/base/ascii.hpp"

namespace vortex {
namespace {

constexpr auto kDirectives =
    std::to_array<std::string_view>({"request", "now", "call", "reply", "rows", "error", "retry_at",
                                     "actions", "instrument", "counts", "constants", "faults"});

struct CodeName {
  std::string_view name;
  ErrorCode code;
};
constexpr auto kCodeNames = std::to_array<CodeName>({
    {"rate_limited", ErrorCode::rate_limited},
    {"quota_exhausted", ErrorCode::quota_exhausted},
    {"banned", ErrorCode::banned},
    {"session_refused", ErrorCode::session_refused},
    {"authentication", ErrorCode::authentication},
    {"authorization", ErrorCode::authorization},
    {"proxy_authentication", ErrorCode::proxy_authentication},
    {"timeout", ErrorCode::timeout},
    {"redirect_refused", ErrorCode::redirect_refused},
    {"server", ErrorCode::server},
    {"client", ErrorCode::client},
    {"consent_wall", ErrorCode::consent_wall},
    {"range_limit", ErrorCode::range_limit},
    {"bad_payload", ErrorCode::bad_payload},
    {"truncated", ErrorCode::truncated},
    {"schema", ErrorCode::schema},
    {"mismatch", ErrorCode::mismatch},
    {"html_instead", ErrorCode::html_instead},
    {"not_found", ErrorCode::not_found},
    {"usage", ErrorCode::usage},
    {"bad_symbol", ErrorCode::bad_symbol},
    {"unsupported", ErrorCode::unsupported},
});

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  while (!(line = trim(line)).empty()) {
    const std::size_t end = std::min(line.find_first_of(" \t"), line.size());
    words.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
  return words;
}

std::string_view first_word(std::string_view line) {
  return line.substr(0, line.find_first_of(" \t"));
}

bool is_directive(std::string_view line) {
  return std::ranges::find(kDirectives, first_word(line)) != kDirectives.end();
}

Result<std::optional<double>> parse_cell(std::string_view text) {
  if (text == "null") return std::nullopt;
  double value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (ec != std::errc{} || end != text.data() + text.size()) {
    return fail(ErrorCode::usage, "'" + std::string(text) + "' is no number");
  }
  return value;
}

Result<TimePoint> need_time(std::string_view text) {
  if (const auto time = parse_time(text)) return *time;
  return fail(ErrorCode::usage, "'" + std::string(text) + "' is no time");
}

class CaseReader {
 public:
  explicit CaseReader(std::string_view text) {
    while (!text.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      lines_.push_back(text.substr(0, end));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
  }

  Result<Case> read() {
    while (at_ < lines_.size()) {
      const std::string_view line = trim(lines_[at_]);
      if (line.empty() || line.starts_with('#')) {
        ++at_;
        continue;
      }
      const std::size_t number = at_ + 1;
      if (auto read = read_directive(line); !read) {
        return std::unexpected(std::move(read).error().in("line " + std::to_string(number)));
      }
    }
    VORTEX_TRY_VOID(check_whole());
    for (HttpReply& reply : case_.replies) reply.sent_at = reply.received_at = case_.now;
    return std::move(case_);
  }

 private:
  Result<void> check_whole() const {
    if (!case_.request) return fail(ErrorCode::usage, "there is no request");
    if (case_.now == TimePoint{}) return fail(ErrorCode::usage, "there is no now");
    if (case_.rows.has_value() == case_.error.has_value()) {
      return fail(ErrorCode::usage, "there must be either rows or an error");
    }
    if (case_.rows && case_.replies.empty()) return fail(ErrorCode::usage, "rows need a reply");
    return {};
  }

  Result<void> read_directive(std::string_view line) {
    const auto words = words_of(line);
    const std::string_view name = words[0];
    ++at_;
    if (name == "request") return read_request(words);
    if (name == "reply") return read_reply(words);
    if (name == "rows") return read_rows(words);
    if (name == "actions") return read_actions(words);
    if (name == "error") return read_error(line, words);
    if (name == "call") return read_call(words);
    if (words.size() < 2) return fail(ErrorCode::usage, std::string(name) + " lacks a value");
    if (name == "now") return read_now(words);
    if (name == "retry_at") {
      case_.retry_at = std::string(words[1]);
      return {};
    }
    if (name == "instrument" || name == "constants") {
      const std::size_t value = line.find(words[1]) + words[1].size();
      auto& out = name == "instrument" ? case_.instrument : case_.constants;
      out[std::string(words[1])] = std::string(trim(line.substr(value)));
      return {};
    }
    if (name == "counts" && words.size() % 2 == 1) return read_counts(words);
    if (name == "faults") {
      case_.faults.assign(words.begin() + 1, words.end());
      return {};
    }
    return fail(ErrorCode::usage, "'" + std::string(line) + "' is no line of a case");
  }

  Result<void> read_request(const std::vector<std::string_view>& words) {
    const bool keep = words.size() == 7 && words[6] == "keep_unfinal";
    if ((words.size() != 6 && !keep) || words[1] != "bars" || case_.request) {
      return fail(ErrorCode::usage, "want one: request bars SYMBOL INTERVAL START END");
    }
    VORTEX_TRY(Symbol symbol, Symbol::parse(words[2]));
    VORTEX_TRY(const Interval interval, parse_interval(words[3]));
    VORTEX_TRY(const TimePoint start, need_time(words[4]));
    VORTEX_TRY(const TimePoint end, need_time(words[5]));
    case_.request = BarsRequest{.symbol = std::move(symbol),
                                .interval = interval,
                                .range = {start, end},
                                .keep_unfinal = keep};
    return {};
  }

  Result<void> read_now(const std::vector<std::string_view>& words) {
    VORTEX_TRY(case_.now, need_time(words[1]));
    return {};
  }

  Result<void> read_call(const std::vector<std::string_view>& words) {
    if (words.size() != 3) return fail(ErrorCode::usage, "want: call METHOD TARGET");
    case_.calls.push_back(std::string(words[1]) + " " + std::string(words[2]));
    return {};
  }

  // Headers until a blank line or the first line that is none; then the body, until the next
  // directive.
  Result<void> read_reply(const std::vector<std::string_view>& words) {
    HttpReply reply;
    const std::string_view status = words.size() == 2 ? words[1] : std::string_view();
    std::from_chars(status.data(), status.data() + status.size(), reply.status);
    if (reply.status < 100) return fail(ErrorCode::usage, "want: reply STATUS");
    for (; at_ < lines_.size() && is_header(lines_[at_]); ++at_) {
      const std::size_t colon = lines_[at_].find(':');
      reply.headers.push_back({std::string(lines_[at_].substr(0, colon)),
                               std::string(trim(lines_[at_].substr(colon + 1)))});
    }
    if (at_ < lines_.size() && lines_[at_].empty()) ++at_;
    std::string body;
    for (; at_ < lines_.size() && !is_directive(lines_[at_]); ++at_) {
      if (!body.empty()) body += '\n';
      body += lines_[at_];
    }
    // A blank line behind it ends the last line of a body that has lines (CSV).
    const bool ends_line = body.ends_with('\n') && !body.starts_with('{');
    std::string text(trim(body));
    if (ends_line && !text.empty()) text += '\n';
    reply.body = Body::copy_of(text);
    case_.replies.push_back(std::move(reply));
    return {};
  }

  static bool is_header(std::string_view line) {
    const std::size_t colon = line.find(':');
    return colon != std::string_view::npos && colon > 0 &&
           std::ranges::all_of(line.substr(0, colon),
                               [](char c) { return is_alnum(c) || c == '-'; });
  }

  // The lines of a table: until a blank line, a directive or the end.
  std::vector<std::vector<std::string_view>> table() {
    std::vector<std::vector<std::string_view>> rows;
    for (; at_ < lines_.size() && !trim(lines_[at_]).empty() && !is_directive(lines_[at_]); ++at_) {
      rows.push_back(words_of(lines_[at_]));
    }
    return rows;
  }

  Result<void> read_rows(const std::vector<std::string_view>& words) {
    if (words.size() != 1 || case_.rows) return fail(ErrorCode::usage, "want one: rows");
    case_.rows.emplace();
    const auto lines = table();
    if (lines.empty()) return {};
    constexpr auto kHead =
        std::to_array<std::string_view>({"ts", "open", "high", "low", "close", "volume"});
    if (!std::ranges::equal(lines[0], kHead)) {
      return fail(ErrorCode::usage, "rows begin with: ts open high low close volume");
    }
    for (std::size_t i = 1; i < lines.size(); ++i) {
      const auto& line = lines[i];
      const bool unfinal = line.size() == 7 && line[6] == "unfinal";
      if (line.size() != 6 && !unfinal) return fail(ErrorCode::usage, "a row has six cells");
      CaseRow row{.timestamp = std::string(line[0]), .final = !unfinal};
      for (std::size_t cell = 1; cell < 6; ++cell) {
        VORTEX_TRY(const auto value, parse_cell(line[cell]));
        row.values.push_back(value);
      }
      case_.rows->push_back(std::move(row));
    }
    return {};
  }

  Result<void> read_actions(const std::vector<std::string_view>& words) {
    if (words.size() != 1 || case_.actions) return fail(ErrorCode::usage, "want one: actions");
    case_.actions.emplace();
    for (const auto& line : table()) {
      if (line.size() != 3 && line.size() != 4) {
        return fail(ErrorCode::usage, "an action is: KIND DATE TERMS [CURRENCY]");
      }
      case_.actions->push_back({std::string(line[0]), std::string(line[1]), std::string(line[2]),
                                line.size() == 4 ? std::string(line[3]) : std::string()});
    }
    return {};
  }

  Result<void> read_error(std::string_view line, const std::vector<std::string_view>& words) {
    if (words.size() < 2) return fail(ErrorCode::usage, "want: error NAME [TEXT]");
    const auto found = std::ranges::find(kCodeNames, words[1], &CodeName::name);
    if (found == kCodeNames.end()) {
      return fail(ErrorCode::usage, "no error is named '" + std::string(words[1]) + "'");
    }
    const std::size_t rest = line.find(words[1]) + words[1].size();
    case_.error = CaseError{found->code, std::string(trim(line.substr(rest)))};
    return {};
  }

  Result<void> read_counts(const std::vector<std::string_view>& words) {
    for (std::size_t i = 1; i + 1 < words.size(); i += 2) {
      VORTEX_TRY(const auto count, parse_cell(words[i + 1]));
      case_.counts[std::string(words[i])] = static_cast<std::int64_t>(count.value_or(-1));
    }
    return {};
  }

  std::vector<std::string_view> lines_;
  std::size_t at_ = 0;
  Case case_;
};

}  // namespace

Result<Case> parse_case(std::string_view text) {
  return CaseReader(text).read();
}

Result<std::vector<Case>> load_cases(const std::string& directory) {
  namespace fs = std::filesystem;
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    if (entry.path().extension() == ".case") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  std::vector<Case> cases;
  for (const fs::path& file : files) {
    std::ifstream in(file, std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(in), {}};
    auto one = parse_case(text);
    if (!one) {
      return std::unexpected(std::move(one).error().in(file.filename().string()));
    }
    one->name = file.stem().string();
    one->provider = file.parent_path().filename().string();
    cases.push_back(std::move(*one));
  }
  return cases;
}

}  // namespace vortex
