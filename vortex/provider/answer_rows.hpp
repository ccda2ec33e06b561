// The rows of an answer whose form no decoder knows any more, as text: what goes to quarantine when
// a provider renames a column or writes its dates anew. Told apart by the shape of the document
// alone, so that a change of names does not hide them. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace vortex {

inline constexpr std::size_t kAnswerRowsMax = 1000;
inline constexpr std::size_t kAnswerRowsBytesMax = 256 << 10;  // of all rows together
inline constexpr std::size_t kAnswerRowBytesMax = 1024;        // of one; the rest of it is cut off

struct AnswerRows {
  std::vector<std::string> rows;  // in the order of the answer, fit for a message
  bool is_cut = false;            // a limit left the others out
};

// JSON: the objects in the containers that stand in the document ({"results": [row, …]} and
// {"Time Series": {"2024-01-02": row, …}}, each with its name), or in the document where that is an
// array. Anything else: the lines with a comma, but for a first one without a number, which is a
// header. None where columns are arrays side by side.
AnswerRows rows_of_answer(std::string_view body);

}  // namespace vortex
