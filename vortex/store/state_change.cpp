#include "vortex/store/state_change.hpp"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <utility>

#include "vortex/store/coverage.hpp"
#include "vortex/store/state_codec.hpp"

namespace vortex {
namespace {

std::int64_t ticks(TimePoint time) {
  return time.time_since_epoch().count();
}

class ChangeWriter {
 public:
  void reserve(std::size_t bytes) { out_.reserve(bytes); }
  void number(std::int64_t value) {
    out_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  void text(std::string_view value) {
    size(static_cast<std::uint32_t>(value.size()));
    out_.append(value);
  }
  std::string take() { return std::move(out_); }

 private:
  void size(std::uint32_t value) {
    out_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  std::string out_;
};

class ChangeReader {
 public:
  explicit ChangeReader(std::string_view bytes) : rest_(bytes) {}

  bool ended() const { return rest_.empty(); }
  bool sound() const { return sound_; }
  std::int64_t number() { return plain<std::int64_t>(); }
  std::string_view text() { return take(plain<std::uint32_t>()); }

 private:
  std::string_view take(std::size_t size) {
    sound_ = sound_ && size <= rest_.size();
    if (!sound_) size = rest_.size();
    const auto taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  template <class T>
  T plain() {
    T value{};
    const auto bytes = take(sizeof value);
    if (sound_) std::memcpy(&value, bytes.data(), bytes.size());
    return value;
  }

  std::string_view rest_;
  bool sound_ = true;
};

// Mostly a commit says the same of each series.
bool same_news(const SeriesChange& a, const SeriesChange& b) {
  return a.rows_new == b.rows_new && a.first_new == b.first_new && a.stamps_new == b.stamps_new &&
         a.marks == b.marks && a.key.interval == b.key.interval && a.key.provider == b.key.provider;
}

std::unexpected<Error> unreadable() {
  return fail(ErrorCode::corrupt, "state.db: changes that wait cannot be read");
}

}  // namespace

void merge_change(SeriesState& state, const SeriesChange& change, bool with_rows) {
  for (const CoverageMark& mark : change.marks) add_mark(state.coverage, mark);
  if (!with_rows || change.rows_new == 0) return;
  state.rows += change.rows_new;
  if (change.first_new && (!state.first_bar || *change.first_new < *state.first_bar)) {
    state.first_bar = change.first_new;
  }
  const bool behind = !change.stamps_new.empty() &&
                      (state.last_bars.empty() || state.last_bars.back() < change.stamps_new[0]);
  std::vector<TimePoint> merged;
  merged.reserve(state.last_bars.size() + change.stamps_new.size());
  if (behind) {
    merged = std::move(state.last_bars);
    merged.insert(merged.end(), change.stamps_new.begin(), change.stamps_new.end());
  } else {
    std::ranges::set_union(state.last_bars, change.stamps_new, std::back_inserter(merged));
  }
  if (merged.size() > kLastBarsMax) {
    merged.erase(merged.begin(), merged.end() - static_cast<std::ptrdiff_t>(kLastBarsMax));
  }
  state.last_bars = std::move(merged);
}

std::string pack_changes(const std::vector<SeriesChange>& changes) {
  constexpr std::size_t kBytesEach = 16;  // a guess
  StateCodec codec;
  ChangeWriter out;
  out.reserve(changes.size() * kBytesEach);
  for (auto first = changes.begin(); first != changes.end();) {
    const auto end = std::find_if_not(
        first, changes.end(), [&](const SeriesChange& next) { return same_news(*first, next); });
    out.text(first->key.provider);
    out.text(to_string(first->key.interval));
    out.number(first->rows_new);
    out.number(first->first_new ? 1 : 0);
    out.number(first->first_new ? ticks(*first->first_new) : 0);
    out.text(codec.bytes_of(first->stamps_new));
    out.text(codec.text_of(first->marks));
    out.number(end - first);
    for (; first != end; ++first) out.text(first->key.symbol);
  }
  return out.take();
}

Result<std::vector<SeriesChange>> unpack_changes(std::string_view bytes) {
  StateCodec codec;
  ChangeReader in(bytes);
  std::vector<SeriesChange> changes;
  while (!in.ended()) {
    SeriesChange change;
    change.key.provider = in.text();
    const auto interval = parse_interval(in.text());
    change.rows_new = in.number();
    const bool has_first = in.number() != 0;
    const TimePoint first{Duration{in.number()}};
    if (has_first) change.first_new = first;
    change.stamps_new = codec.stamps_of(in.text());
    const std::string_view marks = in.text();
    const std::int64_t symbols = in.number();
    if (!in.sound() || !interval || symbols < 1) return unreadable();
    change.key.interval = *interval;
    VORTEX_TRY(change.marks, codec.marks_of(marks));
    for (std::int64_t i = 0; i < symbols; ++i) {
      change.key.symbol = in.text();
      if (!in.sound()) return unreadable();
      changes.push_back(change);
    }
  }
  return changes;
}

}  // namespace vortex
