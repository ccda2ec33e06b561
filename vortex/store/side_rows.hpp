// Whole columns of side-table rows, as a merge moves them: not a cell is copied by itself.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <arrow/type_fwd.h>

#include "vortex/base/error.hpp"

namespace vortex {

// A hash of each row over the schema's columns but commit_id, which a merge may change; equal for
// equal rows however their texts lie in memory. A column that the rows lack is null throughout.
std::vector<std::uint64_t> hashes_of(const arrow::RecordBatch& rows, const arrow::Schema& schema);

// `count` rows from `begin` on, in the schema's columns, texts as plain strings; `settled`: with an
// empty commit_id.
Result<std::shared_ptr<arrow::RecordBatch>> rows_in_schema(
    const arrow::RecordBatch& rows, const std::shared_ptr<arrow::Schema>& schema,
    std::int64_t begin, std::int64_t count, bool settled);

}  // namespace vortex
