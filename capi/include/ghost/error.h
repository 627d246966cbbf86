/* Error codes shared by every C library of GhostChain. C99 and C++. */
#ifndef GHOST_ERROR_H
#define GHOST_ERROR_H

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define GHOST_API __attribute__((visibility("default")))
#else
#define GHOST_API
#endif

/* Functions return GHOST_OK or a negative code. The values never change their meaning; new ones are added at the end.
 */
#define GHOST_OK 0
#define GHOST_ERR_INVALID_ARGUMENT (-1)  /* a null pointer, or a value that the function does not take */
#define GHOST_ERR_INVALID_LENGTH (-2)    /* a length that the function does not take */
#define GHOST_ERR_INVALID_KEY (-3)       /* bytes that are no key of this algorithm */
#define GHOST_ERR_INVALID_SIGNATURE (-4) /* the signature does not belong to this key and message */
#define GHOST_ERR_AUTHENTICATION (-5)    /* wrong key or tampered ciphertext; nothing was decrypted */
#define GHOST_ERR_OUT_OF_RANGE (-6)      /* a parameter above its bound */
#define GHOST_ERR_WEAK_PARAMETERS (-7)   /* a password hash below the floor */
#define GHOST_ERR_OUT_OF_MEMORY (-8)     /* the system has no memory for this */
#define GHOST_ERR_SELF_TEST (-9)         /* the library does not compute what it should on this machine */
#define GHOST_ERR_NOT_ENABLED (-10)      /* off by default, or not part of this build */
#define GHOST_ERR_INTERNAL (-11)         /* a bug in the library; please report it */
#define GHOST_ERR_NOT_FOUND (-12)        /* no such thing */
#define GHOST_ERR_TIMED_OUT (-13)        /* no answer in time */
#define GHOST_ERR_CLOSED (-14)           /* the other side, or this one, has ended */
#define GHOST_ERR_WOULD_BLOCK (-15)      /* nothing there yet; try again later */
#define GHOST_ERR_OVERLOADED (-16)       /* a bounded queue is full */
#define GHOST_ERR_IO (-17)               /* the system refused */
#define GHOST_ERR_DENIED (-18)           /* the caller may not do this */
#define GHOST_ERR_MALFORMED (-19)        /* input that does not parse */
#define GHOST_ERR_OUT_OF_GAS (-20)       /* a contract used what it was given */
#define GHOST_ERR_TRAP (-21)             /* a contract stopped abnormally */

/* A sentence for a code, also for unknown ones. Never null, static, thread-safe. */
GHOST_API const char* ghost_error_string(int code);

#ifdef __cplusplus
}
#endif
#endif
