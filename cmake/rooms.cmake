# One line a room: its name, then the rooms it may include. The same table is enforced at link time
# (each room is a target that links just these) and on the text of the includes (tools/tidy.py).
vortex_room(base)
vortex_room(model      MAY base)
vortex_room(resilience MAY base)
vortex_room(runtime    MAY base)
vortex_room(telemetry  MAY base model)
vortex_room(config     MAY base model)
vortex_room(codec      MAY base model)
vortex_room(net        MAY base runtime)
vortex_room(secrets    MAY base runtime net)
vortex_room(discovery  MAY base runtime net)
vortex_room(provider   MAY base model codec)
vortex_room(quality    MAY base model codec)
vortex_room(store      MAY base model codec)
vortex_room(engine     MAY base model resilience runtime telemetry config codec net secrets discovery provider
                           quality store)
vortex_room(sim        MAY base model config runtime net)

# Third parties, one room each. Arrow and simdjson need the link order of cmake/VortexThirdParty.cmake.
vortex_third_party(base     PUBLIC fmt::fmt PRIVATE simdjson::simdjson spdlog::spdlog date::date-tz OpenSSL::Crypto)
vortex_third_party(runtime  PUBLIC vortex_asio)
vortex_third_party(config   PRIVATE tomlplusplus::tomlplusplus)
vortex_third_party(codec    PUBLIC vortex_arrow PRIVATE simdjson::simdjson FastFloat::fast_float vortex_parquet)
vortex_third_party(net      PUBLIC vortex_asio PRIVATE CURL::libcurl OpenSSL::SSL vortex_beast
                            PkgConfig::zstd PkgConfig::brotli ZLIB::ZLIB)
if(TARGET vortex_net_test)
  target_link_libraries(vortex_net_test PRIVATE brotlienc)  # makes the bodies that net decodes
endif()
vortex_third_party(provider PUBLIC vortex_arrow PRIVATE simdjson::simdjson)
vortex_third_party(quality  PUBLIC vortex_arrow)
vortex_third_party(store    PUBLIC vortex_arrow PRIVATE vortex_parquet SQLite::SQLite3 PkgConfig::zstd)
vortex_third_party(engine   PRIVATE vortex_arrow)
