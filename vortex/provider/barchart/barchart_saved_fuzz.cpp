// A file saved from the website: inspected, then decoded as an import does.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include <arrow/record_batch.h>

#include "vortex/provider/barchart/barchart_adapter.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace std::chrono_literals;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const vortex::BarchartSavedFiles files;
  const auto file = files.inspect({.name = "zcz21_price-history-01-01-2026.csv"}, bytes);
  if (!file) return 0;
  const vortex::BarchartAdapter adapter;
  const vortex::HttpReply reply{.status = 200,
                                .headers = {{.name = "Content-Type", .value = file->content_type}},
                                .body = vortex::Body::copy_of(bytes),
                                .received_at = vortex::TimePoint{1'790'000'000s}};
  const auto page = adapter.decode(file->request, reply);
  if (page && !page->bars->ValidateFull().ok()) std::abort();
  if (page && page->bars->num_rows() > static_cast<std::int64_t>(size)) std::abort();
  return 0;
}
