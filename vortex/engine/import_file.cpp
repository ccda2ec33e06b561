#include "vortex/engine/import_file.hpp"

#include <utility>

#include <arrow/record_batch.h>
#include <fmt/format.h>

#include "vortex/base/sha256.hpp"
#include "vortex/codec/bar_view.hpp"
#include "vortex/engine/decode_job.hpp"
#include "vortex/engine/route.hpp"
#include "vortex/store/provenance.hpp"

namespace vortex {
namespace {

// From the first bar to the end of the last: what stands in one file is without a gap of its own.
std::optional<TimeRange> range_of_bars(const arrow::RecordBatch& bars, Interval interval) {
  const BarView view(bars);
  if (view.empty()) return std::nullopt;
  const TimePoint last = view.time(view.rows() - 1);
  const TimePoint end = is_intraday(interval) ? last + nominal_length(interval)
                                              : midnight(next_bar_date(interval, date_of(last)));
  return TimeRange{view.time(0), end};
}

Result<const Provider*> reader_of(const ProviderRegistry& providers, const std::string& name) {
  const Provider* provider = providers.find(name);
  if (provider != nullptr && provider->files != nullptr) return provider;
  return fail(
      ErrorCode::unsupported,
      fmt::format("files of '{}' are not read; those of barchart are", untrusted(name, 48)));
}

// When the same bytes were imported before: then they count as received at that time, so that
// nothing of them is news.
Result<std::optional<TimePoint>> known_since(Dataset& dataset, const SeriesKey& key,
                                             const SavedFile& file, std::string_view bytes) {
  VORTEX_TRY(const auto captures, dataset.captures_of(key, file.request.range));
  const std::string hash = sha256_hex(bytes);
  for (const CaptureRow& capture : captures) {
    if (capture.sha256 == hash && capture.range == file.request.range) return capture.received_at;
  }
  return std::nullopt;
}

SeriesBatch batch_of(const SeriesKey& key, CheckedPage& page,
                     const std::optional<TimeRange>& range) {
  SeriesBatch batch{.key = key};
  if (range) {
    batch.bars.push_back(page.page.bars);
    batch.coverage.push_back({.range = *range, .state = CoverageState::have});
  }
  batch.quarantine = std::move(page.quarantine);
  batch.instrument = std::move(page.page.instrument);
  batch.captures.push_back(std::move(*page.capture));
  return batch;
}

// Part of the capture's identity: the same bytes read otherwise are another answer.
std::string request_line(const ImportRequest& request) {
  const bool by_end = request.labels == BarLabels::end;
  return "FILE " + untrusted(request.name, 200) + (by_end ? " labels=end" : "");
}

void note_commit(const CommitReceipt& receipt, ImportedFile& out) {
  out.table_version = receipt.version;
  out.committed = receipt.committed;
  for (const SeriesReceipt& series : receipt.series) {
    out.rows.fresh += series.rows_new;
    out.rows.unchanged += series.rows_unchanged;
    out.rows.restated += series.rows_restated;
    out.rows.quarantined += series.rows_quarantined;
  }
}

}  // namespace

Result<ImportedFile> import_file(Dataset& dataset, const ImportParts& parts,
                                 ImportRequest request) {
  VORTEX_TRY(const Provider* provider, reader_of(*parts.providers, request.provider));
  const SavedFileHints hints{.name = request.name,
                             .symbol = request.symbol,
                             .interval = request.interval,
                             .labels = request.labels};
  VORTEX_TRY(SavedFile file, provider->files->inspect(hints, request.bytes));
  // As a replay will spell it.
  VORTEX_TRY(file.request.provider_symbol,
             spelling_for(*provider->adapter, file.request.symbol, *parts.settings));

  const SeriesKey key{.provider = request.provider,
                      .symbol = file.request.symbol.text(),
                      .interval = file.request.interval};
  VORTEX_TRY(const auto known, known_since(dataset, key, file, request.bytes));
  const TimePoint now = known.value_or(parts.clock->now());
  DecodeJob job{.adapter = provider->adapter.get(),
                .request = file.request,
                .redacted_request = request_line(request)};
  job.reply = {.status = 200,
               .headers = {{.name = "Content-Type", .value = file.content_type}},
               .body = Body::take(std::move(request.bytes)),
               .sent_at = now,
               .received_at = now};
  VORTEX_TRY(CheckedPage page, run_decode_job(job));

  ImportedFile out{.symbol = file.request.symbol.text(),
                   .provider = request.provider,
                   .interval = file.request.interval,
                   .range = range_of_bars(*page.page.bars, file.request.interval),
                   .saved_at = file.saved_at,
                   .rows_unfinal = page.page.rows_unfinal,
                   .slots_empty = page.page.slots_empty};
  out.quality.add(page.verdict);
  out.quality.slots_empty = page.page.slots_empty;
  std::vector<SeriesBatch> batches;
  batches.push_back(batch_of(key, page, out.range));
  VORTEX_TRY(const CommitReceipt receipt, dataset.commit(std::move(batches)));
  for (const SeriesReceipt& series : receipt.series) {
    if (series.refused) return std::unexpected(*series.refused);
  }
  note_commit(receipt, out);
  return out;
}

}  // namespace vortex
