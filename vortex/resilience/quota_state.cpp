#include "vortex/resilience/quota_state.hpp"

#include <charconv>
#include <utility>

#include <fmt/format.h>

namespace vortex {
namespace {

constexpr std::string_view kLayout = "vortex-quota 1";
constexpr std::string_view kSumLine = "sum ";

// FNV-1a: against damage, not against people.
std::uint64_t sum_of(std::string_view text) {
  std::uint64_t sum = 0xcbf29ce484222325u;
  for (const char c : text) {
    sum ^= static_cast<unsigned char>(c);
    sum *= 0x100000001b3u;
  }
  return sum;
}

std::int64_t ticks(Monotonic moment) {
  return moment.time_since_epoch().count();
}
std::int64_t ticks(TimePoint time) {
  return time.time_since_epoch().count();
}
Monotonic monotonic_of(std::int64_t nanoseconds) {
  return Monotonic{std::chrono::nanoseconds{nanoseconds}};
}
TimePoint time_of(std::int64_t microseconds) {
  return TimePoint{Duration{microseconds}};
}

class Writer {
 public:
  void line(char kind) {
    text_ += '\n';
    text_ += kind;
  }
  template <class Number>
  void number(Number value) {
    char digits[24];
    const auto end = std::to_chars(std::begin(digits), std::end(digits), value).ptr;
    text_ += ' ';
    text_.append(digits, end);
  }
  void moment(const NotedMoment& moment) {
    number(ticks(moment.elapsed));
    number(ticks(moment.calendar));
    number(moment.length.count());
  }
  void words(std::string_view text) {
    text_ += ' ';
    text_ += text;
  }
  // The whole text, with the sum that tells whether it is whole.
  std::string sealed() {
    text_ += '\n';
    return fmt::format("{}{}{:016x}\n", text_, kSumLine, sum_of(text_));
  }

 private:
  std::string text_{kLayout};
};

// The words of one line. After something that is not there all that follows is 0, and `failed`.
class Reader {
 public:
  explicit Reader(std::string_view line) : rest_(line) {}
  std::string_view word() {
    const std::size_t end = std::min(rest_.find(' '), rest_.size());
    const std::string_view found = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    if (found.empty()) failed_ = true;
    return found;
  }
  template <class Number = std::int64_t>
  Number number() {
    const std::string_view digits = word();
    Number value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc() || end != digits.data() + digits.size()) failed_ = true;
    return failed_ ? 0 : value;
  }
  NotedMoment moment() {
    NotedMoment out;
    out.elapsed = monotonic_of(number());
    out.calendar = time_of(number());
    out.length = Duration{number()};
    return out;
  }
  std::string_view words() { return std::exchange(rest_, {}); }
  bool at_end() const { return rest_.empty(); }
  bool failed() const { return failed_; }

