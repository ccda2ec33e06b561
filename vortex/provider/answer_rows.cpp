#include "vortex/provider/answer_rows.hpp"

#include <algorithm>

#include "vortex/base/ascii.hpp"
#include "vortex/base/error.hpp"

namespace vortex {
namespace {

class Collector {
 public:
  bool is_full() const { return out_.is_cut; }

  // Layout is no part of a row: runs of blanks become one.
  void add(std::string_view row) {
    std::string text = untrusted(trim(row), kAnswerRowBytesMax);
    if (text.empty() || is_full()) return;
    bytes_ += text.size();
    if (out_.rows.size() == kAnswerRowsMax || bytes_ > kAnswerRowsBytesMax) {
      out_.is_cut = true;
      return;
    }
    out_.rows.push_back(std::move(text));
  }

  AnswerRows take() { return std::move(out_); }

 private:
  AnswerRows out_;
  std::size_t bytes_ = 0;
};

// Follows brackets and texts only: what stands between them may be of any form.
class JsonRows {
 public:
  explicit JsonRows(std::string_view text)
      : text_(text), row_depth_(text.starts_with('[') ? 2 : 3) {}

  AnswerRows read() {
    for (at_ = 0; at_ < text_.size() && !rows_.is_full(); ++at_) step(text_[at_]);
    return rows_.take();
  }

 private:
  void step(char c) {
    if (in_text_) {
      if (c == '\\') ++at_;
      in_text_ = c != '"';
      return;
    }
    switch (c) {
      case '"': in_text_ = true; break;
      case '{':
      case '[': open(c); break;
      case '}':
      case ']': close(c); break;
      case ',':
        if (depth_ == row_depth_ - 1) element_ = at_ + 1;
        break;
      default: break;
    }
  }

  void open(char c) {
    ++depth_;
    if (depth_ == row_depth_ - 1) element_ = at_ + 1;
    if (depth_ == row_depth_) is_object_ = c == '{';
  }

  void close(char c) {
    if (depth_ == row_depth_ && is_object_ && c == '}') {
      rows_.add(text_.substr(element_, at_ + 1 - element_));
    }
    --depth_;
  }

  std::string_view text_;
  int row_depth_;  // containers open inside a row, its own among them
  int depth_ = 0;
  std::size_t at_ = 0;
  std::size_t element_ = 0;  // where the member or element of the row's container begins
  bool in_text_ = false;
  bool is_object_ = false;
  Collector rows_;
};

bool has_number(std::string_view line) {
  bool begins = true;  // a cell
  for (const char c : line) {
    if (begins && is_digit(c)) return true;
    begins = c == ',' || (begins && (c == '"' || c == ' ' || c == '-'));
  }
  return false;
}

AnswerRows lines_of(std::string_view text) {
  Collector rows;
  bool is_first = true;
  while (!text.empty() && !rows.is_full()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const bool is_header = is_first && !has_number(line);
    is_first = false;
    if (!is_header && line.contains(',')) rows.add(line);
  }
  return rows.take();
}

}  // namespace

AnswerRows rows_of_answer(std::string_view body) {
  const std::string_view text = trim(body);
  const bool is_json = text.starts_with('{') || text.starts_with('[');
  return is_json ? JsonRows(text).read() : lines_of(text);
}

}  // namespace vortex
