#include "crash_scenarios.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <utility>

#include <fmt/core.h>
#include <gmock/gmock.h>

#include "vortex/base/http_message.hpp"

#include "disk_calls.hpp"

namespace vortex::store_test {
namespace {

constexpr const char* kSymbols[] = {"AAPL", "MSFT", "^GSPC"};
constexpr const char* kProviders[] = {"other", "yahoo"};

ManualClock& clock_of_tests() {
  static ManualClock clock(day(200));
  return clock;
}

// Every run draws other names for its files, in the same order each time; so does a child.
std::uint64_t g_runs = 0;
constexpr std::uint64_t kRunsOfACopy = 1000;

Random randomness() {
  return Random(++g_runs);
}

Capture capture_of(const std::string& body) {
  HttpReply reply;
  reply.status = 200;
  reply.body = Body::copy_of(body);
  reply.received_at = day(150);
  return *make_capture(reply, "GET https://example.test/x", {day(0), day(9)});
}

Result<void> commit(Dataset& dataset, std::vector<SeriesBatch> batch) {
  VORTEX_TRY([[maybe_unused]] const auto receipt, dataset.commit(std::move(batch)));
  return {};
}

// Everything one call can bring.
SeriesBatch full(const std::string& symbol, const std::vector<BarRow>& rows, double dividend) {
  SeriesBatch one = series(key(symbol), rows);
  one.captures.push_back(capture_of(symbol + std::to_string(dividend)));
  one.actions.push_back(
      {.kind = ActionKind::dividend, .ex_date = date_of(day(50)), .amount = dividend});
  one.instrument = Instrument{.provider = "yahoo", .symbol = symbol, .zone = "America/New_York"};
  one.quarantine.push_back({.timestamp = day(3),
                            .reasons = "Q07",
                            .row_text = std::to_string(dividend),
                            .capture_id = one.captures[0].id});
  one.coverage.push_back({.range = {day(0), day(9)}, .state = CoverageState::have, .reason = {}});
  return one;
}

Step first() {
  return {"first", [](Dataset& dataset) {
            return commit(dataset, {full("AAPL", {bar(1, 10), bar(2, 11), bar(3, 12)}, 0.5),
                                    series(key("MSFT"), {bar(1, 20), bar(2, 21)})});
          }};
}

Step append() {
  return {"append", [](Dataset& dataset) {
            return commit(dataset, {full("AAPL", {bar(4, 13), bar(5, 14)}, 0.5),
                                    series(key("MSFT", "other"), {bar(1, 30)})});
          }};
}

Step restate() {
  return {"restate", [](Dataset& dataset) {
            return commit(dataset, {full("AAPL", {bar(2, 99), bar(6, 15)}, 0.75),
                                    series(key("MSFT"), {bar(2, 77), bar(3, 22)})});
          }};
}

// Nothing for bars: an answer that says there is nothing, and a row that failed a check.
Step nothing_new() {
  return {"nothing new", [](Dataset& dataset) {
            SeriesBatch one;
            one.key = key("AAPL");
            one.captures.push_back(capture_of("nothing"));
            one.quarantine.push_back({.timestamp = day(20),
                                      .reasons = "Q01",
                                      .row_text = "y",
                                      .capture_id = one.captures[0].id});
            one.coverage.push_back({.range = {day(9), day(12)},
                                    .state = CoverageState::empty,
                                    .reason = "no data in range"});
            return commit(dataset, {std::move(one)});
          }};
}

Step compact() {
  return {"compact", [](Dataset& dataset) -> Result<void> {
            VORTEX_TRY([[maybe_unused]] const auto receipt, dataset.compact({}));
            return {};
          }};
}

// Everything but the newest version, and what earlier deaths left behind.
Step vacuum() {
  return {"vacuum", [](Dataset& dataset) -> Result<void> {
            clock_of_tests().advance(std::chrono::hours{1});
            VORTEX_TRY([[maybe_unused]] const auto receipt,
                       dataset.vacuum({.keep = Duration::zero(), .orphan_age = Duration::zero()}));
            return {};
          }};
}

void add_series(Dataset& dataset, const SeriesKey& series, std::string& out) {
  const auto table = dataset.read({.key = series, .adjust = Adjustment::split});
  std::size_t rows = 0;
  if (table) {
    out += fmt::format("{} {}:", series.provider, series.symbol);
    const auto stamps = (*table)->GetColumnByName("timestamp");
    const auto closes = (*table)->GetColumnByName("close");
    for (int chunk = 0; chunk < closes->num_chunks(); ++chunk) {
      const auto& times = static_cast<const arrow::TimestampArray&>(*stamps->chunk(chunk));
      const auto& values = static_cast<const arrow::DoubleArray&>(*closes->chunk(chunk));
      for (std::int64_t i = 0; i < values.length(); ++i, ++rows) {
        out += fmt::format(" {}={}", times.Value(i), values.Value(i));
      }
    }
    out += '\n';
  } else {
    EXPECT_EQ(table.error().code, ErrorCode::not_found) << table.error().to_line();
  }
  const auto states = dataset.states({series});
  ASSERT_TRUE(states.has_value()) << states.error().to_line();
  EXPECT_EQ((*states)[0].rows, static_cast<std::int64_t>(rows)) << series.symbol;
}

// For other readers (test_crash.py): the bars table as the fault left it and what it must hold,
// where VORTEX_CRASH_KEEP names a directory. Of tables that are the same to the file, one.
void keep(const std::string& path, const std::string& content) {
  const char* where =
      std::getenv("VORTEX_CRASH_KEEP");  // NOLINT(concurrency-mt-unsafe): one thread
  if (where == nullptr || content == "none") return;
  std::set<std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(path + "/bars")) {
    if (entry.is_regular_file()) {
      files.insert(
          fmt::format("{} {}", entry.path().lexically_relative(path).string(), entry.file_size()));
    }
  }
  static std::set<std::set<std::string>> kept;
  if (!kept.insert(files).second) return;
  const std::string folder = fmt::format("{}/{}", where, kept.size());
  std::filesystem::create_directories(folder);
  std::filesystem::copy(path + "/bars", folder + "/bars", std::filesystem::copy_options::recursive);
  std::ofstream(folder + "/content.txt") << content;
}

}  // namespace

