// An answer of a share, a pair of currencies or a coin; its refusals have status 200, too.
#include "vortex/provider/alphavantage/alphavantage_adapter.hpp"
#include "vortex/provider/decode_fuzz_for_test.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  vortex::fake::decode_fuzzed(
      vortex::AlphaVantageAdapter(),
      {.symbols = {"IBM", "IBM", "EUR/USD", "BTC-USD"}, .statuses = {200, 200, 200, 200}}, data,
      size);
  return 0;
}
