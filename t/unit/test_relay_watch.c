/*
 * Units of policyd/ctl/relay_test/watch.c: it cancels when its time is over, not before, and not
 * once it is freed.
 */
#include "ctl/relay_test/watch.h"

#include "unit/unit.h"

/* Of the time that a busy machine may take to wake a thread. */
#define PATIENCE (20 * G_USEC_PER_SEC)

START_TEST(test_time_is_over) {
    gint64 begin = g_get_monotonic_time();
    g_autoptr(GError) error = NULL;
    g_autoptr(RelayWatch) watch = relay_watch_new(1, &error);
    ck_assert_ptr_nonnull(watch);
    GCancellable *cancellable = relay_watch_cancellable(watch);
    while (!g_cancellable_is_cancelled(cancellable)) {
        ck_assert_int_lt(g_get_monotonic_time() - begin, PATIENCE);
        g_usleep(1000);
    }
    ck_assert_int_ge(g_get_monotonic_time() - begin, G_USEC_PER_SEC);
}
END_TEST

START_TEST(test_freed_before) {
    g_autoptr(GError) error = NULL;
    RelayWatch *watch = relay_watch_new(G_MAXUINT, &error);
    ck_assert_ptr_nonnull(watch);
    g_autoptr(GCancellable) cancellable = g_object_ref(relay_watch_cancellable(watch));
    ck_assert(!g_cancellable_is_cancelled(cancellable));
    relay_watch_free(watch);
    ck_assert(!g_cancellable_is_cancelled(cancellable));
}
END_TEST

int main(void) {
    Suite *suite = suite_create("relay_watch");
    unit_add(suite, "test_time_is_over", test_time_is_over, 1);
    unit_add(suite, "test_freed_before", test_freed_before, 1);
    return unit_run(suite);
}