const std::vector<Scenario>& scenarios() {
  static const std::vector<Scenario> kScenarios = {
      {"new dataset", {}, {first()}},
      {"append", {first()}, {append()}},
      {"restate", {first(), append()}, {restate(), nothing_new()}},
      {"compact", {first(), append(), restate()}, {compact()}},
      {"vacuum", {first(), append(), restate(), compact()}, {vacuum()}},
  };
  return kScenarios;
}

std::string content_of(const std::string& path) {
  auto dataset = Dataset::open(path, clock_of_tests());
  if (!dataset && dataset.error().code == ErrorCode::not_a_dataset) return "none";
  if (!dataset) return dataset.error().to_line();
  std::string out;
  for (const char* provider : kProviders) {
    for (const char* symbol : kSymbols) add_series(*dataset, key(symbol, provider), out);
  }
  for (const char* symbol : kSymbols) {
    const auto actions = dataset->actions("yahoo", symbol);
    if (!actions) return actions.error().to_line();
    for (const auto& action : *actions) out += fmt::format("{} pays {}\n", symbol, action.amount);
  }
  const auto quarantined = dataset->quarantined_rows();
  if (!quarantined) return quarantined.error().to_line();
  // A dataset that was born and one that is not there yet hold the same.
  if (out.empty() && *quarantined == 0) return "none";
  return out + fmt::format("{} in quarantine\n", *quarantined);
}

Prepared::Prepared(const Scenario& scenario) : scenario_(scenario) {
  const std::string path = directory_.path();
  const DiskWatch no_fsync({.directory = std::filesystem::temp_directory_path()});
  for (const Step& step : scenario.before) {
    auto dataset =
        Dataset::open_on(open_posix_file_system(path), path, clock_of_tests(), randomness());
    EXPECT_TRUE(step.act(*dataset).has_value());
  }
  contents_.push_back(content_of(path));
  const auto run_in = copy();
  const auto done =
      run(run_in->path(), 0, [&](std::size_t) { contents_.push_back(content_of(run_in->path())); });
  EXPECT_TRUE(done.has_value()) << done.error().to_line();
}

std::unique_ptr<TempDirectory> Prepared::copy() const {
  g_runs += kRunsOfACopy;
  auto out = std::make_unique<TempDirectory>();
  if (std::filesystem::exists(directory_.path())) {
    std::filesystem::copy(directory_.path(), out->path(), std::filesystem::copy_options::recursive);
  }
  return out;
}

Result<void> Prepared::run(const std::string& path, std::size_t from,
                           const std::function<void(std::size_t)>& done) const {
  return run_on(open_posix_file_system(path), path, from, done);
}

Result<void> Prepared::run_on(std::unique_ptr<FileSystem> files, const std::string& path,
                              std::size_t from,
                              const std::function<void(std::size_t)>& done) const {
  VORTEX_TRY(auto dataset,
             Dataset::open_on(std::move(files), path, clock_of_tests(), randomness()));
  for (std::size_t step = from; step < scenario_.steps.size(); ++step) {
    VORTEX_TRY_VOID(scenario_.steps[step].act(dataset));
    if (done) done(step + 1);
  }
  return {};
}

void Prepared::check(const std::string& path, std::size_t acknowledged,
                     const std::string& told) const {
  const DiskWatch no_fsync({.directory = path});
  SCOPED_TRACE(fmt::format("{}: {}, {} acknowledged", scenario_.name, told, acknowledged));
  const std::string found = content_of(path);
  std::vector<std::string> allowed = {contents_[acknowledged]};
  if (acknowledged < scenario_.steps.size()) allowed.push_back(contents_[acknowledged + 1]);
  EXPECT_THAT(allowed, testing::Contains(found));
  keep(path, found);
  g_runs += kRunsOfACopy;
  const auto rest = run(path, std::min(acknowledged, scenario_.steps.size() - 1));
  EXPECT_TRUE(rest.has_value()) << rest.error().to_line();
  EXPECT_EQ(content_of(path), contents_.back());
}

bool long_run() {
  const char* value = std::getenv("VORTEX_LONG");  // NOLINT(concurrency-mt-unsafe): one thread
  return value != nullptr && std::string_view(value) == "1";
}

}  // namespace vortex::store_test
