// What happens to one answer on the CPU pool: decoded, judged, its raw bytes hashed and compressed.
// Pure.
#pragma once

#include <string>

#include "vortex/provider/adapter.hpp"
#include "vortex/quality/validator.hpp"
#include "vortex/store/capture.hpp"
#include "vortex/store/dataset.hpp"

namespace vortex {

// One answer, understood. `page.bars` holds what passed the checks, stamped with the capture's id.
struct CheckedPage {
  Page page;
  BatchVerdict verdict;
  std::optional<Capture> capture;
  std::vector<QuarantineEntry> quarantine;
};

struct DecodeJob {
  const HttpAdapter* adapter = nullptr;
  BarsRequest request;
  HttpReply reply;
  std::string redacted_request;
  bool keep_capture = true;
};

Result<CheckedPage> run_decode_job(const DecodeJob& job);

}  // namespace vortex
