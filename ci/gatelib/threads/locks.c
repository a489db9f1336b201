// Tells ThreadSanitizer of Synchronization.Mutex where a thread has to wait; preloaded by ci/gate.
//
// Where nobody waits, a Mutex is a compare and exchange in the code that uses it, which is instrumented, so that
// the sanitizer sees it. Where a thread waits, locking and unlocking happen in libswiftSynchronization, which is
// not, and two bodies of withLock would be taken for a race. Here stand functions of the same names, which call
// those of the library and say what they mean: unlocking releases, and locking acquires, what the lock word
// orders. Should a later toolchain name them otherwise, these are not called, and probe.swift shows it.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"
#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) void *self

// Weak, because programs that are not instrumented (swift itself) get this library as well.
void __tsan_acquire(void *) __attribute__((weak));
void __tsan_release(void *) __attribute__((weak));

typedef SWIFT void lock_function(uint32_t thread, SELF);
typedef SWIFT void unlock_function(SELF);
static lock_function *next_lock;
static unlock_function *next_unlock;

__attribute__((constructor)) static void find(void) {
    next_lock = (lock_function *)dlsym(RTLD_NEXT, LOCK);
    next_unlock = (unlock_function *)dlsym(RTLD_NEXT, UNLOCK);
}

SWIFT void lock_slow(uint32_t thread, SELF) __asm__(LOCK);
SWIFT void unlock_slow(SELF) __asm__(UNLOCK);

SWIFT void lock_slow(uint32_t thread, SELF) {
    next_lock(thread, self);
    if (__tsan_acquire) __tsan_acquire(self);
}

SWIFT void unlock_slow(SELF) {
    if (__tsan_release) __tsan_release(self);
    next_unlock(self);
}
