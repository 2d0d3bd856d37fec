/*
 * RelayWatch: a thread that sleeps until the time or the end.
 */
#include "ctl/relay_test/watch.h"

struct RelayWatch {
    GThread *thread;
    GMutex lock;
    GCond ended;
    gboolean end;
    gint64 deadline; /* of g_get_monotonic_time() */
    GCancellable *cancellable;
};

/* GThreadFunc */
static gpointer wait_on(gpointer data) {
    RelayWatch *watch = data;
    gboolean in_time = TRUE;
    g_mutex_lock(&watch->lock);
    while (!watch->end && in_time) {
        in_time = g_cond_wait_until(&watch->ended, &watch->lock, watch->deadline);
    }
    g_mutex_unlock(&watch->lock);
    if (!in_time) {
        g_cancellable_cancel(watch->cancellable);
    }
    return NULL;
}

RelayWatch *relay_watch_new(guint seconds, GError **error) {
    g_autoptr(RelayWatch) watch = g_new0(RelayWatch, 1);
    g_mutex_init(&watch->lock);
    g_cond_init(&watch->ended);
    watch->deadline = g_get_monotonic_time() + (gint64)seconds * G_USEC_PER_SEC;
    watch->cancellable = g_cancellable_new();
    watch->thread = g_thread_try_new("watch", wait_on, watch, error);
    return watch->thread ? g_steal_pointer(&watch) : NULL;
}

void relay_watch_free(RelayWatch *watch) {
    if (!watch) {
        return;
    }
    if (watch->thread) {
        g_mutex_lock(&watch->lock);
        watch->end = TRUE;
        g_cond_signal(&watch->ended);
        g_mutex_unlock(&watch->lock);
        g_thread_join(watch->thread);
    }
    g_object_unref(watch->cancellable);
    g_cond_clear(&watch->ended);
    g_mutex_clear(&watch->lock);
    g_free(watch);
}

GCancellable *relay_watch_cancellable(RelayWatch *watch) {
    return watch->cancellable;
}
