// For the fuzzers of this room: any bytes, decoded as an answer. What an adapter accepts must be a
// batch that holds by its schema, with no more rows than the answer has bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include <arrow/record_batch.h>

#include "vortex/provider/adapter.hpp"

namespace vortex::fake {

// The first byte picks interval, symbol and status, the rest is the body.
struct FuzzedAnswers {
  std::array<const char*, 4> symbols;
  std::array<int, 4> statuses;
};

inline void decode_fuzzed(const HttpAdapter& adapter, const FuzzedAnswers& answers,
                          const std::uint8_t* data, std::size_t size) {
  using namespace std::chrono_literals;
  if (size == 0) return;
  const auto& intervals = adapter.capabilities().intervals;
  const std::size_t pick = data[0] >> 5 & 3;
  const BarsRequest request{.symbol = Symbol::parse(answers.symbols[pick]).value(),
                            .interval = intervals[data[0] % intervals.size()].interval,
                            .range = {TimePoint{0s}, TimePoint{2'000'000'000s}},
                            .keep_unfinal = (data[0] & 0x80) != 0};
  const HttpReply reply{.status = answers.statuses[pick],
                        .body = Body::copy_of({reinterpret_cast<const char*>(data) + 1, size - 1}),
                        .received_at = TimePoint{1'711'645'510s}};
  const auto page = adapter.decode(request, reply);
  if (page && !page->bars->ValidateFull().ok()) std::abort();
  if (page && page->bars->num_rows() > static_cast<std::int64_t>(size)) std::abort();
}

}  // namespace vortex::fake
