# `check_headers`: every header of a room compiles alone, each as a source that includes nothing else.
# Not part of the default build.
add_custom_target(check_headers)
get_property(rooms GLOBAL PROPERTY VORTEX_ROOMS)
foreach(room ${rooms})
  string(REPLACE vortex_ "" name ${room})
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}
       ${PROJECT_SOURCE_DIR}/vortex/${name}/*.hpp)
  set(sources "")
  foreach(header ${headers})
    string(REGEX REPLACE "\\.hpp$" ".cpp" source ${PROJECT_BINARY_DIR}/check_headers/${header})
    file(CONFIGURE OUTPUT ${source} CONTENT "#include \"@header@\"\n" @ONLY)
    list(APPEND sources ${source})
  endforeach()
  if(sources)
    add_library(check_headers_${name} OBJECT EXCLUDE_FROM_ALL ${sources})
    target_link_libraries(check_headers_${name} PRIVATE ${room} vortex_warnings)
    target_compile_options(check_headers_${name} PRIVATE -O0 -g0)
    # The room's own sources link these, so its internal headers may include them.
    get_target_property(linked ${room} LINK_LIBRARIES)
    target_link_libraries(check_headers_${name} PRIVATE ${linked})
    add_dependencies(check_headers check_headers_${name})
  endif()
endforeach()
