// What state.db keeps of a series as bytes and text. Neighbours are mostly asked and stored on the
// same days, so what was read or written for one is remembered for the next. Not thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "vortex/base/error.hpp"
#include "vortex/store/dataset.hpp"

namespace vortex {

class StateCodec {
 public:
  using Stamps = std::vector<TimePoint>;
  using Marks = std::vector<CoverageMark>;

  const Stamps& stamps_of(std::string_view bytes);
  Result<Marks> marks_of(std::string_view text);
  // They stand until the next call with other values.
  const std::string& bytes_of(const Stamps& stamps);
  const std::string& text_of(const Marks& marks);

 private:
  template <class Value>
  struct Last {
    bool known = false;
    Value value;
    std::string bytes;
  };

  Last<Stamps> stamps_read_;
  Last<Stamps> stamps_written_;
  Last<Marks> marks_read_;
  Last<Marks> marks_written_;
};

}  // namespace vortex
