// docs/error-codes.md, docs/configuration.md and docs/quality-rules.md say what the tables say.
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "vortex/base/error_codes.hpp"
#include "vortex/config/config_documents.hpp"
#include "vortex/quality/rule.hpp"

namespace vortex {
namespace {

void expect_page(const std::string& name, const std::string& expected) {
  const std::string path = std::string(VORTEX_DOCS_DIR) + "/" + name;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): one thread
  if (std::getenv("VORTEX_UPDATE_DOCS") != nullptr) std::ofstream(path) << expected;
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_EQ(text.str(), expected) << "write it anew: VORTEX_UPDATE_DOCS=1 build/bin/docs_test";
}

std::string error_codes_page() {
  std::string page =
      "# Error codes\n\nEach error carries a stable code. `vortex explain VX-2101` prints the same "
      "from the "
      "same table. The exit\ncode is that of a command whose every item failed for this reason.\n";
  std::string_view group;
  for (const ErrorEntry& entry : error_table()) {
    const int thousand = static_cast<int>(entry.code) / 1000;
    constexpr std::string_view kGroups[] = {"",
                                            "The road",
                                            "The provider says no",
                                            "We say no",
                                            "The answer is no good",
                                            "Nothing there",
                                            "The command or its configuration",
                                            "The disk",
                                            "",
                                            "Ourselves"};
    if (group != kGroups[thousand]) {
      group = kGroups[thousand];
      page += fmt::format("\n## {}\n", group);
    }
    page += fmt::format(
        "\n### {}: {}\n\n{}\n\n- class `{}`, exit code {}, {}\n- try: {}\n", to_string(entry.code),
        entry.summary, entry.cause, to_string(entry.error_class), exit_code(entry.error_class),
        entry.retryable ? "may succeed later unchanged" : "will not succeed unchanged",
        entry.next_step);
  }
  return page;
}

// A bar would end the table's cell.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

std::string configuration_page() {
  std::string page =
      "# Configuration\n\nOne file, `vortex.toml`: `--config FILE`, else `./vortex.toml`, else "
      "`~/.config/vortex/vortex.toml`. `vortex init` writes\na commented one; `vortex config "
      "check` judges it, "
      "`config show` says where each value came from, `config schema` prints\na JSON Schema for "
      "editors.\n\n"
      "A flag wins over `--set a.b=c`, that over the environment, that over the file, that over "
      "the default. Each "
      "key has an\nenvironment twin: `providers.yahoo.base_url` is "
      "`VORTEX__PROVIDERS__YAHOO__BASE_URL`. Secrets are "
      "references (`env:NAME`,\n`file:PATH`); the environment twin of a secret key holds the "
      "secret itself.\n\n"
      "| key | type | default | meaning |\n|---|---|---|---|\n";
  for (const ConfigKey& key : config_keys()) {
    page += fmt::format("| `{}` | {} | {} | {} |\n", key.pattern, key.type,
                        key.fallback.empty() ? "–" : fmt::format("`{}`", key.fallback),
                        cell(key.meaning));
  }
  return page;
}

std::string quality_rules_page() {
  std::string page =
      "# Quality rules\n\nEvery decoded row is judged by these rules. An error sends the row to "
      "quarantine with the "
      "rule's id; a warning is counted\nand the row is kept. `vortex validate FILE` applies the "
      "same rules to anybody's "
      "file.\n\n| id | name | weight | meaning |\n|---|---|---|---|\n";
  for (const RuleEntry& entry : rule_table()) {
    page +=
        fmt::format("| {} | `{}` | {} | {} |\n", entry.id, entry.name,
                    entry.severity == Severity::error ? "error" : "warning", cell(entry.meaning));
  }
  return page;
}

TEST(DocsTest, TheErrorCodesPageIsTheTable) {
  expect_page("error-codes.md", error_codes_page());
}
TEST(DocsTest, TheConfigurationPageIsTheTable) {
  expect_page("configuration.md", configuration_page());
}
TEST(DocsTest, TheQualityRulesPageIsTheTable) {
  expect_page("quality-rules.md", quality_rules_page());
}

}  // namespace
}  // namespace vortex
