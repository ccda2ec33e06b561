// The two streams of a command: data on stdout, words for people on stderr. Colour only on a
// terminal and without NO_COLOR. A reader that went away ends the command quietly; a full disk is a
// storage error.
#pragma once

#include <string>
#include <string_view>

#include "vortex/base/error.hpp"

namespace vortex::cli {

enum class Style : unsigned char { plain, bold, dim, red, green, yellow };

class Output {
 public:
  struct Options {
    int data_fd = 1;
    int note_fd = 2;
    bool quiet = false;
    bool no_color = false;  // NO_COLOR is set
    bool dumb = false;      // TERM=dumb
  };
  explicit Output(Options options);

  bool data_is_terminal() const { return data_is_terminal_; }
  bool note_is_terminal() const { return note_is_terminal_; }
  int note_columns() const;  // width of the terminal; 80 when unknown

  // Fails with disk_full or storage. After a broken pipe nothing more is written and all is well.
  Result<void> data(std::string_view text);
  bool reader_left() const { return reader_left_; }

  void note(std::string_view line);        // a line for people; nothing with --quiet
  void error_line(std::string_view line);  // also with --quiet
  void redraw(
      std::string_view line);  // replaces the current line of a terminal; nothing with --quiet

  std::string styled(Style style, std::string_view text) const;  // for stderr

 private:
  Options options_;
  bool data_is_terminal_ = false;
  bool note_is_terminal_ = false;
  bool reader_left_ = false;
  bool line_open_ = false;
};

// Writes all bytes; the errno of the first failure, else 0.
int write_all(int fd, std::string_view bytes);

// A file that appears whole or not at all: temporary name, fsync, rename.
Result<void> write_file(const std::string& path, std::string_view bytes, unsigned mode = 0644);

}  // namespace vortex::cli
