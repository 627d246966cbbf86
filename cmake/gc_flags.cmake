# Compiler flags that hold for every target. Linked as gc_flags by gc_library and gc_program.
add_library(gc_flags INTERFACE)
target_compile_options(gc_flags INTERFACE
  -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Wimplicit-fallthrough -Wformat=2
  $<$<COMPILE_LANGUAGE:CXX>:-Woverloaded-virtual>
  $<$<BOOL:${GHOST_WERROR}>:-Werror>
  -fno-omit-frame-pointer -fstack-protector-strong
  # GCC 12 reports these inside its own headers when it inlines std::vector and std::expected.
  $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized -Wno-restrict -Wno-array-bounds -Wno-stringop-overflow
    -Wno-missing-field-initializers>
  $<$<CXX_COMPILER_ID:Clang>:-Wno-missing-designated-field-initializers -Wno-missing-field-initializers>)
if(GHOST_SANITIZE)
  # The instrumentation hides sizes from GCC 12, which then warns of reads that cannot happen.
  target_compile_options(gc_flags INTERFACE -fsanitize=${GHOST_SANITIZE} -fno-sanitize-recover=all
    $<$<CXX_COMPILER_ID:GNU>:-Wno-stringop-overread>)
  target_link_options(gc_flags INTERFACE -fsanitize=${GHOST_SANITIZE})
endif()
if(GHOST_LIBFUZZER)
  target_compile_options(gc_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
