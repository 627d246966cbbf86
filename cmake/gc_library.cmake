# One call declares a component with its tests, benches and fuzzers.
#
#   gc_library(ghostbridge
#     SOURCES src/frame.cpp src/relay.cpp     # none: a header-only library
#     PUBLIC  base zquic                      # part of our headers
#     PRIVATE PkgConfig::NGHTTP2              # used in our sources only
#     TESTS   test/frame_test.cpp             # -> <name>_test, each case a ctest entry
#     TEST_LIBS GTest::gmock                  # extra libraries for the tests
#     FUZZERS fuzz/frame_fuzz.cpp)            # -> frame_fuzz; seeds in corpus/frame_fuzz
#
#   gc_program(ghostd SOURCES main.cpp LIBS ghostd_lib)     # -> bin/ghostd, installed
#   gc_bench(chain SOURCES chain_bench.cpp LIBS ghostd_lib) # -> bin/bench_chain, run by ./ghost bench chain
#
# Fuzzers: with GHOST_LIBFUZZER they are libFuzzer programs; otherwise the same file is linked with a
# replay driver that runs the committed corpus and a bounded number of seeded mutations as a ctest entry.

set(GHOST_FUZZ_SMOKE_RUNS 20000 CACHE STRING "Mutated inputs a fuzz-smoke test tries")

function(gc_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;PUBLIC;PRIVATE;TESTS;TEST_LIBS;FUZZERS" ${ARGN})
  if(ARG_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "gc_library(${name}): unknown arguments ${ARG_UNPARSED_ARGUMENTS}")
  endif()
  if(ARG_SOURCES)
    add_library(${name} STATIC ${ARG_SOURCES})
    set(scope PUBLIC)
    target_link_libraries(${name} PRIVATE gc_flags ${ARG_PRIVATE})
  else()
    add_library(${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/include)
    target_include_directories(${name} ${scope} ${CMAKE_CURRENT_SOURCE_DIR}/include)
  endif()
  target_link_libraries(${name} ${scope} ${ARG_PUBLIC})

  if(ARG_TESTS AND BUILD_TESTING AND NOT GHOST_LIBFUZZER)
    add_executable(${name}_test ${ARG_TESTS})
    target_link_libraries(${name}_test PRIVATE gc_flags ${name} ${ARG_PRIVATE} ${ARG_TEST_LIBS}
                          GTest::gtest GTest::gtest_main)
    # GCC 12 sees phantom reads where a test builds a container from constants that it can fold.
    target_compile_options(${name}_test PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-stringop-overread>)
    gc_discover_tests(${name}_test)
  endif()
  gc_header_check(${name})
  foreach(source IN LISTS ARG_FUZZERS)
    gc_fuzzer(${source} LIBS ${name} ${ARG_PRIVATE})
  endforeach()
endfunction()

function(gc_discover_tests target)
  include(GoogleTest)
  gtest_discover_tests(${target} DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60
    # Lists do not survive this call, so each variable goes through a property of its own.
    PROPERTIES TIMEOUT 300 ENVIRONMENT "GHOST_VECTORS=${GHOST_VECTORS}"
               ENVIRONMENT_MODIFICATION "GHOST_BIN=set:${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
endfunction()

function(gc_fuzzer source)
  cmake_parse_arguments(ARG "" "" "LIBS" ${ARGN})
  get_filename_component(fuzzer ${source} NAME_WE)
  add_executable(${fuzzer} ${source})
  target_link_libraries(${fuzzer} PRIVATE gc_flags ${ARG_LIBS})
  if(GHOST_LIBFUZZER)
    target_link_options(${fuzzer} PRIVATE -fsanitize=fuzzer)
  else()
    target_sources(${fuzzer} PRIVATE ${CMAKE_SOURCE_DIR}/cmake/fuzz_replay.cpp)
    if(BUILD_TESTING)
      add_test(NAME fuzz_smoke.${fuzzer}
        COMMAND ${fuzzer} --runs ${GHOST_FUZZ_SMOKE_RUNS} ${CMAKE_SOURCE_DIR}/corpus/${fuzzer})
      set_tests_properties(fuzz_smoke.${fuzzer} PROPERTIES TIMEOUT 300 LABELS fuzz)
    endif()
  endif()
endfunction()

function(gc_program name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LIBS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE gc_flags ${ARG_LIBS})
  install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endfunction()

function(gc_bench suite)
  cmake_parse_arguments(ARG "" "" "SOURCES;LIBS" ${ARGN})
  add_executable(bench_${suite} ${ARG_SOURCES})
  target_link_libraries(bench_${suite} PRIVATE gc_flags ${ARG_LIBS})
endfunction()

# Adds proto/, every folder of libs/ and apps/ that has a CMakeLists.txt, bench/ and tests/.
# Link order is CMake's business, so the order of folders does not matter.
function(gc_add_components)
  add_custom_target(gc_header_check)
  # The environment wins, so that `GHOST_VECTORS=… ./ghost test` works in a tree that was configured before.
  set(GHOST_VECTORS ${CMAKE_SOURCE_DIR}/../shared/vectors CACHE PATH "Published test vectors")
  if(DEFINED ENV{GHOST_VECTORS})
    set(GHOST_VECTORS $ENV{GHOST_VECTORS})
  endif()
  file(GLOB folders LIST_DIRECTORIES true CONFIGURE_DEPENDS
       ${CMAKE_SOURCE_DIR}/libs/* ${CMAKE_SOURCE_DIR}/apps/*)
  list(PREPEND folders ${CMAKE_SOURCE_DIR}/proto)
  list(APPEND folders ${CMAKE_SOURCE_DIR}/contracts ${CMAKE_SOURCE_DIR}/capi ${CMAKE_SOURCE_DIR}/bench ${CMAKE_SOURCE_DIR}/tests ${CMAKE_SOURCE_DIR}/deploy)
  foreach(folder IN LISTS folders)
    get_filename_component(name ${folder} NAME)
    if(EXISTS ${folder}/CMakeLists.txt AND (NOT GHOST_COMPONENTS OR name IN_LIST GHOST_COMPONENTS))
      add_subdirectory(${folder})
    endif()
  endforeach()
endfunction()

# Adds `gc_header_check`: every public header compiled alone, so that none leans on what was included before it.
function(gc_header_check name)
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE ${CMAKE_CURRENT_SOURCE_DIR}/include
       ${CMAKE_CURRENT_SOURCE_DIR}/include/*.hpp)
  set(sources)
  foreach(header IN LISTS headers)
    set(source ${CMAKE_CURRENT_BINARY_DIR}/header_check/${header}.cpp)
    file(CONFIGURE OUTPUT ${source} CONTENT "#include \"${header}\"\n#include \"${header}\"\n")
    list(APPEND sources ${source})
  endforeach()
  if(sources)
    add_library(${name}_header_check OBJECT EXCLUDE_FROM_ALL ${sources})
    target_link_libraries(${name}_header_check PRIVATE gc_flags ${name})
    add_dependencies(gc_header_check ${name}_header_check)
  endif()
endfunction()
