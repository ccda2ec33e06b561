#include "vortex/codec/bar_view.hpp"

#include <cassert>
#include <string>

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

namespace vortex {
namespace {

template <class T>
const T* raw_values(const arrow::ArrayData& data) {
  return data.GetValues<T>(1);
}

}  // namespace

Result<BarView> BarView::of(const arrow::RecordBatch& batch) {
  const arrow::Schema& wanted = *bar_schema();
  for (int i = 0; i < wanted.num_fields(); ++i) {
    const std::string& name = wanted.field(i)->name();
    if (i >= batch.num_columns() || batch.schema()->field(i)->name() != name) {
      return fail(ErrorCode::schema, "column " + name + " is missing or out of place");
    }
    if (!batch.schema()->field(i)->type()->Equals(*wanted.field(i)->type())) {
      return fail(ErrorCode::schema, "column " + name + " is " +
                                         batch.schema()->field(i)->type()->ToString() + ", not " +
                                         wanted.field(i)->type()->ToString());
    }
  }
  return BarView(batch);
}

BarView::BarView(const arrow::RecordBatch& batch) : rows_(batch.num_rows()) {
  assert(batch.num_columns() >= kBarColumns);
  for (int i = 0; i < kBarColumns; ++i) {
    const auto at = static_cast<std::size_t>(i);
    const arrow::ArrayData& data = *batch.column_data(i);
    offsets_[at] = data.offset;
    null_counts_[at] = data.GetNullCount();
    validity_[at] = null_counts_[at] == 0 ? nullptr : data.buffers[0]->data();
    switch (data.type->id()) {
      case arrow::Type::DOUBLE: values_[at] = raw_values<double>(data); break;
      case arrow::Type::DICTIONARY: {
        const auto& array = static_cast<const arrow::DictionaryArray&>(*batch.column(i));
        texts_[at] = {raw_values<std::int32_t>(data),
                      static_cast<const arrow::StringArray*>(array.dictionary().get())};
        break;
      }
      default: break;
    }
  }
  timestamps_ = raw_values<std::int64_t>(*batch.column_data(kTimestamp));
  transform_timestamps_ = raw_values<std::int64_t>(*batch.column_data(kTransformTimestamp));
  basis_ = raw_values<std::int32_t>(*batch.column_data(kBasis));
  final_ = batch.column_data(kFinal)->buffers[1]->data();
}

std::string_view BarView::text(BarColumn column, std::int64_t row) const {
  const Texts& texts = texts_[index(column)];
  if (texts.dictionary == nullptr || is_null(column, row)) return {};
  return texts.dictionary->GetView(texts.indices[row]);
}

}  // namespace vortex
