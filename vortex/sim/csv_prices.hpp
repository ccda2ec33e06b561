// Given prices instead of generated ones: a folder with one CSV a symbol, named by the
// percent-encoded symbol ("%5EGSPC.csv"), header `date|timestamp,open,high,low,close,volume`. A
// changed file is read again, so that a test can restate a bar. Belongs to the I/O thread.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "vortex/base/error.hpp"
#include "vortex/sim/sim_bar.hpp"

namespace vortex {

struct CsvSeries {
  std::vector<SimBar> rows;  // ascending; `start` is midnight UTC of the session date when daily
  bool intraday = false;     // some stamp is not a midnight
};

// Pure. The error names `name` and the line.
Result<CsvSeries> parse_price_csv(std::string_view text, std::string_view name);

class CsvPrices {
 public:
  // Reads every *.csv of the folder; the first bad one fails.
  static Result<CsvPrices> open(const std::string& folder);

  // Null when there is no file for the symbol. Looks whether the file has changed since.
  Result<const CsvSeries*> find(const std::string& symbol);
  std::vector<std::string> symbols() const;

 private:
  struct File {
    std::string path;
    std::int64_t changed_ns = 0;
    std::int64_t size = 0;
    CsvSeries series;
  };
  Result<void> read(File& file) const;

  std::string folder_;
  std::map<std::string, File> files_;  // by symbol
};

}  // namespace vortex
