# The installed package: the rooms' static libraries, the public headers and vortexConfig.cmake, so that
#   find_package(vortex) · target_link_libraries(app PRIVATE vortex::vortex)
# works. Public headers include only one another, the standard library and Arrow (tools/tidy.py sees
# to it); everything else may change from release to release.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(VORTEX_PUBLIC_HEADERS
  # errors as values, the stable codes, time: every signature speaks in them
  vortex/base/error.hpp
  vortex/base/error_codes.hpp
  vortex/base/time.hpp
  vortex/base/clock.hpp
  # what an adapter makes and reads, for adapters outside this repository
  vortex/base/http_message.hpp
  vortex/base/secret.hpp
  vortex/provider/adapter.hpp
  vortex/provider/registry.hpp
  vortex/provider/saved_files.hpp
  # the words of the trade
  vortex/model/adjustment.hpp
  vortex/model/bars_request.hpp
  vortex/model/corporate_action.hpp
  vortex/model/instrument.hpp
  vortex/model/interval.hpp
  vortex/model/symbol.hpp
  vortex/model/time_range.hpp
  # bars as Arrow, to and from files
  vortex/codec/bar_schema.hpp
  vortex/codec/bar_file.hpp
  # judging rows; reports write themselves as JSON
  vortex/base/json.hpp
  vortex/quality/rule.hpp
  vortex/quality/validator.hpp
  vortex/quality/report.hpp
  # the dataset: open, read any version, commit
  vortex/store/capture.hpp
  vortex/store/dataset.hpp
  vortex/store/maintenance.hpp
  vortex/store/provenance.hpp
  # settings and the engine: sync and fetch as the command does
  vortex/config/settings.hpp
  vortex/config/rate_limit.hpp
  vortex/config/secret_source.hpp
  vortex/config/config_documents.hpp
  vortex/config/load.hpp
  vortex/engine/sync.hpp)

foreach(header ${VORTEX_PUBLIC_HEADERS})
  get_filename_component(folder ${header} DIRECTORY)
  install(FILES ${PROJECT_SOURCE_DIR}/${header} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/${folder})
endforeach()

get_property(rooms GLOBAL PROPERTY VORTEX_ROOMS)
list(REMOVE_ITEM rooms vortex_sim)  # a tool of the command, no part of the library
add_library(vortex_all INTERFACE)
set_target_properties(vortex_all PROPERTIES EXPORT_NAME vortex)
target_link_libraries(vortex_all INTERFACE ${rooms})

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/vortex)
install(TARGETS ${rooms} vortex_all EXPORT vortexTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT vortexTargets NAMESPACE vortex:: DESTINATION ${package_dir})
if(TARGET vortex)
  install(TARGETS vortex RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/vortexConfig.cmake.in
  ${PROJECT_BINARY_DIR}/vortexConfig.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/vortexConfigVersion.cmake
  VERSION ${PROJECT_VERSION} COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/vortexConfig.cmake ${PROJECT_BINARY_DIR}/vortexConfigVersion.cmake
  ${CMAKE_CURRENT_LIST_DIR}/VortexThirdParty.cmake DESTINATION ${package_dir})
