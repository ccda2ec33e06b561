#include "vortex/codec/csv_reader.hpp"

#include <algorithm>
#include <array>

namespace vortex {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

std::string at_line(std::int64_t line) {
  return "line " + std::to_string(line) + ": ";
}

}  // namespace

CsvReader::CsvReader(std::string_view text, char delimiter) : text_(text), delimiter_(delimiter) {
  if (text_.starts_with(kByteOrderMark)) text_.remove_prefix(kByteOrderMark.size());
}

char CsvReader::delimiter_of(std::string_view text) {
  constexpr std::array<char, 4> kDelimiters = {',', ';', '\t', '|'};
  std::array<std::size_t, 4> counts{};
  bool quoted = false;
  for (const char c : text) {
    if (c == '"') quoted = !quoted;
    if (c == '\n' && !quoted) break;
    const auto found = std::ranges::find(kDelimiters, c);
    if (!quoted && found != kDelimiters.end()) {
      ++counts[static_cast<std::size_t>(found - kDelimiters.begin())];
    }
  }
  return kDelimiters[static_cast<std::size_t>(std::ranges::max_element(counts) - counts.begin())];
}

Result<bool> CsvReader::next(std::vector<std::string_view>& fields) {
  while (at_ < text_.size() && (text_[at_] == '\n' || text_[at_] == '\r')) {  // blank lines
    line_ += text_[at_] == '\n' ? 1 : 0;
    ++at_;
  }
  fields.clear();
  unescaped_.clear();
  record_line_ = line_;
  if (at_ == text_.size()) return false;
  while (true) {
    if (fields.size() == kFieldsMax) {
      return fail(ErrorCode::bad_payload,
                  at_line(line_) + "more than " + std::to_string(kFieldsMax) + " fields");
    }
    if (at_ < text_.size() && text_[at_] == '"') {
      VORTEX_TRY_VOID(quoted_field(fields));
    } else {
      const std::size_t begin = at_;
      while (at_ < text_.size() && text_[at_] != delimiter_ && text_[at_] != '\n' &&
             text_[at_] != '\r') {
        ++at_;
      }
      fields.push_back(text_.substr(begin, at_ - begin));
    }
    if (at_ < text_.size() && text_[at_] == delimiter_) {
      ++at_;
      continue;
    }
    if (end_record()) return true;
    return fail(ErrorCode::bad_payload, at_line(line_) + "text follows a quoted field");
  }
}

Result<void> CsvReader::quoted_field(std::vector<std::string_view>& fields) {
  const std::int64_t begin_line = line_;
  const std::size_t begin = ++at_;
  bool doubled = false;
  while (at_ < text_.size()) {
    if (text_[at_] == '\n') ++line_;
    if (text_[at_] != '"') {
      ++at_;
    } else if (at_ + 1 < text_.size() && text_[at_ + 1] == '"') {
      doubled = true;
      at_ += 2;
    } else {
      break;
    }
  }
  if (at_ == text_.size()) {
    return fail(ErrorCode::bad_payload, at_line(begin_line) + "a quote is never closed");
  }
  std::string_view field = text_.substr(begin, at_ - begin);
  ++at_;
  if (doubled) {
    std::string& plain = unescaped_.emplace_back();
    for (std::size_t i = 0; i < field.size(); ++i) {
      plain += field[i];
      if (field[i] == '"') ++i;  // the second of a pair
    }
    field = plain;
  }
  fields.push_back(field);
  return {};
}

// At a line's end: LF, CR LF, a lone CR, or the end of the text.
bool CsvReader::end_record() {
  ended_with_newline_ = at_ < text_.size();
  if (at_ == text_.size()) return true;
  if (text_[at_] != '\r' && text_[at_] != '\n') return false;
  if (text_[at_] == '\r') {
    ++at_;
    if (at_ == text_.size() || text_[at_] != '\n') {
      ++line_;
      return true;
    }
  }
  ++at_;
  ++line_;
  return true;
}

}  // namespace vortex
