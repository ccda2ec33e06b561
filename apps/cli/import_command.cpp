// `vortex import FILE…`: files saved by hand from a provider's website, into the dataset. Each file
// is committed whole or refused whole; one that is refused does not keep the others out.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <fmt/core.h>

#include "vortex/engine/import_file.hpp"

#include "apps/cli/commands.hpp"
#include "apps/cli/error_text.hpp"
#include "apps/cli/receipt.hpp"

namespace vortex::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kFileBytesMax = std::uintmax_t{256} << 20;
constexpr int kPartial = 8;

struct Outcome {
  std::string file;
  std::optional<ImportedFile> imported;
  std::optional<Error> error;
};

Result<std::string> read_whole(const std::string& path) {
  std::error_code error;
  const auto status = fs::status(path, error);
  if (error || !fs::exists(status)) {
    return fail(ErrorCode::usage, fmt::format("there is no file {}", untrusted(path, 200)));
  }
  if (!fs::is_regular_file(status)) {
    return fail(ErrorCode::usage, fmt::format("{} is no regular file", untrusted(path, 200)));
  }
  const std::uintmax_t size = fs::file_size(path, error);
  if (error || size > kFileBytesMax) {
    return fail(ErrorCode::usage, fmt::format("{} is larger than {} MiB, which no export of the "
                                              "website is",
                                              untrusted(path, 200), kFileBytesMax >> 20));
  }
  std::ifstream in(path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(in), {}};
  if (!in.eof() && in.fail()) {
    return fail(ErrorCode::storage, fmt::format("cannot read {}", untrusted(path, 200)));
  }
  return bytes;
}

Result<std::optional<Symbol>> symbol_of(const Arguments& arguments) {
  const auto text = arguments.value("--symbol");
  if (!text) return std::nullopt;
  if (arguments.positional.size() > 1) {
    return fail(ErrorCode::usage, "--symbol goes with one FILE: several can be about several");
  }
  VORTEX_TRY(Symbol symbol, Symbol::parse(*text));
  return symbol;
}

void show(Output& output, const Outcome& outcome) {
  const std::string name = untrusted(outcome.file, 200);
  if (outcome.error) {
    output.error_line(fmt::format("{}:", name));
    show_error(output, *outcome.error);
    return;
  }
  const ImportedFile& file = *outcome.imported;
  output.note(fmt::format("{}: {} {} ({}){}", name, file.symbol, to_string(file.interval),
                          file.provider, file.range ? ", " + to_string(*file.range) : ""));
  output.note(fmt::format("  rows      {} new, {} unchanged, {} restated, {} quarantined{}",
                          file.rows.fresh, file.rows.unchanged, file.rows.restated,
                          file.rows.quarantined, file.committed ? "" : " (nothing new to commit)"));
  if (file.rows_unfinal > 0) {
    output.note(
        fmt::format("  note: {} rows could still change when the file was saved and were "
                    "left out",
                    file.rows_unfinal));
  }
  show_quality(output, file.quality);
}

void write_file_json(JsonWriter& json, const Outcome& outcome) {
  json.begin_object();
  json.member("file", untrusted(outcome.file, 200));
  json.member("status", outcome.error ? "failed" : "ok");
  if (outcome.error) {
    json.member("code", to_string(outcome.error->code));
    json.member("message", untrusted(outcome.error->message, 600));
    json.member("next_step", untrusted(outcome.error->next_step(), 300));
    json.end_object();
    return;
  }
  const ImportedFile& file = *outcome.imported;
  json.member("symbol", file.symbol);
  json.member("provider", file.provider);
  json.member("interval", to_string(file.interval));
  const auto moment = [&](std::string_view name, const std::optional<TimePoint>& time) {
    json.key(name);
    if (time) {
      json.value(format_time(*time));
    } else {
      json.null();
    }
  };
  moment("from", file.range ? std::optional(file.range->start) : std::nullopt);
  moment("to", file.range ? std::optional(file.range->end) : std::nullopt);
  moment("saved_at", file.saved_at);
  json.member("rows_new", file.rows.fresh);
  json.member("rows_unchanged", file.rows.unchanged);
  json.member("rows_restated", file.rows.restated);
  json.member("rows_quarantined", file.rows.quarantined);
  json.member("rows_unfinal", file.rows_unfinal);
  json.end_object();
}

struct Sums {
  RowCounts rows;
  std::int64_t version = -1;
  std::size_t failed = 0;
  int code = 0;  // of the first failure; 8 where they are mixed
};

