# sluice_library(NAME [SOURCES…] [LINK …] [PRIVATE_LINK …])
#
# Makes the static library sluice_NAME from the files of the current folder. Headers are included by their
# path from the root ("store/store.h"), but the root itself is on nobody's include path: each library
# exports a folder of its own under build/…/include that holds one link, to that library's folder. So a
# header can only be included by a target that links the library it belongs to: the link graph is the
# include graph, and a wrong include does not build.

function(sluice_export_headers target visibility)
  file(RELATIVE_PATH folder ${CMAKE_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR})
  set(root ${CMAKE_BINARY_DIR}/include/${target})
  if(ARGN)  # only the named headers
    foreach(header ${ARGN})
      get_filename_component(place ${root}/${folder}/${header} DIRECTORY)
      file(MAKE_DIRECTORY ${place})
      file(CREATE_LINK ${CMAKE_CURRENT_SOURCE_DIR}/${header} ${root}/${folder}/${header} SYMBOLIC)
    endforeach()
  else()
    get_filename_component(place ${root}/${folder} DIRECTORY)
    file(MAKE_DIRECTORY ${place})
    if(NOT EXISTS ${root}/${folder})
      file(CREATE_LINK ${CMAKE_CURRENT_SOURCE_DIR} ${root}/${folder} SYMBOLIC)
    endif()
  endif()
  target_include_directories(${target} ${visibility} ${root})
endfunction()

function(sluice_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK;PRIVATE_LINK" ${ARGN})
  add_library(sluice_${name} STATIC ${arg_SOURCES})
  target_link_libraries(sluice_${name} PUBLIC ${arg_LINK} PRIVATE ${arg_PRIVATE_LINK})
  sluice_export_headers(sluice_${name} PUBLIC)
endfunction()

# What waits for a network, or runs once at the start, is built small: the size of `sluice` is a promise (README), and nobody
# would notice the cycles.
function(sluice_build_small target)
  target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-Os>)
endfunction()

# The same for single files, named from the folder that lists them: those that no job passes through.
function(sluice_build_small_files)
  set_source_files_properties(${ARGN} PROPERTIES COMPILE_OPTIONS $<$<CONFIG:Release>:-Os>)
endfunction()
