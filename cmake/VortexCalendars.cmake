# Compiles the table of sessions in: vortex/model/calendars.table becomes an array of its lines, so
# that there is no file to find at run time.
set(table ${PROJECT_SOURCE_DIR}/vortex/model/calendars.table)
set(source ${PROJECT_BINARY_DIR}/calendar_table_lines.cpp)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${table})

file(READ ${table} lines)
string(REGEX REPLACE "#[^\n]*\n" "" lines "${lines}")
string(REGEX REPLACE "([^\n]+)\n" "    \"\\1\",\n" lines "${lines}")
file(CONFIGURE OUTPUT ${source} @ONLY CONTENT
"#include \"vortex/model/calendar_table.hpp\"

namespace vortex {
namespace {

constexpr std::string_view kLines[] = {
@lines@};

}  // namespace

std::span<const std::string_view> calendar_table_lines() {
  return kLines;
}

}  // namespace vortex
")
target_sources(vortex_model PRIVATE ${source})
