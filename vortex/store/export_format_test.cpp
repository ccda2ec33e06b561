#include "vortex/store/export_format.hpp"

#include <set>

#include <gtest/gtest.h>

#include "vortex/base/ascii.hpp"
#include "vortex/base/http_message.hpp"

namespace vortex {
namespace {

using Texts = std::vector<std::string>;

TEST(ExportNamesTest, G13EveryNameIsSafeAndReadsBack) {
  const Texts symbols = {"AAPL",  "BRK.B", "BRK/B",  "^GSPC", "ES=F", "A B",  "A*B", "A:B",
                         "A&B",   "A$B",   "A+B",    "A_B-C", ".X",   "X.",   "CON", "con",
                         "Con.A", "nul",   "COM1.X", "LPT9",  "COMX", "CONS", "aapl"};
  for (const auto format : {ExportFormat::csv, ExportFormat::zipline}) {
    const Texts names = export_names(format, symbols);
    std::set<std::string> folded;
    for (std::size_t i = 0; i < names.size(); ++i) {
      EXPECT_EQ(percent_decode(names[i]), symbols[i]);
      EXPECT_EQ(names[i].find_first_of("/:*&$+ <>|\"\\?"), std::string::npos) << names[i];
      EXPECT_TRUE(folded.insert(lower(names[i])).second) << names[i];
      EXPECT_NE(names[i].front(), '.');
      EXPECT_NE(names[i].back(), '.');
    }
    for (const char* device : {"con", "con.a", "nul", "com1.x", "lpt9"}) {
      EXPECT_FALSE(folded.contains(device)) << device;
    }
  }
}

TEST(ExportNamesTest, OrdinarySymbolsKeepTheirSpelling) {
  const Texts symbols = {"AAPL", "BRK-B", "BRK.B", "^GSPC", "ES=F", "btcusdt", "COMX"};
  EXPECT_EQ(export_names(ExportFormat::csv, symbols), symbols);
}

TEST(ExportNamesTest, ZiplineCutsAtTheFirstDotSoThereIsNone) {
  EXPECT_EQ(export_names(ExportFormat::zipline, {"BRK.B", "A.csv"}), (Texts{"BRK%2EB", "A%2Ecsv"}));
}

TEST(ExportNamesTest, OfSymbolsThatDifferInCaseAloneTheSmallLettersAreEscaped) {
  EXPECT_EQ(export_names(ExportFormat::csv, {"AB", "aB", "ab", "cd"}),
            (Texts{"AB", "%61B", "%61%62", "cd"}));
}

TEST(ExportFormatTest, ZiplineTakesDaysAndMinutesAlone) {
  EXPECT_EQ(export_folder(ExportFormat::zipline, Interval::d1).value(), "daily");
  EXPECT_EQ(export_folder(ExportFormat::zipline, Interval::m1).value(), "minute");
  EXPECT_EQ(export_folder(ExportFormat::zipline, Interval::wk1).error().code,
            ErrorCode::unsupported);
  EXPECT_EQ(export_folder(ExportFormat::backtrader, Interval::wk1).value(), "");
}

TEST(ExportFormatTest, AnUnknownNameIsAnsweredWithTheNearest) {
  EXPECT_EQ(parse_export_format("parquet").value(), ExportFormat::parquet);
  const auto refused = parse_export_format("zipiline");
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().message.find("zipline"), std::string::npos);
}

}  // namespace
}  // namespace vortex
