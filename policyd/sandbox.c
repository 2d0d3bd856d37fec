/*
 * Sandbox: two tables, of system calls that are allowed whatever their arguments, and of those that
 * are allowed with certain ones. The kernel remembers the former, so what a request takes does not
 * cost a run of the filter (since Linux 5.11). Fails with the kernel's error.
 */
#include "sandbox.h"

#include <errno.h>
#include <gio/gio.h>
#include <sys/prctl.h>

#include "fail.h"

/* The calls of x86-64 alone are known from tests. */
#if defined(SANDBOX_OFF)
#define OFF "off: " SANDBOX_OFF
#elif !defined(HAVE_LIBSECCOMP)
#define OFF "off: built without libseccomp"
#elif !defined(__x86_64__) || defined(__ILP32__)
#define OFF "off: built for a processor whose system calls it does not know"
#else
#define OFF NULL
#endif

#ifdef HAVE_LIBSECCOMP

#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static const int plain_calls[] = {
    /* requests and replies, the audit log, the loops */
    SCMP_SYS(accept),
    SCMP_SYS(accept4),
    SCMP_SYS(close),
    SCMP_SYS(epoll_ctl),
    SCMP_SYS(epoll_pwait),
    SCMP_SYS(epoll_wait),
    SCMP_SYS(eventfd2),
    SCMP_SYS(getpeername),
    SCMP_SYS(getsockname),
    SCMP_SYS(getsockopt),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(read),
    SCMP_SYS(recvfrom),
    SCMP_SYS(sendmmsg),
    SCMP_SYS(sendmsg),
    SCMP_SYS(sendto),
    SCMP_SYS(write),
    SCMP_SYS(writev), /* the last words of libc too */
    /* files; sockets are removed at the end */
    SCMP_SYS(fstat),
    SCMP_SYS(lseek),
    SCMP_SYS(lstat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(pread64),
    SCMP_SYS(stat),
    SCMP_SYS(statx),
    SCMP_SYS(unlink),
    SCMP_SYS(unlinkat),
    /* memory */
    SCMP_SYS(brk),
    SCMP_SYS(madvise),
    SCMP_SYS(mremap),
    SCMP_SYS(munmap),
    SCMP_SYS(sysinfo), /* qsort(3) */
    /* threads, and who this is */
    SCMP_SYS(exit),
    SCMP_SYS(futex),
    SCMP_SYS(getegid), /* sd_notify(3), as the three below */
    SCMP_SYS(geteuid),
    SCMP_SYS(getgid),
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(getuid),
    SCMP_SYS(rseq),
    SCMP_SYS(sched_getaffinity), /* malloc(3) */
    SCMP_SYS(sched_yield),
    SCMP_SYS(set_robust_list),
    /* signals and the end */
    SCMP_SYS(exit_group),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(wait4), /* for the postconf helper */
    SCMP_SYS(waitid),
    /* time, where the vDSO hands on to the kernel, and what is random */
    SCMP_SYS(clock_getres),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(getrandom),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(nanosleep),
    SCMP_SYS(time),
};

/* For whom a call is allowed. */
typedef enum {
    NEED_ALWAYS,
    NEED_AUDIT_FILE,
    NEED_AUDIT_SOCKET, /* syslog or the journal */
} Need;

typedef struct {
    int call;
    Need need;
    guint count;
    struct scmp_arg_cmp arguments[2];
} Exception;

/* The upper half of an int's register is of no meaning. */
#define ARGUMENT(number, bits, value)                                        \
    {                                                                        \
        .arg = (number), .op = SCMP_CMP_MASKED_EQ, .datum_a = (guint)(bits), \
        .datum_b = (guint)(value)                                            \
    }
#define IS(number, value) ARGUMENT(number, G_MAXUINT32, value)

#define OPEN_BITS (O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND)
#define NAME_SPACES                                                                             \
    (CLONE_NEWCGROUP | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUSER \
     | CLONE_NEWUTS)

