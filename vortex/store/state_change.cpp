#include "vortex/store/state_change.hpp"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <utility>

#include "vortex/store/coverage.hpp"
#include "vortex/store/state_codec.hpp"

namespace vortex {
namespace {

constexpr std::uint32_t kSameAgain = 0xFFFF'FFFF;  // for a size: the text of the change before

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
  // One that mostly repeats; `last` is the column's.
  void repeated(std::string_view value, std::optional<std::string>& last) {
    if (last && *last == value) return size(kSameAgain);
    text(value);
    last = value;
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
  std::string_view repeated(std::string_view& last) {
    const auto size = plain<std::uint32_t>();
    if (size != kSameAgain) last = take(size);
    return last;
  }

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
  constexpr std::size_t kBytesEach = 64;  // a guess
  StateCodec codec;
  ChangeWriter out;
  out.reserve(changes.size() * kBytesEach);
  std::optional<std::string> provider;
  std::optional<std::string> interval;
  std::optional<std::string> stamps;
  std::optional<std::string> marks;
  for (const SeriesChange& change : changes) {
    out.text(change.key.symbol);
    out.repeated(change.key.provider, provider);
    out.repeated(to_string(change.key.interval), interval);
    out.number(change.rows_new);
    out.number(change.first_new ? 1 : 0);
    out.number(change.first_new ? ticks(*change.first_new) : 0);
    out.repeated(codec.bytes_of(change.stamps_new), stamps);
    out.repeated(codec.text_of(change.marks), marks);
  }
  return out.take();
}

Result<std::vector<SeriesChange>> unpack_changes(std::string_view bytes) {
  StateCodec codec;
  ChangeReader in(bytes);
  std::vector<SeriesChange> changes;
  std::string_view provider;
  std::string_view interval;
  std::string_view stamps;
  std::string_view marks;
  while (!in.ended()) {
    SeriesChange& change = changes.emplace_back();
    change.key.symbol = in.text();
    change.key.provider = in.repeated(provider);
    const auto parsed = parse_interval(in.repeated(interval));
    change.rows_new = in.number();
    const bool has_first = in.number() != 0;
    const TimePoint first{Duration{in.number()}};
    if (has_first) change.first_new = first;
    change.stamps_new = codec.stamps_of(in.repeated(stamps));
    const std::string_view text = in.repeated(marks);
    if (!in.sound() || !parsed) {
      return fail(ErrorCode::corrupt, "state.db: changes that wait cannot be read");
    }
    change.key.interval = *parsed;
    VORTEX_TRY(change.marks, codec.marks_of(text));
  }
  return changes;
}

}  // namespace vortex
