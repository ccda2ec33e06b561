// What happens to one answer on the CPU pool: decoded, judged, its raw bytes hashed and compressed.
// Pure.
#pragma once

#include <optional>
#include <string>

#include "vortex/model/calendar_book.hpp"
#include "vortex/provider/adapter.hpp"
#include "vortex/quality/validator.hpp"
#include "vortex/secrets/secret_mask.hpp"
#include "vortex/store/capture.hpp"
#include "vortex/store/dataset.hpp"

namespace vortex {

// One answer, understood. `page.bars` holds what passed the checks, stamped with the capture's id.
struct CheckedPage {
  Page page;
  // `schema`: the answer has another form than is known. The page is empty then, its rows stand in
  // `quarantine` as far as they can be told apart.
  std::optional<Error> refused;
  BatchVerdict verdict;
  std::optional<Capture> capture;
  std::vector<QuarantineEntry> quarantine;
  std::string calendar;               // by which the next was counted; empty: none is known
  std::int64_t outside_sessions = 0;  // good bars for which it has no session: kept all the same
};

struct DecodeJob {
  const HttpAdapter* adapter = nullptr;
  BarsRequest request;
  HttpReply reply;
  std::string redacted_request;
  bool keep_capture = true;
  bool keep_refused =
      false;                // a page with `refused` for an answer of an unknown form, not an error
  SecretMask secrets = {};  // that the call went with
  const CalendarBook* calendars = nullptr;  // null: sessions are not looked at
};

// An answer that echoes a secret is masked first: what is read, kept and told is the masked body,
// whose capture says so by a header of this name.
inline constexpr std::string_view kMaskedHeader = "vortex-masked";

// The header by which the capture of a refused answer says why: both forms, once for all its rows.
inline constexpr std::string_view kRefusedHeader = "vortex-refused";
// By which its rows in quarantine are known.
inline constexpr std::string_view kSchemaReason = "schema";

Result<CheckedPage> run_decode_job(const DecodeJob& job);

}  // namespace vortex
