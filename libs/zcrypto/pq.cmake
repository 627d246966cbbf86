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
  if(TARGET zcrypto_test)
    target_sources(zcrypto_test PRIVATE test/pq_test.cpp)
  endif()
endif()