/* Of the rows of one call, one is enough. */
static const Exception exceptions[] = {
    {SCMP_SYS(clone), NEED_ALWAYS, 1, {ARGUMENT(0, CLONE_THREAD | NAME_SPACES, CLONE_THREAD)}},
    {SCMP_SYS(connect), NEED_AUDIT_SOCKET, 0},
    {SCMP_SYS(fcntl), NEED_ALWAYS, 1, {IS(1, F_GETFD)}},
    {SCMP_SYS(fcntl), NEED_ALWAYS, 1, {IS(1, F_GETFL)}},
    {SCMP_SYS(fcntl), NEED_ALWAYS, 1, {IS(1, F_SETFD)}},
    {SCMP_SYS(fcntl), NEED_ALWAYS, 1, {IS(1, F_SETFL)}},
    {SCMP_SYS(ioctl), NEED_ALWAYS, 1, {IS(1, TCGETS)}}, /* GLib's warnings: is it a terminal? */
    {SCMP_SYS(mmap), NEED_ALWAYS, 1, {ARGUMENT(2, PROT_EXEC, 0)}},
    {SCMP_SYS(mmap), NEED_ALWAYS, 1, {ARGUMENT(3, MAP_ANONYMOUS, MAP_ANONYMOUS)}}, /* regexes */
    {SCMP_SYS(mprotect), NEED_ALWAYS, 1, {ARGUMENT(2, PROT_EXEC, 0)}},
    {SCMP_SYS(openat), NEED_ALWAYS, 1, {ARGUMENT(2, OPEN_BITS, O_RDONLY)}},
    {SCMP_SYS(openat), NEED_AUDIT_FILE, 1, {ARGUMENT(2, OPEN_BITS, O_RDWR | O_CREAT | O_APPEND)}},
    {SCMP_SYS(prctl), NEED_ALWAYS, 1, {IS(0, PR_SET_NAME)}},
    {SCMP_SYS(setpriority), NEED_ALWAYS, 1, {IS(0, PRIO_PROCESS)}},
    {SCMP_SYS(setsockopt), NEED_ALWAYS, 2, {IS(1, SOL_SOCKET), IS(2, SO_SNDBUF)}},
    {SCMP_SYS(setsockopt), NEED_ALWAYS, 2, {IS(1, SOL_SOCKET), IS(2, SO_SNDBUFFORCE)}},
    {SCMP_SYS(socket), NEED_ALWAYS, 1, {IS(0, AF_UNIX)}},
};

static Need need_of(const char *audit) {
    if (g_str_has_prefix(audit, "file:")) {
        return NEED_AUDIT_FILE;
    }
    return g_str_equal(audit, "stderr") ? NEED_ALWAYS : NEED_AUDIT_SOCKET;
}

static gboolean is_needed(Need need, const Settings *settings) {
    for (guint i = 0; i < settings->audit->len; i++) {
        if (need_of(g_ptr_array_index(settings->audit, i)) == need) {
            return TRUE;
        }
    }
    return need == NEED_ALWAYS;
}

/* These answer 0 or an error as a negative number. */

/* Calls in the way of another processor would by default end their thread alone. */
static int set_attributes(scmp_filter_ctx filter) {
    static const struct {
        enum scmp_filter_attr name;
        uint32_t value;
    } attributes[] = {
        {SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS},
        {SCMP_FLTATR_CTL_TSYNC, 1}, /* all threads */
        {SCMP_FLTATR_CTL_OPTIMIZE, 2},
        {SCMP_FLTATR_API_SYSRAWRC, 1}, /* the kernel's own error */
    };
    int error = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(attributes) && error == 0; i++) {
        error = seccomp_attr_set(filter, attributes[i].name, attributes[i].value);
    }
    return error;
}

static int allow_plain_calls(scmp_filter_ctx filter) {
    int error = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(plain_calls) && error == 0; i++) {
        error = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, plain_calls[i], 0, NULL);
    }
    return error;
}

static int allow_exceptions(scmp_filter_ctx filter, const Settings *settings) {
    int error = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(exceptions) && error == 0; i++) {
        const Exception *exception = &exceptions[i];
        if (is_needed(exception->need, settings)) {
            error = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, exception->call,
                                           exception->count, exception->arguments);
        }
    }
    return error;
}

/* abort(3) is allowed to have its way; clone3(2), whose flags a filter can't see, is not there for
 * libc, which then takes clone(2). */
static int allow_rest(scmp_filter_ctx filter) {
    const struct scmp_arg_cmp self = IS(0, getpid());
    int error = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, &self);
    return error
               ? error
               : seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0, NULL);
}

static int load_filter(const Settings *settings) {
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    if (!filter) { /* all that libseccomp says where it may not ask the kernel what this has */
        return -EPERM;
    }
    int error = set_attributes(filter);
    error = error ? error : allow_plain_calls(filter);
    error = error ? error : allow_exceptions(filter, settings);
    error = error ? error : allow_rest(filter);
    error = error ? error : seccomp_load(filter);
    seccomp_release(filter);
    return error;
}

#else

static int load_filter(const Settings *settings) {
    (void)settings;
    return -ENOSYS;
}

#endif

static const char *why_off(const Settings *settings) {
    static const char *const built = OFF;
    if (built) {
        return built;
    }
    return settings->sandbox ? NULL : "off: by the settings";
}

gboolean sandbox_enter(const Settings *settings, GError **error) {
    if (why_off(settings)) {
        return TRUE;
    }
    int failure = prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 ? load_filter(settings) : -errno;
    return failure == 0
           || fail_with(error, G_IO_ERROR, (gint)g_io_error_from_errno(-failure),
                        "cannot limit the system calls: %s; if the kernel or a container forbids "
                        "it, --sandbox off does without",
                        g_strerror(-failure));
}

const char *sandbox_text(const Settings *settings) {
    const char *why = why_off(settings);
    return why ? why : "seccomp, no new privileges, no core dumps";
}
