#include "vortex/engine/decode_job.hpp"

#include <algorithm>
#include <new>

#include <arrow/record_batch.h>
#include <fmt/format.h>

#include "vortex/codec/bar_batch_builder.hpp"
#include "vortex/codec/bar_view.hpp"
#include "vortex/engine/calendar_diff.hpp"
#include "vortex/provider/answer_rows.hpp"

namespace vortex {
namespace {

std::string rule_ids(RuleSet reasons) {
  std::vector<std::string_view> ids;
  for (const Rule rule : rules_in(reasons)) ids.push_back(rule_entry(rule).id);
  return fmt::format("{}", fmt::join(ids, ","));
}

std::vector<QuarantineEntry> quarantine_of(const arrow::RecordBatch& decoded,
                                           const BatchVerdict& verdict,
                                           const std::string& capture_id) {
  std::vector<QuarantineEntry> entries;
  entries.reserve(verdict.quarantined.size());
  const BarView view(decoded);
  for (const QuarantinedRow& row : verdict.quarantined) {
    std::optional<TimePoint> timestamp;
    if (!view.is_null(kTimestamp, row.row)) timestamp = view.time(row.row);
    entries.push_back({.timestamp = timestamp,
                       .reasons = rule_ids(row.reasons),
                       .row_text = row_text(decoded, row.row),
                       .capture_id = capture_id});
  }
  return entries;
}

// None where the answer echoes no secret.
std::optional<HttpReply> masked_reply(const DecodeJob& job) {
  auto body = job.secrets.masked(job.reply.body.view());
  auto url = job.secrets.masked(job.reply.final_url);
  const bool in_headers = std::ranges::any_of(job.reply.headers, [&](const Header& header) {
    return job.secrets.masked(header.value).has_value();
  });
  if (!body && !url && !in_headers) return std::nullopt;
  HttpReply reply = job.reply;
  if (body) reply.body = Body::take(*std::move(body));
  if (url) reply.final_url = *std::move(url);
  for (Header& header : reply.headers)
    header.value = job.secrets.masked(header.value).value_or(header.value);
  reply.headers.push_back({.name = std::string(kMaskedHeader), .value = "true"});
  return reply;
}

// A calendar may be wrong: what it does not expect is told, never dropped.
void count_outside(const DecodeJob& job, CheckedPage& checked) {
  if (job.calendars == nullptr || !checked.page.instrument) return;
  const auto calendar = job.calendars->of(*checked.page.instrument);
  if (!calendar) return;
  const BarView view(*checked.page.bars);
  std::vector<TimePoint> stamps;
  stamps.reserve(static_cast<std::size_t>(checked.page.bars->num_rows()));
  for (std::int64_t row = 0; row < checked.page.bars->num_rows(); ++row)
    stamps.push_back(view.time(row));
  checked.calendar = calendar->name();
  checked.outside_sessions = count_outside_sessions(*calendar, job.request.interval, stamps);
}

// Nothing of an answer of another form is believed; it is kept, and shown row by row. An answer
// without rows that can be told apart stays an error.
Result<CheckedPage> refused_page(const DecodeJob& job, HttpReply reply, Error error) {
  AnswerRows found = rows_of_answer(reply.body.view());
  if (found.rows.empty()) return std::unexpected(std::move(error));
  if (found.is_cut) {
    error.message += fmt::format("; the first {} of its rows are in quarantine", found.rows.size());
  }
  CheckedPage checked;
  checked.page.bars = empty_bars();
  std::string capture_id;
  if (job.keep_capture) {
    reply.headers.push_back({.name = std::string(kRefusedHeader), .value = error.to_line()});
    VORTEX_TRY(checked.capture, make_capture(reply, job.redacted_request, job.request.range));
    capture_id = checked.capture->id;
  }
  for (std::string& row : found.rows) {
    checked.verdict.quarantined.push_back({.row = checked.verdict.rows++});
    checked.quarantine.push_back({.reasons = std::string(kSchemaReason),
                                  .row_text = std::move(row),
                                  .capture_id = capture_id});
  }
  checked.refused = std::move(error);
  return checked;
}

Result<CheckedPage> decode_and_judge(const DecodeJob& job) {
  const std::optional<HttpReply> masked = masked_reply(job);
  const HttpReply& reply = masked ? *masked : job.reply;
  auto page = job.adapter->decode(job.request, reply);
  if (!page && job.keep_refused && page.error().code == ErrorCode::schema) {
    return refused_page(job, reply, std::move(page).error());
  }
  if (!page) return std::unexpected(std::move(page).error());
  CheckedPage checked{.page = *std::move(page)};
  std::string capture_id;
  if (job.keep_capture) {
    VORTEX_TRY(checked.capture, make_capture(reply, job.redacted_request, job.request.range));
    capture_id = checked.capture->id;
  }
  VORTEX_TRY(checked.verdict, validate(checked.page.bars, {.range = job.request.range}));
  checked.quarantine = quarantine_of(*checked.page.bars, checked.verdict, capture_id);
  checked.page.bars = with_capture_id(checked.verdict.good, capture_id);
  count_outside(job, checked);
  return checked;
}

}  // namespace

// The border where an exception of memory becomes a value (fault H1): one answer that is too large
// fails one call, not the process.
Result<CheckedPage> run_decode_job(const DecodeJob& job) {
  try {
    return decode_and_judge(job);
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::local_resource, "not enough memory to read the answer");
  }
}

}  // namespace vortex
