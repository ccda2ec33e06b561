// A chart answer, whole or not.
#include "vortex/provider/decode_fuzz_for_test.hpp"
#include "vortex/provider/yahoo/yahoo_adapter.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  vortex::fake::decode_fuzzed(
      vortex::YahooAdapter(),
      {.symbols = {"AAPL", "AAPL", "AAPL", "AAPL"}, .statuses = {200, 200, 404, 500}}, data, size);
  return 0;
}