Sums sum_of(const std::vector<Outcome>& outcomes, std::int64_t version, bool strict) {
  Sums sums{.version = version};
  for (const Outcome& outcome : outcomes) {
    if (outcome.error) {
      const int code = exit_code(outcome.error->error_class());
      sums.code = sums.failed == 0 || sums.code == code ? code : kPartial;
      ++sums.failed;
      continue;
    }
    sums.version = outcome.imported->table_version;
    sums.rows.fresh += outcome.imported->rows.fresh;
    sums.rows.unchanged += outcome.imported->rows.unchanged;
    sums.rows.restated += outcome.imported->rows.restated;
    sums.rows.quarantined += outcome.imported->rows.quarantined;
  }
  if (sums.failed > 0 && sums.failed < outcomes.size()) sums.code = kPartial;
  if (sums.failed == 0 && strict && sums.rows.quarantined > 0) {
    sums.code = exit_code(ErrorClass::quality);
  }
  return sums;
}

std::string import_json(const Dataset& dataset, const std::vector<Outcome>& outcomes,
                        const Sums& sums) {
  const std::string_view status = sums.failed == 0                ? "ok"
                                  : sums.failed < outcomes.size() ? "partial"
                                                                  : "failed";
  JsonWriter json = begin_answer("import", status);
  json.member("dataset_id", dataset.id());
  json.member("store", dataset.path());
  json.member("table_version", sums.version);
  json.key("rows");
  json.begin_object();
  json.member("new", sums.rows.fresh);
  json.member("unchanged", sums.rows.unchanged);
  json.member("restated", sums.rows.restated);
  json.member("quarantined", sums.rows.quarantined);
  json.end_object();
  json.key("files");
  json.begin_array();
  for (const Outcome& outcome : outcomes) write_file_json(json, outcome);
  json.end_array();
  json.end_object();
  return json.take() + "\n";
}

Result<std::optional<BarLabels>> labels_of(const Arguments& arguments) {
  const auto word = arguments.value("--labels");
  if (!word) return std::nullopt;
  if (*word == "start") return BarLabels::start;
  if (*word == "end") return BarLabels::end;
  return fail(ErrorCode::usage,
              fmt::format("--labels is start or end, not '{}'", untrusted(*word, 40)));
}

Result<std::string> provider_of(CommandContext& context) {
  std::vector<std::string_view> readers;
  for (const Provider& provider : context.registry().all()) {
    if (provider.files != nullptr) readers.push_back(provider.name());
  }
  VORTEX_TRY(const auto named, context.arguments().providers(readers));
  if (named.size() > 1) return fail(ErrorCode::usage, "--provider: a file is of one provider");
  return named.empty() ? std::string(readers.front()) : named.front();
}

}  // namespace

CommandResult run_import(CommandContext& context) {
  const Arguments& arguments = context.arguments();
  VORTEX_TRY(const LoadedSettings loaded, context.load());
  VORTEX_TRY(const std::string path, store_path(loaded.settings.store_uri));
  VORTEX_TRY(const auto interval, arguments.interval());
  VORTEX_TRY(const auto symbol, symbol_of(arguments));
  VORTEX_TRY(const auto labels, labels_of(arguments));
  VORTEX_TRY(const std::string provider, provider_of(context));
  const ImportParts parts{
      .providers = &context.registry(), .settings = &loaded.settings, .clock = &context.clock()};
  std::vector<Outcome> outcomes;
  std::vector<std::string> bodies;
  for (const std::string& file : arguments.positional) {
    VORTEX_TRY(std::string bytes, read_whole(file));  // a misspelt name stops before anything
    bodies.push_back(std::move(bytes));
  }
  VORTEX_TRY(Dataset dataset, Dataset::open_or_create(path, context.clock()));
  for (std::size_t i = 0; i < bodies.size(); ++i) {
    const std::string& file = arguments.positional[i];
    auto imported = import_file(dataset, parts,
                                {.name = fs::path(file).filename().string(),
                                 .bytes = std::move(bodies[i]),
                                 .symbol = symbol,
                                 .interval = interval,
                                 .labels = labels,
                                 .provider = provider});
    Outcome& outcome = outcomes.emplace_back(Outcome{.file = file});
    if (imported) {
      outcome.imported = *std::move(imported);
    } else {
      outcome.error = std::move(imported).error();
    }
    show(context.output(), outcome);
  }
  const Sums sums = sum_of(outcomes, dataset.version(), arguments.has("--strict"));
  if (context.json()) {
    VORTEX_TRY_VOID(context.output().data(import_json(dataset, outcomes, sums)));
  }
  return sums.code;
}

}  // namespace vortex::cli
