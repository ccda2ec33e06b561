// Where one stored number came from: the answer that brought it, read again, the rules that spoke,
// and what it was before. Reads the dataset; asks nobody.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vortex/config/settings.hpp"
#include "vortex/provider/registry.hpp"
#include "vortex/store/provenance.hpp"

namespace vortex {

struct WhyQuestion {
  SeriesKey key;
  TimePoint time;     // the bar's stamp
  std::string field;  // one of kRevisedFields
};

// What the raw capture says today of the number.
struct CaptureCheck {
  std::string state;  // equal | different | gone | damaged | refused | absent (no capture is named)
  std::optional<CaptureRow> row;
  std::optional<double> decoded;  // the number, decoded again
  std::optional<Error> problem;   // why there is none
};

struct WhyAnswer {
  WhyQuestion question;
  std::optional<double> as_stored;  // on the basis it was received on; none: null
  std::optional<double> as_read;    // as `vortex read` shows it (splits applied)
  std::string adjusted;
  Date basis;
  bool final = true;
  TimePoint received_at;
  std::string capture_id;
  CaptureCheck capture;
  std::vector<RevisionRow> revisions;     // newest first
  std::vector<QuarantineRow> quarantine;  // rows of that stamp that were refused, newest first
  std::vector<CaptureRow> asked;          // kept answers about that stamp, newest first
};

// unknown_name for a field there is none of; not_found where no bar is, saying what is known
// instead: its coverage, when it was asked, what was refused.
Result<WhyAnswer> why(Dataset& dataset, const WhyQuestion& question,
                      const ProviderRegistry& providers, const Settings& settings);

}  // namespace vortex
