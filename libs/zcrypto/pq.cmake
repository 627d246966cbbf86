# Post-quantum algorithms. They are off by default for users (see README-pq.md); this option decides whether they are
# part of the library at all.
option(GHOST_PQ "Build ML-KEM-768, ML-DSA-65 and the hybrid X25519+ML-KEM-768 into zcrypto" ON)
set_source_files_properties(src/keccak.cpp PROPERTIES COMPILE_OPTIONS "-O3")
