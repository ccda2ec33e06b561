// `vortex why SYMBOL TIME FIELD`: where a stored number came from, and what it was before.
#include <algorithm>
#include <cmath>

#include <fmt/core.h>

#include "vortex/engine/why.hpp"
#include "vortex/quality/rule.hpp"

#include "apps/cli/commands.hpp"
#include "apps/cli/error_text.hpp"
#include "apps/cli/series_choice.hpp"

namespace vortex::cli {
namespace {

std::string number_text(std::optional<double> number) {
  if (!number || std::isnan(*number)) return "none";
  std::string text;
  append_double(text, *number);
  return text;
}

void write_number(JsonWriter& json, std::string_view name, std::optional<double> number) {
  json.key(name);
  if (number) {
    json.value(*number);
  } else {
    json.null();
  }
}

std::size_t place_of(const std::string& field) {
  return static_cast<std::size_t>(std::ranges::find(kRevisedFields, field) -
                                  kRevisedFields.begin());
}

// "Q07 (high_too_low), Q09 (volume_negative)"
std::string rules_text(std::string_view ids) {
  std::string out;
  for (const RuleEntry& rule : rule_table()) {
    if (!ids.contains(rule.id)) continue;
    out += fmt::format("{}{} ({})", out.empty() ? "" : ", ", rule.id, rule.name);
  }
  return out.empty() ? untrusted(ids, 100) : out;
}

std::string time_text(const std::optional<TimePoint>& time) {
  return time ? format_time(*time) : "an unknown time";
}

std::string capture_text(const CaptureCheck& check, const WhyAnswer& answer) {
  if (!check.row) {
    return fmt::format("  answer    none is kept ({})\n", answer.capture_id.empty()
                                                              ? "the bar names none"
                                                              : untrusted(answer.capture_id, 40));
  }
  const CaptureRow& row = *check.row;
  std::string text =
      fmt::format("  request   {}\n  answer    status {}, {} bytes, received {}\n",
                  untrusted(row.request), row.status, row.body_bytes, format_time(row.received_at));
  text += fmt::format("  headers   {}\n", untrusted(row.headers));
  text += fmt::format("  capture   {}, sha256 {}\n            {} at {}, {} bytes\n", row.id,
                      row.sha256, row.pack, row.offset, row.length);
  if (check.problem) {
    text += fmt::format("  raw       {}: {}\n", check.state, check.problem->message);
  } else {
    text += fmt::format("  raw       decoded again: {}, {}\n", number_text(check.decoded),
                        check.state == "equal" ? "as stored" : "not as stored");
  }
  return text;
}

std::string why_text(const WhyAnswer& answer) {
  const WhyQuestion& question = answer.question;
  std::string text = fmt::format(
      "{} {} {} {} from {}\n  stored    {} (adjusted {}, basis {}{})\n  read      {}\n"
      "  received  {}\n",
      question.key.symbol, to_string(question.key.interval), format_time(question.time),
      question.field, question.key.provider, number_text(answer.as_stored), answer.adjusted,
      format_date(answer.basis), answer.final ? "" : ", can still change",
      number_text(answer.as_read), format_time(answer.received_at));
  text += capture_text(answer.capture, answer);
  const std::size_t place = place_of(question.field);
  for (const RevisionRow& revision : answer.revisions) {
    text +=
        fmt::format("  before    {} → {} ({}, noticed {}, version {}; captures {} → {})\n",
                    number_text(revision.before[place]), number_text(revision.after[place]),
                    revision.kind, time_text(revision.noticed_at), revision.bars_version,
                    untrusted(revision.old_capture_id, 40), untrusted(revision.new_capture_id, 40));
  }
  for (const QuarantineRow& row : answer.quarantine) {
    text += fmt::format("  refused   {}: {} (noticed {}, capture {})\n", rules_text(row.reasons),
                        untrusted(row.row_text), time_text(row.noticed_at),
                        untrusted(row.capture_id, 40));
  }
  if (answer.revisions.empty()) text += "  before    never changed since it was stored\n";
  return text;
}

void write_capture(JsonWriter& json, const CaptureCheck& check) {
  json.begin_object();
  json.member("state", check.state);
  if (check.row) {
    const CaptureRow& row = *check.row;
    json.member("capture_id", row.id);
    json.member("sha256", row.sha256);
    json.member("pack", row.pack);
    json.member("offset", row.offset);
    json.member("length", row.length);
    json.member("body_bytes", row.body_bytes);
    json.member("request", row.request);
    json.member("status", row.status);
    json.key("headers");
    if (Json::parse(row.headers)) {
      json.raw(row.headers);
    } else {
      json.null();
    }
    json.member("received_at", format_time(row.received_at));
    json.member("from", format_time(row.range.start));
    json.member("to", format_time(row.range.end));
  }
  write_number(json, "decoded", check.decoded);
  json.member_or_null("message", check.problem ? check.problem->message : "");
  json.end_object();
}

void write_changes(JsonWriter& json, const WhyAnswer& answer) {
  const std::size_t place = place_of(answer.question.field);
  json.key("revisions");
  json.begin_array();
  for (const RevisionRow& revision : answer.revisions) {
    json.begin_object();
    json.member("kind", revision.kind);
    json.member("old", revision.before[place]);
    json.member("new", revision.after[place]);
    json.member("old_capture_id", revision.old_capture_id);
    json.member("new_capture_id", revision.new_capture_id);
    json.member_or_null("noticed_at", revision.noticed_at ? format_time(*revision.noticed_at) : "");
    json.member("bars_version", revision.bars_version);
    json.end_object();
  }
  json.end_array();
  json.key("quarantine");
  json.begin_array();
  for (const QuarantineRow& row : answer.quarantine) {
    json.begin_object();
    json.member("reasons", row.reasons);
    json.member("row_text", untrusted(row.row_text, 1024));
    json.member("capture_id", row.capture_id);
    json.member_or_null("noticed_at", row.noticed_at ? format_time(*row.noticed_at) : "");
    json.end_object();
  }
  json.end_array();
}

std::string why_json(const WhyAnswer& answer) {
  const WhyQuestion& question = answer.question;
  JsonWriter json = begin_answer("why", "ok");
  json.member("symbol", question.key.symbol);
  json.member("provider", question.key.provider);
  json.member("interval", to_string(question.key.interval));
  json.member("timestamp", format_time(question.time));
  json.member("field", question.field);
  write_number(json, "stored", answer.as_stored);
  write_number(json, "read", answer.as_read);
  json.member("adjusted", answer.adjusted);
  json.member("basis", format_date(answer.basis));
  json.member("final", answer.final);
  json.member("received_at", format_time(answer.received_at));
  json.member_or_null("capture_id", answer.capture_id);
  json.key("capture");
  write_capture(json, answer.capture);
  write_changes(json, answer);
  json.key("asked");
  json.begin_array();
  for (const CaptureRow& row : answer.asked) {
    json.begin_object();
    json.member("capture_id", row.id);
    json.member("received_at", format_time(row.received_at));
    json.member("request", row.request);
    json.end_object();
  }
  json.end_array();
  json.end_object();
  return json.take() + "\n";
}

}  // namespace

CommandResult run_why(CommandContext& context) {
  const Arguments& arguments = context.arguments();
  VORTEX_TRY(const Symbol symbol, Symbol::parse(arguments.positional[0]));
  VORTEX_TRY(const auto interval, arguments.interval());
  VORTEX_TRY(auto providers, arguments.providers(context.registry().names()));
  const SeriesWanted wanted{.symbol = symbol.text(),
                            .interval = interval.value_or(Interval::d1),
                            .providers = std::move(providers)};
  WhyQuestion question{.field = arguments.positional[2]};
  VORTEX_TRY(question.time, parse_moment("TIME", arguments.positional[1]));
  const std::vector<std::string_view> fields(kRevisedFields.begin(), kRevisedFields.end());
  VORTEX_TRY_VOID(check_choice("field", question.field, fields));

  VORTEX_TRY(const LoadedSettings loaded, context.load());
  VORTEX_TRY(const std::string path, store_path(loaded.settings.store_uri));
  VORTEX_TRY_VOID(check_store_exists(path));
  VORTEX_TRY(Dataset dataset, Dataset::open(path, context.clock()));
  VORTEX_TRY(const auto states, dataset.all_states());
  VORTEX_TRY(question.key, choose_series(wanted, loaded.settings, states, path, true));
  VORTEX_TRY(const WhyAnswer answer, why(dataset, question, context.registry(), loaded.settings));
  VORTEX_TRY_VOID(context.output().data(context.json() ? why_json(answer) : why_text(answer)));
  return 0;
}

}  // namespace vortex::cli
