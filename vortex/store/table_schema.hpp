// The tables of a dataset: their folders, columns and partition columns, and the schema text Delta
// wants. Immutable, so thread-safe.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <arrow/type_fwd.h>

#include "vortex/base/error.hpp"
#include "vortex/store/delta_actions.hpp"

namespace vortex {

struct TableDefinition {
  std::string_view name;  // and folder
  std::shared_ptr<arrow::Schema> schema;
  std::vector<std::string> partition_columns;
};

const TableDefinition& bars_table();
const TableDefinition& captures_table();
const TableDefinition& revisions_table();
const TableDefinition& quarantine_table();
const TableDefinition& corporate_actions_table();
const TableDefinition& instruments_table();

// Every folder and file name a dataset may have at its top.
bool is_dataset_entry(std::string_view name);

// Delta's schemaString. Dictionary columns are their value type there.
std::string delta_schema_string(const arrow::Schema& schema);

// Does a table's metadata hold the columns we write, of the same types and partitions? Else
// not_a_dataset, naming the first difference. Further columns are refused too: a rewrite would lose
// them.
Result<void> check_table_schema(const TableMetadata& metadata, const TableDefinition& table);

// The folder of a partition's files: "provider=yahoo/interval=1d". Bytes that a file system or a
// Hive reader could trip over are escaped.
std::string partition_folder(const PartitionValues& values, const TableDefinition& table);

}  // namespace vortex
