#pragma once
// Marks for the check under valgrind (test/pq_taint.cpp, gcrypt's test/taint.cpp), where secrets are "undefined" and a
// branch or an index that depends on one is an error. Elsewhere they are nothing. GC_PUBLIC says that a value derived
// from a secret may be known to everybody, and each use says why.

#ifdef ZCRYPTO_TAINT
#include <valgrind/memcheck.h>
#define GC_PUBLIC(pointer, size) static_cast<void>(VALGRIND_MAKE_MEM_DEFINED(pointer, size))
#define GC_SECRET(pointer, size) static_cast<void>(VALGRIND_MAKE_MEM_UNDEFINED(pointer, size))
#else
#define GC_PUBLIC(pointer, size) static_cast<void>(0)
#define GC_SECRET(pointer, size) static_cast<void>(0)
#endif
