// A text case: what is asked, what calls that makes, what the provider answers, what comes of it.
// The format stands in tests/cases/README.md. A file that breaks it is an error, never an empty
// case.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vortex/base/error.hpp"
#include "vortex/base/http_message.hpp"
#include "vortex/model/bars_request.hpp"

namespace vortex {

struct CaseRow {
  std::string timestamp;
  std::vector<std::optional<double>> values;  // open high low close volume
  bool final = true;
};

struct CaseAction {
  std::string kind;   // dividend | split | capital_gain
  std::string date;   // 2020-08-31
  std::string terms;  // "0.205", or "4:1"
  std::string currency;
};

struct CaseError {
  ErrorCode code{};
  std::string text;  // must occur in message or hint
};

struct Case {
  std::string name;                 // the file's stem
  std::string provider;             // the folder's name
  std::vector<std::string> faults;  // ids of the fault matrix
  std::optional<BarsRequest> request;
  TimePoint now;
  std::vector<std::string> calls;  // "GET /path?query"
  std::vector<HttpReply> replies;
  std::optional<std::vector<CaseRow>> rows;
  std::optional<CaseError> error;
  std::optional<std::string> retry_at;
  std::optional<std::vector<CaseAction>> actions;
  std::map<std::string, std::string> instrument;
  std::map<std::string, std::int64_t> counts;
  std::map<std::string, std::string> constants;  // adjusted, basis
};

// The text of one file. Errors name the line.
Result<Case> parse_case(std::string_view text);

// Every *.case below `directory`, by folder and name. Errors name file and line.
Result<std::vector<Case>> load_cases(const std::string& directory);

}  // namespace vortex
