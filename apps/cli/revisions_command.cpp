// `vortex revisions SYMBOL`: what of a series was changed by its provider, and when it was noticed.
#include <cmath>

#include <fmt/core.h>

#include "vortex/store/provenance.hpp"

#include "apps/cli/commands.hpp"
#include "apps/cli/error_text.hpp"
#include "apps/cli/series_choice.hpp"

namespace vortex::cli {
namespace {

bool is_changed(double before, double after) {
  return before != after && !(std::isnan(before) && std::isnan(after));
}

std::string number_text(double number) {
  if (std::isnan(number)) return "none";
  std::string text;
  append_double(text, number);
  return text;
}

std::string noticed_text(const RevisionRow& revision) {
  return revision.noticed_at ? format_time(*revision.noticed_at) : "";
}

std::string revisions_text(const std::vector<RevisionRow>& revisions) {
  std::string text;
  for (const RevisionRow& revision : revisions) {
    text += fmt::format("{}  {:<9}  noticed {}  version {}  captures {} → {}\n",
                        format_time(revision.timestamp), revision.kind, noticed_text(revision),
                        revision.bars_version, untrusted(revision.old_capture_id, 40),
                        untrusted(revision.new_capture_id, 40));
    for (std::size_t i = 0; i < kRevisedFields.size(); ++i) {
      if (!is_changed(revision.before[i], revision.after[i])) continue;
      text += fmt::format("  {:<13} {} → {}\n", kRevisedFields[i], number_text(revision.before[i]),
                          number_text(revision.after[i]));
    }
  }
  return text;
}

void write_revision(JsonWriter& json, const RevisionRow& revision) {
  json.begin_object();
  json.member("timestamp", format_time(revision.timestamp));
  json.member("kind", revision.kind);
  json.member_or_null("noticed_at", noticed_text(revision));
  json.member("bars_version", revision.bars_version);
  json.member("old_capture_id", revision.old_capture_id);
  json.member("new_capture_id", revision.new_capture_id);
  json.key("changes");
  json.begin_array();
  for (std::size_t i = 0; i < kRevisedFields.size(); ++i) {
    if (!is_changed(revision.before[i], revision.after[i])) continue;
    json.begin_object();
    json.member("field", kRevisedFields[i]);
    json.member("old", revision.before[i]);
    json.member("new", revision.after[i]);
    json.end_object();
  }
  json.end_array();
  json.end_object();
}

std::string revisions_json(const SeriesKey& key, std::int64_t version,
                           const std::vector<RevisionRow>& revisions) {
  JsonWriter json = begin_answer("revisions", "ok");
  json.member("symbol", key.symbol);
  json.member("provider", key.provider);
  json.member("interval", to_string(key.interval));
  json.member("table_version", version);
  json.key("revisions");
  json.begin_array();
  for (const RevisionRow& revision : revisions) write_revision(json, revision);
  json.end_array();
  json.end_object();
  return json.take() + "\n";
}

}  // namespace

CommandResult run_revisions(CommandContext& context) {
  const Arguments& arguments = context.arguments();
  VORTEX_TRY(const Symbol symbol, Symbol::parse(arguments.positional[0]));
  VORTEX_TRY(const auto interval, arguments.interval());
  VORTEX_TRY(const auto since, arguments.since());
  VORTEX_TRY(const auto until, arguments.until());
  VORTEX_TRY(auto providers, arguments.providers(context.registry().names()));
  const SeriesWanted wanted{.symbol = symbol.text(),
                            .interval = interval.value_or(Interval::d1),
                            .providers = std::move(providers)};
  VORTEX_TRY(const LoadedSettings loaded, context.load());
  VORTEX_TRY(const std::string path, store_path(loaded.settings.store_uri));
  VORTEX_TRY_VOID(check_store_exists(path));
  VORTEX_TRY(Dataset dataset, Dataset::open(path, context.clock()));
  VORTEX_TRY(const auto states, dataset.all_states());
  VORTEX_TRY(const SeriesKey key, choose_series(wanted, loaded.settings, states, path));
  VORTEX_TRY(const auto revisions, dataset.revisions_of(key, {since.value_or(TimePoint::min()),
                                                              until.value_or(TimePoint::max())}));
  VORTEX_TRY_VOID(context.output().data(context.json()
                                            ? revisions_json(key, dataset.version(), revisions)
                                            : revisions_text(revisions)));
  if (revisions.empty()) context.output().note("nothing was changed");
  return 0;
}

}  // namespace vortex::cli
