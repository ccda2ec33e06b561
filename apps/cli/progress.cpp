#include "apps/cli/progress.hpp"

#include <fmt/core.h>

namespace vortex::cli {

std::string progress_text(const SyncProgress& progress) {
  const double seconds = std::chrono::duration<double>(progress.elapsed).count();
  std::string text = fmt::format("{}/{} symbols", progress.items_done, progress.items_total);
  if (progress.items_failed > 0) text += fmt::format(", {} failed", progress.items_failed);
  text += fmt::format(", {} rows", progress.rows);
  if (seconds > 0.1)
    text += fmt::format(", {:.0f} rows/s", static_cast<double>(progress.rows) / seconds);
  text += fmt::format(", {} calls", progress.calls.sent);
  if (progress.calls.retried > 0) text += fmt::format(" ({} retried)", progress.calls.retried);
  text += fmt::format(", {}", format_duration(progress.elapsed));
  const std::int64_t left = progress.items_total - progress.items_done;
  if (progress.committing) {
    text += ", committing";
  } else if (progress.items_done > 0 && left > 0) {
    const double eta =
        seconds * static_cast<double>(left) / static_cast<double>(progress.items_done);
    text += fmt::format(
        ", ETA {}",
        format_duration(std::chrono::duration_cast<Duration>(std::chrono::duration<double>(eta))));
  }
  return text;
}

void ProgressLine::show(const SyncProgress& progress) {
  const std::string text = progress_text(progress);
  if (output_.note_is_terminal()) {
    drawn_ = true;
    output_.redraw(text.substr(0, static_cast<std::size_t>(output_.note_columns() - 1)));
    return;
  }
  if (progress.elapsed - shown_at_ < kQuietTime) return;
  shown_at_ = progress.elapsed;
  output_.note(text);
}

void ProgressLine::clear() {
  if (drawn_) output_.redraw("");
  drawn_ = false;
}

}  // namespace vortex::cli
