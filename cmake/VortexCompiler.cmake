# The compiler, its warnings, the build kinds.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  message(FATAL_ERROR "GCC ${CMAKE_CXX_COMPILER_VERSION} destroys coroutine temporaries twice. "
                      "Use GCC 13 or newer, or Clang 19 or newer (./dev build installs and picks it).")
elseif(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 19)
  message(FATAL_ERROR "Clang ${CMAKE_CXX_COMPILER_VERSION} is too old: use Clang 19 or newer, or GCC 13 or newer.")
endif()

option(VORTEX_BUILD_TESTS "Build the tests" ${PROJECT_IS_TOP_LEVEL})
option(VORTEX_BUILD_BENCH "Build the benchmarks" OFF)
option(VORTEX_WERROR "Warnings are errors" OFF)
set(VORTEX_SANITIZE "" CACHE STRING "address, thread or fuzz; empty for none")

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_SCAN_FOR_MODULES OFF)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()
# -g1: line tables for readable backtraces at a tenth of the size of -g.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1 -DNDEBUG")

find_program(VORTEX_CCACHE ccache)
if(VORTEX_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER AND NOT DEFINED ENV{VORTEX_NO_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${VORTEX_CCACHE})
endif()
find_program(VORTEX_MOLD mold)
if(VORTEX_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

add_library(vortex_warnings INTERFACE)
target_compile_options(vortex_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wnon-virtual-dtor
  -Wold-style-cast -Wcast-align -Wcast-qual -Woverloaded-virtual -Wdouble-promotion -Wformat=2
  -Wimplicit-fallthrough -Wundef -Wredundant-decls -Wextra-semi -Wunused -Wvla
  # Options structs are given by designated initialisers, the rest keeps its default.
  $<$<CXX_COMPILER_ID:Clang>:-Wno-missing-designated-field-initializers>
  $<$<CXX_COMPILER_ID:GNU>:-Wno-missing-field-initializers>
  $<$<BOOL:${VORTEX_WERROR}>:-Werror>)

if(VORTEX_SANITIZE STREQUAL "address")
  add_compile_options(-O1 -g1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all)
  add_link_options(-fsanitize=address,undefined)
elseif(VORTEX_SANITIZE STREQUAL "thread")
  add_compile_options(-O1 -g1 -fno-omit-frame-pointer -fsanitize=thread)
  add_link_options(-fsanitize=thread)
elseif(VORTEX_SANITIZE STREQUAL "fuzz")
  add_compile_options(-O1 -g1 -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined)
  add_link_options(-fsanitize=address,undefined)
endif()
if(VORTEX_SANITIZE)
  add_compile_definitions(_GLIBCXX_ASSERTIONS)
  set(CMAKE_CXX_FLAGS_RELEASE "")   # -O1 above, and assertions stay on
endif()