 private:
  std::string_view rest_;
  bool failed_ = false;
};

void write_history(Writer& out, const PermitHistory& history) {
  PermitHistory::Group last;
  out.line('p');
  for (const PermitHistory::Group& group : history.groups()) {  // as steps: shorter
    out.number(group.last_id - last.last_id);
    out.number((group.elapsed - last.elapsed).count());
    out.number(group.permits);
    last = group;
  }
}

void read_history(Reader& in, PermitHistory& history) {
  PermitHistory::Group group;
  while (!in.at_end() && !in.failed()) {
    group.last_id += in.number<std::uint64_t>();
    group.elapsed += std::chrono::nanoseconds{in.number()};
    group.permits = in.number();
    history.add(group);
  }
}

void write_open(Writer& out, const std::vector<QuotaState::OpenLease>& open) {
  QuotaState::OpenLease last;
  out.line('o');
  for (const QuotaState::OpenLease& lease : open) {
    out.number(lease.id - last.id);
    out.number(lease.permits);
    out.number((lease.issued.elapsed - last.issued.elapsed).count());
    out.number((lease.issued.calendar - last.issued.calendar).count());
    last = lease;
  }
}

void read_open(Reader& in, std::vector<QuotaState::OpenLease>& open) {
  QuotaState::OpenLease lease;
  while (!in.at_end() && !in.failed()) {
    lease.id += in.number<std::uint64_t>();
    lease.permits = in.number();
    lease.issued.elapsed += std::chrono::nanoseconds{in.number()};
    lease.issued.calendar += Duration{in.number()};
    open.push_back(lease);
  }
}

void write_places(Writer& out, const PlaceQueue& places) {
  for (const PlaceQueue::Holder& holder : places.holders()) {
    out.line('h');
    out.number(holder.granted);
    out.number(holder.held);
    out.number(holder.wanted);
    out.number(ticks(holder.seen));
    out.number(ticks(holder.turn));
    out.number(holder.waiting_since ? ticks(*holder.waiting_since) : -1);
    out.words(holder.id);
  }
}

PlaceQueue::Holder read_holder(Reader& in) {
  PlaceQueue::Holder holder;
  holder.granted = in.number<int>();
  holder.held = in.number<int>();
  holder.wanted = in.number<int>();
  holder.seen = monotonic_of(in.number());
  holder.turn = monotonic_of(in.number());
  const std::int64_t waiting = in.number();
  if (waiting >= 0) holder.waiting_since = monotonic_of(waiting);
  holder.id = in.words();
  return holder;
}

// What is gathered line by line before it stands in its place.
struct Gathered {
  QuotaState state;
  std::vector<DayCounts::Zone> zones;
  std::vector<DayCounts::Quarter> quarters;
  std::vector<PlaceQueue::Holder> holders;
};

void read_day(Reader& in, Gathered& out) {
  const Date date{std::chrono::days{in.number()}};
  const std::int64_t used = in.number();
  const std::int64_t foreign = in.number();
  const auto zone = TimeZone::find(in.words());
  // A zone that the time zone database lost cannot be in any configuration either.
  if (zone) out.zones.push_back({.zone = *zone, .date = date, .used = used, .foreign = foreign});
}

void read_closed(Reader& in, QuotaState& state) {
  QuotaState::Closed closed;
  closed.code = static_cast<ErrorCode>(in.number<std::uint16_t>());
  closed.until = in.moment();
  closed.rule = in.words();
  state.closed = std::move(closed);
}

void read_cap(Reader& in, QuotaState& state) {
  QuotaState::Cap cap;
  cap.limit = in.number();
  cap.left = in.number();
  cap.is_day = in.number() != 0;
  cap.until = in.moment();
  cap.since_id = in.number<std::uint64_t>();
  state.caps.push_back(cap);
}

bool read_line(std::string_view line, Gathered& out) {
  Reader in(line);
  const std::string_view kind = in.word();
  QuotaState& state = out.state;
  switch (kind.size() == 1 ? kind.front() : '\0') {
    case 'a':
      state.last = monotonic_of(in.number());
      state.next_id = in.number<std::uint64_t>();
      state.boot = in.words();
      break;
    case 'p': read_history(in, state.history); break;
    case 'o': read_open(in, state.open); break;
    case 'd': read_day(in, out); break;
    case 'q': {
      const std::int64_t number = in.number();
      out.quarters.push_back({.number = number, .permits = in.number()});
      break;
    }
    case 'c': read_closed(in, state); break;
    case 'l': read_cap(in, state); break;
    case 'h': out.holders.push_back(read_holder(in)); break;
    default: return false;
  }
  return !in.failed();
}

}  // namespace

std::string write_quota_state(const QuotaState& state) {
  Writer out;
  out.line('a');
  out.number(ticks(state.last));
  out.number(state.next_id);
  out.words(state.boot);
  write_history(out, state.history);
  write_open(out, state.open);
  for (const DayCounts::Zone& zone : state.days.zones()) {
    out.line('d');
    out.number(zone.date.time_since_epoch().count());
    out.number(zone.used);
    out.number(zone.foreign);
    out.words(zone.zone.name());
  }
  for (const DayCounts::Quarter& quarter : state.days.quarters()) {
    out.line('q');
    out.number(quarter.number);
    out.number(quarter.permits);
  }
  if (state.closed) {
    out.line('c');
    out.number(static_cast<std::uint16_t>(state.closed->code));
    out.moment(state.closed->until);
    out.words(state.closed->rule);
  }
  for (const QuotaState::Cap& cap : state.caps) {
    out.line('l');
    out.number(cap.limit);
    out.number(cap.left);
    out.number(cap.is_day ? 1 : 0);
    out.moment(cap.until);
    out.number(cap.since_id);
  }
  write_places(out, state.places);
  return out.sealed();
}

Result<QuotaState> read_quota_state(std::string_view text) {
  const auto corrupt = [](std::string_view what) {
    return fail(ErrorCode::corrupt, fmt::format("quota of an account: {}", what));
  };
  const std::size_t sum_at = text.rfind(kSumLine);
  if (sum_at == std::string_view::npos) return corrupt("cut short");
  const std::string_view body = text.substr(0, sum_at);
  if (text.substr(sum_at + kSumLine.size()) != fmt::format("{:016x}\n", sum_of(body))) {
    return corrupt("its sum does not fit");
  }
  if (!body.starts_with(kLayout) || body.substr(kLayout.size(), 1) != "\n") {
    return corrupt("of a layout this program does not know");
  }
  Gathered gathered;
  std::string_view rest = body.substr(kLayout.size() + 1);
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    if (!read_line(rest.substr(0, end), gathered)) return corrupt("a line cannot be read");
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  gathered.state.days.restore(std::move(gathered.zones), std::move(gathered.quarters));
  gathered.state.places.restore(std::move(gathered.holders));
  return std::move(gathered.state);
}

}  // namespace vortex
