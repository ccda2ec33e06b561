// `vortex verify`: reads the whole dataset again and says what is wrong. 6 for bad data, 7 where
// files are missing or cannot be read.
#include <fmt/core.h>

#include "vortex/store/dataset.hpp"

#include "apps/cli/commands.hpp"
#include "apps/cli/error_text.hpp"

namespace vortex::cli {
namespace {

int code_of(const VerifyReport& report) {
  if (report.storage_trouble) return exit_code(ErrorClass::storage);
  return report.findings.empty() ? 0 : exit_code(ErrorClass::quality);
}

std::string verify_json(const Dataset& dataset, const VerifyReport& report) {
  JsonWriter json = begin_answer("verify", report.findings.empty() ? "ok" : "failed");
  json.member("dataset_id", dataset.id());
  json.member("store", dataset.path());
  json.member("table_version", report.version);
  json.member("files", report.files);
  json.member("rows", report.rows);
  json.member("bytes", report.bytes);
  json.member("captures", report.captures);
  json.key("findings");
  json.begin_array();
  for (const VerifyFinding& finding : report.findings) {
    json.begin_object();
    json.member("table", finding.table);
    json.key("version");
    if (finding.version < 0) {
      json.null();
    } else {
      json.value(finding.version);
    }
    json.member("file", finding.file);
    json.member("kind", finding.kind);
    json.member("message", untrusted(finding.message));
    json.end_object();
  }
  json.end_array();
  json.member("findings_cut", report.findings_cut);
  json.end_object();
  return json.take() + "\n";
}

std::string verify_text(const VerifyReport& report) {
  std::string text;
  for (const VerifyFinding& finding : report.findings) {
    text += fmt::format("{:<10} {}: {}\n", finding.kind, untrusted(finding.file),
                        untrusted(finding.message));
  }
  if (report.findings_cut > 0) text += fmt::format("and {} more\n", report.findings_cut);
  return text;
}

}  // namespace

CommandResult run_verify(CommandContext& context) {
  VORTEX_TRY(const LoadedSettings loaded, context.load());
  VORTEX_TRY(const std::string path, store_path(loaded.settings.store_uri));
  VORTEX_TRY_VOID(check_store_exists(path));
  VORTEX_TRY(Dataset dataset, Dataset::open(path, context.clock()));
  VORTEX_TRY(const VerifyReport report,
             dataset.verify({.quick = context.arguments().has("--quick")}));
  VORTEX_TRY_VOID(
      context.output().data(context.json() ? verify_json(dataset, report) : verify_text(report)));
  context.output().note(fmt::format("version {}: {} files, {} rows, {} captured bodies: {}",
                                    report.version, report.files, report.rows, report.captures,
                                    report.findings.empty() ? "all is well" : "not well"));
  return code_of(report);
}

}  // namespace vortex::cli
