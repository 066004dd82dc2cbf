# mun_add_library(name SOURCES a.c b.c ... LINKS mun_x ... WRAPS PkgConfig::y)
#
# One static library a folder. LINKS are the folders whose headers it may
# include (public), WRAPS the third-party libraries that it hides (private).
# Without any source the target is an interface that only passes its links on,
# so that the tree configures at every stage. A source that is named but not
# there is a warning here and an error in tools/check_lists.sh.
function(mun_add_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINKS;WRAPS" ${ARGN})
  set(found)
  foreach(source IN LISTS arg_SOURCES)
    if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${source})
      list(APPEND found ${source})
    else()
      message(WARNING "${name}: no ${source} yet, left out")
    endif()
  endforeach()
  if(NOT found)
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE mun_flags ${arg_LINKS})
    return()
  endif()
  add_library(${name} STATIC ${found})
  target_link_libraries(${name}
    PUBLIC mun_flags ${arg_LINKS}
    PRIVATE ${arg_WRAPS})
endfunction()

# mun_add_executable(name main.c libs...): nothing while main.c is not there.
function(mun_add_executable name source)
  if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${source})
    add_executable(${name} ${source})
    target_link_libraries(${name} PRIVATE ${ARGN})
    set_target_properties(${name} PROPERTIES
      RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
    install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  endif()
endfunction()
