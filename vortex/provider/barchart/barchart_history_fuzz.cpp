// An OnDemand answer, JSON or CSV.
#include "vortex/provider/barchart/barchart_adapter.hpp"
#include "vortex/provider/decode_fuzz_for_test.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  vortex::fake::decode_fuzzed(
      vortex::BarchartAdapter(),
      {.symbols = {"ZCZ21", "ZCZ21", "ZCZ21", "ZCZ21"}, .statuses = {200, 200, 401, 429}}, data,
      size);
  return 0;
}
