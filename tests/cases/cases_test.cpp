// Runs every tests/cases/PROVIDER/*.case: plan and decode by the provider's adapter, compared with
// what the case says.
#include <string>

#include <arrow/record_batch.h>
#include <gtest/gtest.h>

#include "vortex/base/fault_record_for_test.hpp"
#include "vortex/base/json.hpp"
#include "vortex/codec/bar_view.hpp"
#include "vortex/provider/registry.hpp"

#include "tests/cases/case_file.hpp"

namespace vortex {
namespace {

struct NamedCases {
  std::vector<Case> cases;
  std::string error;
};

const NamedCases& all_cases() {
  static const NamedCases loaded = [] {
    auto cases = load_cases(VORTEX_CASES_DIR);
    if (!cases) return NamedCases{{}, cases.error().message};
    return NamedCases{std::move(*cases), {}};
  }();
  return loaded;
}

const ProviderRegistry& providers() {
  static const ProviderRegistry registry = builtin_providers();
  return registry;
}

std::string show(const std::optional<double>& value) {
  if (!value) return "null";
  std::string text;
  append_double(text, *value);
  return text;
}

std::string show_row(const CaseRow& row) {
  std::string text = row.timestamp;
  for (const auto& value : row.values) text += " " + show(value);
  return row.final ? text : text + " unfinal";
}

CaseRow row_of(const BarView& view, std::int64_t row) {
  CaseRow out{.timestamp = format_time(view.time(row)), .final = view.is_final(row)};
  for (const BarColumn column : {kOpen, kHigh, kLow, kClose, kVolume}) {
    out.values.push_back(view.is_null(column, row) ? std::nullopt
                                                   : std::optional(view.value(column, row)));
  }
  return out;
}

std::string show_action(const CorporateAction& action) {
  std::string terms;
  if (action.kind == ActionKind::split) {
    append_double(terms, action.numerator);
    terms += ':';
    append_double(terms, action.denominator);
  } else {
    append_double(terms, action.amount);
  }
  std::string text =
      std::string(to_string(action.kind)) + " " + format_date(action.ex_date) + " " + terms;
  if (!action.currency.empty()) text += " " + action.currency;
  return text;
}

std::map<std::string, std::string> facts_of(const Instrument& instrument) {
  return {{"name", instrument.name},
          {"exchange", instrument.exchange},
          {"mic", instrument.mic},
          {"zone", instrument.zone},
          {"currency", instrument.currency},
          {"magnifier", show(instrument.price_magnifier)},
          {"tick", show(instrument.tick)},
          {"type", instrument.type},
          {"symbol", instrument.symbol},
          {"provider", instrument.provider},
          {"first_trade", instrument.first_trade ? format_time(*instrument.first_trade) : "null"}};
}

// What the answers of a case came to, joined.
struct Outcome {
  std::vector<std::string> rows;
  std::vector<std::string> actions;
  std::optional<Instrument> instrument;
  std::map<std::string, std::int64_t> counts{
      {"slots_empty", 0}, {"rows_unfinal", 0}, {"rows_outside", 0}, {"actions_unreadable", 0}};
  std::map<std::string, std::string> constants;
};

void add_page(Outcome& outcome, const Page& page) {
  ASSERT_TRUE(page.bars->ValidateFull().ok());
  const BarView view(*page.bars);
  for (std::int64_t row = 0; row < view.rows(); ++row) {
    outcome.rows.push_back(show_row(row_of(view, row)));
  }
  for (const CorporateAction& action : page.actions) {
    outcome.actions.push_back(show_action(action));
  }
  if (page.instrument) outcome.instrument = page.instrument;
  outcome.counts["slots_empty"] += page.slots_empty;
  outcome.counts["rows_unfinal"] += page.rows_unfinal;
  outcome.counts["rows_outside"] += page.rows_outside;
  outcome.counts["actions_unreadable"] += page.actions_unreadable;
  if (!view.empty()) {
    outcome.constants = {{"adjusted", std::string(view.text(kAdjusted, 0))},
                         {"basis", format_date(view.basis(0))},
                         {"symbol", std::string(view.text(kSymbol, 0))}};
  }
}

void expect_error(const Case& c, const Error& error) {
  ASSERT_TRUE(c.error.has_value()) << "unexpected error: " << error.to_line() << "\n"
                                   << error.evidence;
  EXPECT_EQ(to_string(error.code), to_string(c.error->code)) << error.to_line();
  const std::string said = error.message + " | " + error.hint;
  EXPECT_NE(said.find(c.error->text), std::string::npos) << said;
  const std::string retry = error.retry_at ? format_time(*error.retry_at) : "none";
  EXPECT_EQ(retry, c.retry_at.value_or("none"));
}

void expect_outcome(const Case& c, const Outcome& outcome) {
  ASSERT_TRUE(c.rows.has_value()) << "wanted an error, got " << outcome.rows.size() << " rows";
  std::vector<std::string> rows;
  for (const CaseRow& row : *c.rows) rows.push_back(show_row(row));
  EXPECT_EQ(outcome.rows, rows);
  if (c.actions) {
    std::vector<std::string> actions;
    for (const CaseAction& action : *c.actions) {
      std::string text = action.kind + " " + action.date + " " + action.terms;
      if (!action.currency.empty()) text += " " + action.currency;
      actions.push_back(std::move(text));
    }
    EXPECT_EQ(outcome.actions, actions);
  }
  std::map<std::string, std::int64_t> counts = outcome.counts;
  for (auto& [name, count] : counts) {
    const auto wanted = c.counts.find(name);
    EXPECT_EQ(count, wanted == c.counts.end() ? 0 : wanted->second) << name;
  }
  for (const auto& [name, count] : c.counts) EXPECT_TRUE(counts.contains(name)) << name;
  for (const auto& [name, value] : c.instrument) {
    ASSERT_TRUE(outcome.instrument.has_value());
    const auto facts = facts_of(*outcome.instrument);
    ASSERT_TRUE(facts.contains(name)) << name;
    EXPECT_EQ(facts.at(name), value) << name;
  }
  for (const auto& [name, value] : c.constants) EXPECT_EQ(outcome.constants.at(name), value);
}

class CaseTest : public testing::TestWithParam<std::size_t> {};

TEST_P(CaseTest, GivesWhatTheCaseSays) {
  const Case& c = all_cases().cases[GetParam()];
  for (const std::string& fault : c.faults) test::fault_fired(fault);
  const Provider* provider = providers().find(c.provider);
  ASSERT_NE(provider, nullptr) << "no provider " << c.provider;
  const HttpAdapter& adapter = *provider->adapter;
  const auto calls = adapter.plan(*c.request, c.now);
  if (!calls) return expect_error(c, calls.error());
  std::vector<std::string> lines;
  for (const HttpCall& call : *calls) {
    lines.push_back((call.method == HttpMethod::get ? "GET " : "POST ") + call.target());
  }
  if (!c.calls.empty()) {
    EXPECT_EQ(lines, c.calls);
  }
  ASSERT_LE(c.replies.size(), calls->size());
  Outcome outcome;
  for (std::size_t i = 0; i < c.replies.size(); ++i) {
    BarsRequest request = *c.request;
    request.range = adapter.range_of(request, (*calls)[i]);
    const auto page = adapter.decode(request, c.replies[i]);
    if (!page) return expect_error(c, page.error());
    add_page(outcome, *page);
  }
  expect_outcome(c, outcome);
}

INSTANTIATE_TEST_SUITE_P(All, CaseTest, testing::Range<std::size_t>(0, all_cases().cases.size()),
                         [](const testing::TestParamInfo<std::size_t>& info) {
                           const Case& c = all_cases().cases[info.param];
                           std::string name = c.provider + "_" + c.name;
                           for (char& letter : name) {
                             if (std::isalnum(static_cast<unsigned char>(letter)) == 0)
                               letter = '_';
                           }
                           return name;
                         });

TEST(CaseFileTest, EveryFileParses) {
  EXPECT_EQ(all_cases().error, "");
  EXPECT_GE(all_cases().cases.size(), 25U);
}

constexpr std::string_view kWhole =
    "request bars A 1d 2024-01-02 2024-01-03\nnow 2024-02-01\nreply 200\n{}\nerror bad_payload\n";

TEST(CaseFileTest, MalformedFilesAreRefused) {
  ASSERT_TRUE(parse_case(kWhole).has_value());
  for (const std::string_view text :
       {"", "now 2024-02-01\nerror client\n", "request bars A 1d 2024-01-02 2024-01-03\nnow x\n",
        "request bars A 1d 2024-01-02 2024-01-03\nnow 2024-02-01\n",
        "request bars A 2d 2024-01-02 2024-01-03\nnow 2024-02-01\nerror client\n",
        "request bars A 1d 2024-01-02 2024-01-03\nnow 2024-02-01\nerror no_such_error\n",
        "request bars A 1d 2024-01-02 2024-01-03\nnow 2024-02-01\nrows\nts open\nerror client\n",
        "requets bars A 1d 2024-01-02 2024-01-03\nnow 2024-02-01\nerror client\n"}) {
    EXPECT_FALSE(parse_case(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace vortex
