// The first byte picks interval and status, the rest is an OnDemand answer, JSON or CSV.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include <arrow/record_batch.h>

#include "vortex/provider/barchart/barchart_adapter.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace std::chrono_literals;
  if (size == 0) return 0;
  constexpr int kStatuses[] = {200, 200, 401, 429};
  const vortex::BarchartAdapter adapter;
  const auto& intervals = adapter.capabilities().intervals;
  const vortex::BarsRequest request{
      .symbol = vortex::Symbol::parse("ZCZ21").value(),
      .interval = intervals[data[0] % intervals.size()].interval,
      .range = {vortex::TimePoint{0s}, vortex::TimePoint{2'000'000'000s}},
      .keep_unfinal = (data[0] & 0x80) != 0};
  const vortex::HttpReply reply{
      .status = kStatuses[data[0] >> 5 & 3],
      .body = vortex::Body::copy_of({reinterpret_cast<const char*>(data) + 1, size - 1}),
      .received_at = vortex::TimePoint{1'711'645'510s}};
  const auto page = adapter.decode(request, reply);
  if (page && !page->bars->ValidateFull().ok()) std::abort();
  if (page && page->bars->num_rows() > static_cast<std::int64_t>(size)) std::abort();
  return 0;
}
