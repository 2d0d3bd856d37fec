/*
 * Handover: tells ThreadSanitizer what it can't see. GLib is not built with it, so where one thread
 * hands something to another by a GMutex, a GCond or a source of the main loop, it would take the
 * second one's access for a race. Preloaded before GLib, behind the sanitizer's own library.
 */
#include <dlfcn.h>
#include <glib.h>
#include <sanitizer/tsan_interface.h>

#define REAL(function) ((__typeof__(&(function)))(guintptr)dlsym(RTLD_NEXT, #function))

void g_mutex_lock(GMutex *mutex) {
    REAL(g_mutex_lock)(mutex);
    __tsan_acquire(mutex);
}

void g_mutex_unlock(GMutex *mutex) {
    __tsan_release(mutex);
    REAL(g_mutex_unlock)(mutex);
}

void g_cond_wait(GCond *cond, GMutex *mutex) {
    __tsan_release(mutex);
    REAL(g_cond_wait)(cond, mutex);
    __tsan_acquire(mutex);
}

typedef struct {
    GSourceFunc function;
    gpointer data;
    GDestroyNotify notify;
} Call;

static gboolean run_call(gpointer data) {
    Call *call = data;
    __tsan_acquire(call);
    return call->function(call->data);
}

static void free_call(gpointer data) {
    Call *call = data;
    if (call->notify) {
        call->notify(call->data);
    }
    g_free(call);
}

guint g_idle_add_full(gint priority, GSourceFunc function, gpointer data, GDestroyNotify notify) {
    Call *call = g_new(Call, 1);
    *call = (Call){function, data, notify};
    __tsan_release(call);
    return REAL(g_idle_add_full)(priority, run_call, call, free_call);
}
