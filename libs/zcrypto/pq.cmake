# Post-quantum algorithms. They are off by default for users of the C library (see README-pq.md); this option decides
# whether they are part of the library at all.
option(GHOST_PQ "Build ML-KEM-768, ML-DSA-65 and the hybrid X25519+ML-KEM-768 into zcrypto" ON)
set(zcrypto_pq_sources src/pq_ml_kem.cpp src/pq_ml_kem_poly.cpp src/pq_ml_dsa.cpp src/pq_ml_dsa_poly.cpp
    src/pq_hybrid.cpp)
# Lattice arithmetic at -O0 would be all that a debug build's tests do.
set_source_files_properties(src/keccak.cpp ${zcrypto_pq_sources} PROPERTIES COMPILE_OPTIONS "-O3")
if(GHOST_PQ)
  target_sources(zcrypto PRIVATE ${zcrypto_pq_sources})
  target_compile_definitions(zcrypto PUBLIC ZCRYPTO_WITH_PQ)
endif()
if(GHOST_PQ AND TARGET zcrypto_test)
  target_sources(zcrypto_test PRIVATE test/pq_test.cpp test/pq_wycheproof_test.cpp)

  # In both directions against OpenSSL 3.5. 77: ctest reports "Skipped", and the script says why.
  add_executable(zcrypto_pq_peer test/pq_peer.cpp)
  target_link_libraries(zcrypto_pq_peer PRIVATE gc_flags zcrypto)
  add_test(NAME zcrypto_pq.AgreesWithOpenSsl35
    COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/test/pq_openssl.sh ${CMAKE_BINARY_DIR}/node24 $<TARGET_FILE:zcrypto_pq_peer>
            ${CMAKE_CURRENT_SOURCE_DIR}/test/pq_openssl.mjs 50)
  set_tests_properties(zcrypto_pq.AgreesWithOpenSsl35 PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 600 LABELS interop)

  # Secrets marked undefined, under valgrind: nothing may branch on them. The sources are compiled in with the marks.
  find_program(VALGRIND valgrind)
  find_path(VALGRIND_HEADERS valgrind/memcheck.h)
  if(NOT GHOST_SANITIZE AND VALGRIND AND VALGRIND_HEADERS)
    add_executable(zcrypto_pq_taint test/pq_taint.cpp src/keccak.cpp src/ed25519.cpp src/secp256k1.cpp
                   src/p256.cpp src/slip10.cpp src/bip32.cpp ${zcrypto_pq_sources})
    target_compile_definitions(zcrypto_pq_taint PRIVATE ZCRYPTO_TAINT)
    target_include_directories(zcrypto_pq_taint PRIVATE src)
    target_link_libraries(zcrypto_pq_taint PRIVATE gc_flags zcrypto OpenSSL::Crypto PkgConfig::SODIUM
                          PkgConfig::SECP256K1)
    set(zcrypto_valgrind ${VALGRIND} -q --error-exitcode=9 --suppressions=${CMAKE_CURRENT_SOURCE_DIR}/test/taint.supp)
    add_test(NAME taint.NothingBranchesOnASecret COMMAND ${zcrypto_valgrind} $<TARGET_FILE:zcrypto_pq_taint>)
    add_test(NAME taint.ABranchOnASecretIsReported
      COMMAND sh -c "$<JOIN:${zcrypto_valgrind}, > $<TARGET_FILE:zcrypto_pq_taint> leak; test $? = 9")
    set_tests_properties(taint.NothingBranchesOnASecret taint.ABranchOnASecretIsReported
                         PROPERTIES TIMEOUT 600 LABELS taint)
  elseif(NOT GHOST_SANITIZE)
    add_test(NAME taint.NothingBranchesOnASecret COMMAND sh -c
      "echo 'SKIPPED: valgrind is not installed; constant time was NOT checked' >&2; exit 77")
    set_tests_properties(taint.NothingBranchesOnASecret PROPERTIES SKIP_RETURN_CODE 77 LABELS taint)
  endif()
endif()
if(GHOST_PQ)
  gc_fuzzer(fuzz/ml_kem_fuzz.cpp LIBS zcrypto)
  gc_fuzzer(fuzz/ml_dsa_fuzz.cpp LIBS zcrypto)
endif()
