# The libraries Sluice stands on, all from Debian packages (scripts/build lists them). One imported target
# each, under the name the rest of the build uses.
find_package(PkgConfig REQUIRED)

function(sluice_pkg name module)
  pkg_check_modules(${name} REQUIRED IMPORTED_TARGET GLOBAL ${module})
  add_library(dep::${name} ALIAS PkgConfig::${name})
endfunction()

sluice_pkg(uv libuv)
sluice_pkg(sqlite sqlite3)
sluice_pkg(cjson libcjson)
sluice_pkg(simdjson simdjson)
sluice_pkg(seccomp libseccomp)
sluice_pkg(curl libcurl)
sluice_pkg(spdlog spdlog)
sluice_pkg(sodium libsodium)
sluice_pkg(prometheus prometheus-cpp-core)
sluice_pkg(mongoc libmongoc-1.0)
sluice_pkg(hiredis hiredis)
sluice_pkg(jansson jansson)

# Lua 5.3 is linked statically: bytecode is bound to the very build that made it.
pkg_check_modules(lua_pc REQUIRED lua5.3)
find_library(LUA_STATIC NAMES liblua5.3.a REQUIRED)
add_library(lua_static INTERFACE)
target_include_directories(lua_static SYSTEM INTERFACE ${lua_pc_INCLUDE_DIRS})
target_link_libraries(lua_static INTERFACE ${LUA_STATIC} m dl)
add_library(dep::lua ALIAS lua_static)

find_package(CLI11 REQUIRED)
add_library(dep::cli11 ALIAS CLI11::CLI11)

include(Llhttp)

# Boost.Context's library, statically as well: the worker needs a few hundred bytes of it.
find_path(BOOST_CONTEXT_INCLUDE boost/context/fiber.hpp REQUIRED)
find_library(BOOST_CONTEXT_STATIC NAMES libboost_context.a REQUIRED)
add_library(boost_context_static INTERFACE)
target_include_directories(boost_context_static SYSTEM INTERFACE ${BOOST_CONTEXT_INCLUDE})
target_link_libraries(boost_context_static INTERFACE ${BOOST_CONTEXT_STATIC})
add_library(dep::context ALIAS boost_context_static)
