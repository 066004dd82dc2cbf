include(CheckCCompilerFlag)
# Assertions stay on in every build type, so drop the NDEBUG that CMake adds.
foreach(type RELEASE RELWITHDEBINFO MINSIZEREL)
  string(REPLACE "-DNDEBUG" "" CMAKE_C_FLAGS_${type} "${CMAKE_C_FLAGS_${type}}")
endforeach()
add_library(mun_flags INTERFACE)
target_include_directories(mun_flags INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_definitions(mun_flags INTERFACE
  _POSIX_C_SOURCE=200809L
  $<$<BOOL:${MUN_DCHECK}>:MUN_DCHECK_ON=1>)
set(wanted
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion
  -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wundef
  -Wvla -Walloca -Wcast-qual -Wcast-align=strict -Wwrite-strings
  -Wpointer-arith -Wformat=2 -Wimplicit-fallthrough -Wdouble-promotion
  -Wfloat-equal -Wbad-function-cast -Wdate-time
  -Wduplicated-cond -Wduplicated-branches -Wlogical-op    # gcc
  -Wconditional-uninitialized -Wcomma                     # clang
  -fno-common -fno-strict-aliasing -fstack-protector-strong
  -fstack-clash-protection -fcf-protection)
foreach(flag IN LISTS wanted)
  string(MAKE_C_IDENTIFIER "MUN_HAS${flag}" var)
  check_c_compiler_flag("-Werror ${flag}" ${var})
  if(${var})
    target_compile_options(mun_flags INTERFACE ${flag})
  endif()
endforeach()
# Tests hold whole records by value; threads with small stacks run none of them.
target_compile_options(mun_flags INTERFACE
  -Wframe-larger-than=$<IF:$<BOOL:$<TARGET_PROPERTY:MUN_IS_TEST>>,262144,16384>)
# No machine's paths in what is built: messages of failed checks name files
# from the root of the source tree.
target_compile_options(mun_flags INTERFACE
  -fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=)
if(MUN_WERROR)
  target_compile_options(mun_flags INTERFACE -Werror)
endif()
if(MUN_SANITIZE)
  target_compile_options(mun_flags INTERFACE
    -fsanitize=${MUN_SANITIZE} -fno-sanitize-recover=all
    -fno-omit-frame-pointer -fno-optimize-sibling-calls)
  target_link_options(mun_flags INTERFACE -fsanitize=${MUN_SANITIZE})
else()
  target_compile_definitions(mun_flags INTERFACE
    $<$<NOT:$<CONFIG:Debug,Coverage>>:_FORTIFY_SOURCE=2>)
  target_link_options(mun_flags INTERFACE
    -Wl,-z,relro,-z,now -Wl,--as-needed)
endif()
if(MUN_FUZZ)
  target_compile_options(mun_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
set(CMAKE_C_FLAGS_COVERAGE "-O0 -g --coverage" CACHE STRING "" FORCE)
set(CMAKE_EXE_LINKER_FLAGS_COVERAGE "--coverage" CACHE STRING "" FORCE)
