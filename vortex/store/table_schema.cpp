#include "vortex/store/table_schema.hpp"

#include <algorithm>
#include <map>

#include <arrow/type.h>
#include <fmt/core.h>

#include "vortex/base/http_message.hpp"
#include "vortex/base/json.hpp"
#include "vortex/codec/bar_schema.hpp"

namespace vortex {
namespace {

using Fields = arrow::FieldVector;

std::shared_ptr<arrow::Field> text(std::string name) {
  return arrow::field(std::move(name), arrow::utf8());
}
std::shared_ptr<arrow::Field> number(std::string name) {
  return arrow::field(std::move(name), arrow::float64());
}
std::shared_ptr<arrow::Field> whole(std::string name) {
  return arrow::field(std::move(name), arrow::int64());
}
std::shared_ptr<arrow::Field> moment(std::string name) {
  return arrow::field(std::move(name), arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"));
}
std::shared_ptr<arrow::Field> date(std::string name) {
  return arrow::field(std::move(name), arrow::date32());
}

// The version of bars a row belongs to, and the commit that was to make it: a row whose commit
// never came is ignored.
void add_commit_columns(Fields& fields) {
  fields.push_back(whole("bars_version"));
  fields.push_back(text("commit_id"));
}

Fields series_fields() {
  return {text("provider"), text("symbol"), text("interval")};
}

TableDefinition make_captures() {
  Fields fields = {text("capture_id"), text("sha256"),  text("pack"),
                   whole("offset"),    whole("length"), whole("body_bytes")};
  for (auto& field : series_fields()) fields.push_back(std::move(field));
  for (auto& field : Fields{moment("from"), moment("to"), text("request"), whole("status"),
                            text("headers"), moment("received_at"), text("coverage")}) {
    fields.push_back(field);
  }
  add_commit_columns(fields);
  return {.name = "captures", .schema = arrow::schema(fields), .partition_columns = {}};
}

TableDefinition make_revisions() {
  Fields fields = series_fields();
  fields.push_back(moment("timestamp"));
  fields.push_back(text("kind"));
  for (const char* name :
       {"open", "high", "low", "close", "volume", "vwap", "trade_count", "open_interest"}) {
    fields.push_back(number(fmt::format("old_{}", name)));
    fields.push_back(number(fmt::format("new_{}", name)));
  }
  fields.push_back(text("old_capture_id"));
  fields.push_back(text("new_capture_id"));
  fields.push_back(moment("noticed_at"));
  add_commit_columns(fields);
  return {.name = "revisions", .schema = arrow::schema(fields), .partition_columns = {}};
}

TableDefinition make_quarantine() {
  Fields fields = series_fields();
  for (auto& field : Fields{moment("timestamp"), text("reasons"), text("row_text"),
                            text("capture_id"), moment("noticed_at")}) {
    fields.push_back(field);
  }
  add_commit_columns(fields);
  return {.name = "quarantine", .schema = arrow::schema(fields), .partition_columns = {}};
}

TableDefinition make_corporate_actions() {
  Fields fields = {text("provider"), text("symbol"),      text("kind"),          date("ex_date"),
                   number("amount"), number("numerator"), number("denominator"), text("currency"),
                   date("basis"),    moment("noticed_at")};
  add_commit_columns(fields);
  return {.name = "corporate_actions", .schema = arrow::schema(fields), .partition_columns = {}};
}

TableDefinition make_instruments() {
  Fields fields = {
      text("provider"), text("symbol"), text("name"),          text("exchange"),
      text("mic"),      text("zone"),   text("currency"),      number("price_magnifier"),
      number("tick"),   text("type"),   moment("first_trade"), moment("noticed_at")};
  add_commit_columns(fields);
  return {.name = "instruments", .schema = arrow::schema(fields), .partition_columns = {}};
}

std::string_view delta_type(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::DICTIONARY:
      return delta_type(*static_cast<const arrow::DictionaryType&>(type).value_type());
    case arrow::Type::STRING: return "string";
    case arrow::Type::DOUBLE: return "double";
    case arrow::Type::INT64: return "long";
    case arrow::Type::INT32: return "integer";
    case arrow::Type::BOOL: return "boolean";
    case arrow::Type::DATE32: return "date";
    case arrow::Type::TIMESTAMP: return "timestamp";
    default: return "binary";
  }
}

Error foreign(const TableDefinition& table, std::string_view what) {
  return Error{.code = ErrorCode::not_a_dataset,
               .message = fmt::format("table {} was not made by Vortex: {}", table.name, what)};
}

}  // namespace

const TableDefinition& bars_table() {
  static const TableDefinition kTable{
      .name = "bars", .schema = bar_schema(), .partition_columns = {"provider", "interval"}};
  return kTable;
}
const TableDefinition& captures_table() {
  static const TableDefinition kTable = make_captures();
  return kTable;
}
const TableDefinition& revisions_table() {
  static const TableDefinition kTable = make_revisions();
  return kTable;
}
const TableDefinition& quarantine_table() {
  static const TableDefinition kTable = make_quarantine();
  return kTable;
}
const TableDefinition& corporate_actions_table() {
  static const TableDefinition kTable = make_corporate_actions();
  return kTable;
}
const TableDefinition& instruments_table() {
  static const TableDefinition kTable = make_instruments();
  return kTable;
}

bool is_dataset_entry(std::string_view name) {
  constexpr std::array<std::string_view, 8> kFolders = {
      "bars",       "captures",          "raw",         "revisions",
      "quarantine", "corporate_actions", "instruments", "trades"};
  // A file system's temporary file: of a process at work, or left by one that died.
  const bool temporary = name.starts_with('.') && name.ends_with(".tmp");
  return temporary || std::ranges::find(kFolders, name) != kFolders.end() ||
         name.starts_with("state.db");
}

std::string delta_schema_string(const arrow::Schema& schema) {
  JsonWriter writer;
  writer.begin_object();
  writer.member("type", "struct");
  writer.key("fields");
  writer.begin_array();
  for (const auto& field : schema.fields()) {
    writer.begin_object();
    writer.member("name", field->name());
    writer.member("type", delta_type(*field->type()));
    writer.member("nullable", true);
    writer.key("metadata");
    writer.begin_object();
    writer.end_object();
    writer.end_object();
  }
  writer.end_array();
  writer.end_object();
  return writer.take();
}

Result<void> check_table_schema(const TableMetadata& metadata, const TableDefinition& table) {
  const auto parsed = Json::parse(metadata.schema_string);
  const Json* fields = parsed ? parsed->find("fields") : nullptr;
  if (fields == nullptr || fields->as_array() == nullptr) {
    return std::unexpected(foreign(table, "its schema cannot be read"));
  }
  std::map<std::string_view, std::string_view> found;
  for (const Json& field : *fields->as_array()) {
    const auto name = field.string_at("name");
    if (name) found[*name] = field.string_at("type").value_or("nested");
  }
  for (const auto& field : table.schema->fields()) {
    const auto it = found.find(field->name());
    const auto wanted = delta_type(*field->type());
    if (it == found.end()) {
      return std::unexpected(foreign(table, fmt::format("column {} is missing", field->name())));
    }
    if (it->second != wanted) {
      return std::unexpected(foreign(table, fmt::format("column {} is {}, not {}", field->name(),
                                                        untrusted(it->second), wanted)));
    }
    found.erase(it);
  }
  if (!found.empty()) {
    return std::unexpected(
        foreign(table, fmt::format("column {} is not ours", untrusted(found.begin()->first))));
  }
  if (metadata.partition_columns != table.partition_columns) {
    return std::unexpected(foreign(table, "its partition columns differ"));
  }
  return {};
}

std::string partition_folder(const PartitionValues& values, const TableDefinition& table) {
  std::string folder;
  for (const std::string& column : table.partition_columns) {
    const auto it = values.find(column);
    const bool given = it != values.end() && it->second;
    if (!folder.empty()) folder += '/';
    folder += column + '=';
    folder += given ? percent_encode(*it->second) : std::string("__HIVE_DEFAULT_PARTITION__");
  }
  return folder;
}

}  // namespace vortex
