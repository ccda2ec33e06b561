// `vortex compact`: fewer files with the same rows, and what that came to.
#include <fmt/core.h>

#include "vortex/store/dataset.hpp"

#include "apps/cli/commands.hpp"
#include "apps/cli/error_text.hpp"

namespace vortex::cli {
namespace {

std::string compact_json(const Dataset& dataset, const CompactReceipt& receipt) {
  JsonWriter json = begin_answer("compact", "ok");
  json.member("dataset_id", dataset.id());
  json.member("store", dataset.path());
  json.member("table_version", receipt.version);
  json.member("commits", receipt.commits);
  json.key("tables");
  json.begin_array();
  for (const TableCompaction& table : receipt.tables) {
    json.begin_object();
    json.member("table", table.table);
    json.member("files_read", table.files_read);
    json.member("files_written", table.files_written);
    json.member("rows", table.rows);
    json.member("rows_dropped", table.rows_dropped);
    json.member("bytes_read", table.bytes_read);
    json.member("bytes_written", table.bytes_written);
    json.end_object();
  }
  json.end_array();
  json.end_object();
  return json.take() + "\n";
}

void tell(Output& output, const CompactReceipt& receipt) {
  if (receipt.commits == 0) {
    output.note(fmt::format("nothing to compact; version {}", receipt.version));
    return;
  }
  for (const TableCompaction& table : receipt.tables) {
    output.note(fmt::format("{}: {} files became {}, {} rows, {} bytes became {}", table.table,
                            table.files_read, table.files_written, table.rows, table.bytes_read,
                            table.bytes_written));
    if (table.rows_dropped == 0) continue;
    output.note(
        fmt::format("  {} rows of commits that never came were left out", table.rows_dropped));
  }
  output.note(fmt::format("version {}; the old files stay for older versions until vortex vacuum",
                          receipt.version));
}

}  // namespace

CommandResult run_compact(CommandContext& context) {
  VORTEX_TRY(const LoadedSettings loaded, context.load());
  VORTEX_TRY(const std::string path, store_path(loaded.settings.store_uri));
  VORTEX_TRY_VOID(check_store_exists(path));
  VORTEX_TRY(Dataset dataset, Dataset::open(path, context.clock()));
  VORTEX_TRY(const CompactReceipt receipt, dataset.compact({}));
  if (context.json()) {
    VORTEX_TRY_VOID(context.output().data(compact_json(dataset, receipt)));
  } else {
    tell(context.output(), receipt);
  }
  return 0;
}

}  // namespace vortex::cli
