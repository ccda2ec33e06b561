# Third parties. All but Arrow come from the system's packages; Arrow and Parquet come from the
# pinned pyarrow wheel, unless an installed Arrow of that version is found first. The installed package
# includes this same file (VORTEX_CONSUMER is set then); the targets made here are IMPORTED, so that the
# exported rooms may name them.
find_package(PkgConfig REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(simdjson REQUIRED)
find_package(FastFloat REQUIRED)
find_package(date REQUIRED)
find_package(tomlplusplus REQUIRED)
find_package(CURL REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(SQLite3 REQUIRED)
if(NOT VORTEX_CONSUMER)
  find_package(CLI11 REQUIRED)
endif()
find_package(Boost 1.81 REQUIRED)
find_package(Threads REQUIRED)
find_package(ZLIB REQUIRED)
pkg_check_modules(zstd REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(brotli REQUIRED IMPORTED_TARGET libbrotlidec)

set(VORTEX_ARROW_VERSION 26.0.1)
set(VORTEX_PYARROW_DIR "" CACHE PATH "The pyarrow package folder of a wheel (site-packages/pyarrow)")
find_package(Arrow ${VORTEX_ARROW_VERSION} EXACT CONFIG QUIET)
find_package(Parquet ${VORTEX_ARROW_VERSION} EXACT CONFIG QUIET)
if(NOT Arrow_FOUND OR NOT Parquet_FOUND)
  if(NOT VORTEX_PYARROW_DIR)
    file(GLOB candidates ${PROJECT_SOURCE_DIR}/.deps/python/lib/python3*/site-packages/pyarrow)
    list(APPEND candidates "")
    list(GET candidates 0 VORTEX_PYARROW_DIR)
  endif()
  if(NOT EXISTS ${VORTEX_PYARROW_DIR}/include/arrow/api.h)
    message(FATAL_ERROR "Arrow ${VORTEX_ARROW_VERSION} not found: run ./dev build, or set VORTEX_PYARROW_DIR.")
  endif()
endif()

# DESIGN §8: the wheel's libparquet exports simdjson and libcrypto symbols of its own. The system's
# libraries must stand before it on every link line, or calls bind to the wrong copy. Link options
# come before all libraries, so whatever links vortex_arrow gets the order right.
add_library(vortex_link_order INTERFACE IMPORTED GLOBAL)
get_target_property(simdjson_path simdjson::simdjson LOCATION)
target_link_options(vortex_link_order INTERFACE
  "SHELL:-Wl,--no-as-needed ${simdjson_path} ${CURL_LIBRARIES} ${OPENSSL_SSL_LIBRARY} \
${OPENSSL_CRYPTO_LIBRARY} -Wl,--as-needed")

function(vortex_wheel_library target stem)
  file(GLOB path ${VORTEX_PYARROW_DIR}/lib${stem}.so.[0-9]*00)
  add_library(${target} INTERFACE IMPORTED GLOBAL)
  target_include_directories(${target} SYSTEM INTERFACE ${VORTEX_PYARROW_DIR}/include)
  target_link_libraries(${target} INTERFACE vortex_link_order ${path} ${ARGN})
  target_link_options(${target} INTERFACE -Wl,-rpath,${VORTEX_PYARROW_DIR})
endfunction()
if(Arrow_FOUND AND Parquet_FOUND)
  add_library(vortex_arrow INTERFACE IMPORTED GLOBAL)
  target_link_libraries(vortex_arrow INTERFACE vortex_link_order Arrow::arrow_shared)
  add_library(vortex_parquet INTERFACE IMPORTED GLOBAL)
  target_link_libraries(vortex_parquet INTERFACE vortex_arrow Parquet::parquet_shared)
else()
  vortex_wheel_library(vortex_arrow arrow)
  vortex_wheel_library(vortex_arrow_compute arrow_compute vortex_arrow)
  vortex_wheel_library(vortex_parquet parquet vortex_arrow)
endif()

# Asio and Beast: their bodies are compiled once, in runtime and in net.
add_library(vortex_asio INTERFACE IMPORTED GLOBAL)
target_compile_definitions(vortex_asio INTERFACE BOOST_ASIO_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED)
target_include_directories(vortex_asio SYSTEM INTERFACE ${Boost_INCLUDE_DIRS})
target_link_libraries(vortex_asio INTERFACE Threads::Threads OpenSSL::SSL OpenSSL::Crypto)
add_library(vortex_beast INTERFACE IMPORTED GLOBAL)
target_compile_definitions(vortex_beast INTERFACE BOOST_BEAST_SEPARATE_COMPILATION)
target_link_libraries(vortex_beast INTERFACE vortex_asio)
