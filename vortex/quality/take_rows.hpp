// A batch without some of its rows. Columns of one dictionary value share their buffers with the
// input; the others are copied in stretches. Pure.
#pragma once

#include <memory>
#include <span>

#include <arrow/type_fwd.h>

#include "vortex/base/error.hpp"
#include "vortex/quality/validator.hpp"

namespace vortex {

// `dropped` ascends and names rows of the batch.
Result<std::shared_ptr<arrow::RecordBatch>> without_rows(
    const std::shared_ptr<arrow::RecordBatch>& batch, std::span<const QuarantinedRow> dropped);

}  // namespace vortex
