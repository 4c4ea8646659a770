// Lets ThreadSanitizer see who hands a contended Synchronization.Mutex to whom.
//
// On Linux a Mutex that somebody else holds is taken and given back in the Swift library, which is not built with the
// sanitizer, and in the kernel. The sanitizer sees nothing of it, and reports everything that such a Mutex guards as a
// race (Swift 6.3.1; ten lines with one Mutex and eight tasks show it). These definitions of the two functions stand
// before the library's in tests that are built with the sanitizer, and nowhere else.
#if defined(__linux__) && defined(__has_feature)
#if __has_feature(thread_sanitizer)

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>

void __tsan_acquire(void *);
void __tsan_release(void *);

// Synchronization._MutexHandle._lockSlow(_: UInt32) -> ()
#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
// Synchronization._MutexHandle._unlockSlow() -> ()
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) void *mutex

typedef SWIFT void Lock(uint32_t thread, SELF);
typedef SWIFT void Unlock(SELF);

Lock testshims_lock __asm__(LOCK);
Unlock testshims_unlock __asm__(UNLOCK);

SWIFT void testshims_lock(uint32_t thread, SELF) {
    ((Lock *)dlsym(RTLD_NEXT, LOCK))(thread, mutex);
    __tsan_acquire(mutex);
}

SWIFT void testshims_unlock(SELF) {
    __tsan_release(mutex);
    ((Unlock *)dlsym(RTLD_NEXT, UNLOCK))(mutex);
}

#endif
#endif
