# Ed25519 verification: the curve arithmetic with its back ends, each in one file that alone gets its instructions.
set(zcrypto_curve src/ed25519_verify.cpp src/ed25519_batch.cpp src/ed25519_threads.cpp src/ed25519_backend.cpp
    src/ed25519_portable.cpp src/scalar.cpp src/lattice.cpp src/point.cpp)
target_sources(zcrypto PRIVATE ${zcrypto_curve})
# Curve arithmetic is unusable at -O0: a debug build of the node would spend its time here.
set_source_files_properties(${zcrypto_curve} PROPERTIES COMPILE_OPTIONS "-O3")
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  target_sources(zcrypto PRIVATE src/ed25519_avx2.cpp src/ed25519_ifma.cpp)
  set_source_files_properties(src/ed25519_avx2.cpp PROPERTIES COMPILE_OPTIONS "-O3;-mavx2")
  set_source_files_properties(src/ed25519_ifma.cpp
    PROPERTIES COMPILE_OPTIONS "-O3;-mavx2;-mbmi2;-mavx512f;-mavx512vl;-mavx512dq;-mavx512ifma")
  # GCC 12 takes the intrinsics' deliberately undefined pass-through operands for mistakes (GCC bug 105593).
  set_property(SOURCE src/ed25519_ifma.cpp APPEND PROPERTY COMPILE_OPTIONS
    $<$<CXX_COMPILER_ID:GNU>:-Wno-uninitialized> $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  set_source_files_properties(src/ed25519_backend.cpp PROPERTIES COMPILE_DEFINITIONS ZCRYPTO_X86)
endif()
if(TARGET zcrypto_test)
  target_sources(zcrypto_test PRIVATE test/ed25519_backend_test.cpp)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64" AND NOT GHOST_SANITIZE)
    add_test(NAME zcrypto.BackEndsOfferNoSymbolsToOtherFiles
      COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/test/backend_symbols.sh ${CMAKE_NM} $<TARGET_FILE:zcrypto>)
  endif()
endif()
if((TARGET benchkit OR NOT GHOST_COMPONENTS OR "bench" IN_LIST GHOST_COMPONENTS) AND NOT GHOST_LIBFUZZER)
  gc_bench(zcrypto SOURCES bench/zcrypto_bench.cpp
           LIBS zcrypto zcrypto_blake3 benchkit OpenSSL::Crypto PkgConfig::SODIUM)
  target_include_directories(bench_zcrypto PRIVATE src)
  # The post-quantum tests' script fetches node 24 with its OpenSSL 3.5.
  target_compile_definitions(bench_zcrypto PRIVATE ZCRYPTO_NODE_FOLDER="${CMAKE_BINARY_DIR}/node24"
    ZCRYPTO_NODE_SCRIPT="${CMAKE_CURRENT_SOURCE_DIR}/test/pq_openssl.sh"
    ZCRYPTO_NODE_PEER="${CMAKE_CURRENT_SOURCE_DIR}/bench/openssl35_peer.mjs")
endif()
