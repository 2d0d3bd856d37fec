"""Sandbox: what policyd may still do once it serves. The filter of system calls ends it at a call
that is not on its list, and all that a daemon does goes on under it: tests of other files run again
here, on the Release build, as sanitizers do without the filter."""

import glob
import os
import re
import signal
import subprocess
import sys
import unittest

import test_control
import test_failures
import test_options
import test_reload
import test_rotation
import test_signals
import test_systemd
from lib_case import ScratchCase
from lib_control import Control
from lib_policyd import Policyd, block, plain_program

NOBODY = 65534
FILTERED = "seccomp, no new privileges, no core dumps"
HERE = os.path.dirname(os.path.abspath(__file__))
TREE = os.path.dirname(os.path.dirname(HERE))
TESTED = os.environ.get("POLICYD")
PLAIN = plain_program()
if PLAIN:
    os.environ["POLICYD"] = PLAIN

# At least one of each thing that a daemon does, and what it does seldom.
AGAIN = (
    test_control.Numbers,
    test_control.RudeClients("test_no_descriptors_left"),
    test_control.RudeClients("test_thousands_at_once"),
    test_failures.FullDisk,
    test_failures.NoDescriptors,
    test_failures.NoFolder("test_not_ours"),
    test_failures.NoJournal,
    test_options.Listening,
    test_options.Logging,
    test_options.Starting,
    test_reload.Meeting("test_asked_for_while_one_runs"),
    test_reload.Meeting("test_stopped_while_one_runs"),
    test_reload.UnderLoad("test_two_hundred"),
    test_reload.WhatIsRead,
    test_reload.WhatIsSaid,
    test_rotation.ByHand("test_file_of_another_is_taken"),
    test_rotation.CopyTruncate("test_under_load"),
    test_signals.Ending,
    test_systemd.Activation,
    test_systemd.Telling,
    test_systemd.Watchdog("test_half_of_the_time"),
)


def status_of(pid, thread=None):
    """The lines of /proc/PID/status, or of one of its threads."""
    with open(f"/proc/{pid}/task/{thread or pid}/status", encoding="ascii") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)


def helper_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return int(file.read())


class SandboxCase(ScratchCase):
    def setUp(self):
        super().setUp()
        os.chown(self.scratch.path, NOBODY, NOBODY)
        self.control = Control(self.scratch)

    def start(self, *options, rules="reject\n", prefix=(), audit=None):
        daemon = Policyd(self.scratch, rules, options=self.control.options(*options))
        plain = daemon.arguments()
        if audit:
            plain[plain.index("--audit") + 1] = audit
        daemon.arguments = lambda: [*prefix, *plain]
        daemon.start()
        self.addCleanup(lambda: daemon.process and daemon.kill())
        return daemon

    def said_by_status(self):
        self.assertIn("\nsandbox      ", self.control.policyctl("status").stdout)
        return self.control.status()["sandbox"]


class Privileges(SandboxCase):
    AS_NOBODY = (
        *("setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups"),
        *("--inh-caps", "+net_bind_service", "--ambient-caps", "+net_bind_service"),
    )

    def check_process(self, pid, seccomp, capabilities=0, bounding=0, user=NOBODY):
        for thread in os.listdir(f"/proc/{pid}/task"):
            status = status_of(pid, thread)
            with self.subTest(name=status["Name"]):
                self.assertEqual(status["Uid"].split(), [str(user)] * 4)
                self.assertEqual(status["Gid"].split(), [str(user)] * 4)
                self.assertIn(status["Groups"].split(), ([], [str(user)]))
                self.assertEqual(status["NoNewPrivs"], "1")
                self.assertEqual(status["Seccomp"], str(seccomp))
                for name in ("CapPrm", "CapEff"):
                    self.assertEqual(int(status[name], 16), capabilities, name)
                for name in ("CapInh", "CapAmb"):
                    self.assertEqual(int(status[name], 16), 0, name)
                self.assertEqual(int(status["CapBnd"], 16), bounding)

    def check(self, daemon, **expected):
        """Of the daemon, and of its helper, which has no filter. Clients can connect before there is
        one, but nothing is answered before."""
        self.assertEqual(self.said_by_status(), FILTERED)
        self.check_process(daemon.process.pid, seccomp=2, **expected)
        self.check_process(helper_of(daemon.process.pid), seccomp=0, **expected)

    def test_user(self):
        daemon = self.start("--user", "nobody", "--workers", "3")
        self.assertGreaterEqual(len(os.listdir(f"/proc/{daemon.process.pid}/task")), 4)
        self.check(daemon)

    def test_root(self):
        os.chown(self.scratch.path, 0, 0)
        override = 1 << 1  # CAP_DAC_OVERRIDE: files of others
        self.check(self.start(), user=0, capabilities=override)

    def test_capabilities_of_a_user(self):
        """Who is no root can't empty the bounding set."""
        daemon = self.start(prefix=self.AS_NOBODY)
        with open("/proc/self/status", encoding="ascii") as file:
            bounding = int(re.search(r"CapBnd:\t(\w+)", file.read())[1], 16)
        self.check(daemon, bounding=bounding)
        self.assertEqual(os.stat(f"/proc/{daemon.process.pid}/environ").st_uid, 0, "it is dumpable")

    def test_off(self):
        daemon = self.start("--sandbox", "off", "--user", "nobody")
        self.check_process(daemon.process.pid, seccomp=0)
        self.assertEqual(self.said_by_status(), "off: by the settings")

    @unittest.skipIf(TESTED == PLAIN, "there are no other programs")
    def test_other_build(self):
        self.addCleanup(os.environ.update, POLICYD=PLAIN)
        os.environ["POLICYD"] = TESTED
        self.start()
        self.assertRegex(self.said_by_status(), "^off: built ")


class Unit(SandboxCase):
    """Under the filter of the unit, made here as systemd would."""

    # What runs policyd with such a filter: the numbers allowed, then the command.
    RUN = """
import ctypes, os, struct, sys
allowed = [int(number) for number in sys.argv[1].split(",")]
code = [(0x20, 0, 0, 0)]  # the call's number
for number in allowed:
    code += [(0x15, 0, 1, number), (0x06, 0, 0, 0x7FFF0000)]  # that one: allow
code += [(0x06, 0, 0, 0x00050001)]  # EPERM
program = b"".join(struct.pack("=HBBI", *row) for row in code)
buffer = ctypes.create_string_buffer(program)
head = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(code), ctypes.addressof(buffer)))
libc = ctypes.CDLL(None)
assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, head, 0, 0) == 0
os.execvp(sys.argv[2], sys.argv[2:])
"""

    def setUp(self):
        super().setUp()
        headers = glob.glob("/usr/include/*/asm/unistd_64.h")
        with open(headers[0], encoding="ascii") as file:
            self.numbers = dict(re.findall(r"#define __NR_(\w+) (\d+)", file.read()))

    def expand(self, word):
        """The numbers of a call, or of all in a set."""
        if not word.startswith("@"):
            return {self.numbers[word]} if word in self.numbers else set()
        text = subprocess.run(
            ["systemd-analyze", "syscall-filter", "--no-pager", word],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        words = re.findall(r"^    (@?\w[\w-]*)$", text, re.MULTILINE)
        return set().union(*map(self.expand, words))

    def allowed(self):
        with open(os.path.join(TREE, "examples/systemd/policyd.service"), encoding="ascii") as file:
            lines = re.findall(r"^SystemCallFilter=(~?)(.*)", file.read(), re.MULTILINE)
        numbers = set()
        for denied, words in lines:
            for word in words.split():
                if denied:
                    numbers -= self.expand(word)
                else:
                    numbers |= self.expand(word)
        return numbers | {self.numbers["execve"]}

    def prefix(self, numbers):
        user = ("setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups",
                "--inh-caps", "-all", "--bounding-set", "-all")
        return (*user, sys.executable, "-c", self.RUN, ",".join(numbers))

    def test_it_starts(self):
        daemon = self.start(prefix=self.prefix(self.allowed()))
        self.assertEqual(self.said_by_status(), FILTERED)
        self.assertEqual(status_of(daemon.process.pid)["Seccomp_filters"], "2")
        with daemon.client() as client:
            self.assertEqual(client.ask(), "REJECT")
        self.assertEqual(self.control.policyctl("reload").returncode, 0)

    def test_it_says_so_where_it_may_not(self):
        prefix = self.prefix(self.allowed() - {self.numbers["seccomp"]})
        daemon = Policyd(self.scratch)
        plain = daemon.arguments()
        daemon.arguments = lambda: [*prefix, *plain]
        daemon.spawn()
        self.assertEqual(daemon.wait(), 1)
        self.assertIn("cannot limit the system calls: Operation not permitted; ", daemon.said())
        self.start("--sandbox", "off", prefix=prefix)


WRITE, CREATE, TRUNCATE, APPEND = os.O_WRONLY, os.O_CREAT, os.O_TRUNC, os.O_APPEND
READ_WRITE = os.O_RDWR
X32 = 0x40000000

# NAME: call and arguments, with which no call does anything but fail.
FORBIDDEN = {
    "execve": ("execve",),
    "execveat": ("execveat", -1),
    "fork": ("fork",),
    "clone of a process": ("clone", signal.SIGCHLD),
    "clone into a name space": ("clone", 0x10000000 | 0x10000),
    "unshare": ("unshare", 0),
    "socket inet": ("socket", 2, 1, 0),
    "socket inet6": ("socket", 10, 1, 0),
    "socket netlink": ("socket", 16, 3, 0),
    "socketpair": ("socketpair", 1, 1, 0, 0),
    "connect": ("connect", -1),
    "bind": ("bind", -1),
    "listen": ("listen", -1),
    "openat write": ("openat", -100, 0, WRITE),
    "openat write and append": ("openat", -100, 0, WRITE | CREATE | APPEND),
    "openat read and write": ("openat", -100, 0, READ_WRITE),
    "openat create": ("openat", -100, 0, CREATE),
    "openat truncate": ("openat", -100, 0, READ_WRITE | CREATE | APPEND | TRUNCATE),
    "openat2": ("openat2", -100),
    "open": ("open",),
    "creat": ("creat",),
    "truncate": ("truncate",),
    "ftruncate": ("ftruncate", -1),
    "pwrite64": ("pwrite64", -1),
    "rename": ("rename",),
    "renameat2": ("renameat2", -1, 0, -1),
    "link": ("link",),
    "symlink": ("symlink",),
    "mkdir": ("mkdir",),
    "chmod": ("chmod",),
    "fchmodat": ("fchmodat", -100),
    "chown": ("chown",),
    "mount": ("mount",),
    "chroot": ("chroot",),
    "kill": ("kill", 0x7FFFFFFF, 0),
    "tgkill of another": ("tgkill", 1, 1, 0),
    "ptrace": ("ptrace", 1, 0x7FFFFFFF),
    "process_vm_readv": ("process_vm_readv", 0x7FFFFFFF),
    "setuid": ("setuid", -1),
    "capset": ("capset",),
    "prctl": ("prctl", 3),
    "prlimit64": ("prlimit64", 0, -1),
    "seccomp": ("seccomp", -1),
    "mmap code of a file": ("mmap", 0, 4096, 5, 2, -1),
    "mprotect code": ("mprotect", 1, 4096, 5),
    "memfd_create": ("memfd_create",),
    "ioctl": ("ioctl", -1, 0x5412),
    "bpf": ("bpf", -1),
    "io_uring_setup": ("io_uring_setup",),
    "keyctl": ("keyctl", -1),
    "perf_event_open": ("perf_event_open",),
    "userfaultfd": ("userfaultfd", -1),
    "init_module": ("init_module",),
    "a call of x32": (X32 | 39,),
    "no call at all": (9999,),
}
ALLOWED = {
    "openat read": ("openat", -100, 0, os.O_CLOEXEC),
    "openat append": ("openat", -100, 0, READ_WRITE | CREATE | APPEND | os.O_NOCTTY),
    "mmap code of a regex": ("mmap", 0, 4096, 7, 0x22, -1),
    "tgkill of oneself": ("tgkill", "PID", "PID", 0),
    "clone3": ("clone3",),
    "ioctl of a terminal": ("ioctl", -1, 0x5401),
}


class Calls(SandboxCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        headers = glob.glob("/usr/include/*/asm/unistd_64.h")
        with open(headers[0], encoding="ascii") as file:
            cls.numbers = dict(re.findall(r"#define __NR_(\w+) (\d+)", file.read()))

    def setUp(self):
        super().setUp()
        library = self.scratch.join("calls.so")
        source = os.path.join(HERE, "calls.c")
        subprocess.run(
            ["cc", "-D_GNU_SOURCE", "-shared", "-fPIC", "-O1", "-o", library, source], check=True
        )
        self.prefix = ("env", "LD_PRELOAD=" + library)

    def ask(self, daemon, words):
        """What comes back from a worker that makes the call."""
        number, *arguments = words
        arguments = [daemon.process.pid if word == "PID" else word for word in arguments]
        call = [self.numbers.get(number, number), *arguments]
        with daemon.client() as client:
            client.send(block(helo_name=":".join(map(str, ("call", *call)))))
            return client.outcome()

    def test_allowed(self):
        daemon = self.start(prefix=self.prefix)
        for name, words in ALLOWED.items():
            with self.subTest(name):
                self.assertEqual(self.ask(daemon, words), "REJECT")
        for options, audit in (((), "journal"), ((), "syslog")):
            with self.subTest(audit=audit):
                daemon.stop()
                daemon = self.start(*options, prefix=self.prefix, audit=audit)
                self.assertEqual(self.ask(daemon, ("connect", -1)), "REJECT")

    def test_they_do_no_harm(self):
        daemon = self.start("--sandbox", "off", prefix=self.prefix)
        for name, words in FORBIDDEN.items():
            with self.subTest(name):
                self.assertEqual(self.ask(daemon, words), "REJECT")

    def test_forbidden(self):
        for name, words in FORBIDDEN.items():
            with self.subTest(name):
                self.check_end(words, "file:" + self.scratch.join("audit"))
        with self.subTest("no audit file"):
            self.check_end(ALLOWED["openat append"], "none")

    def check_end(self, words, audit):
        daemon = self.start(prefix=self.prefix, audit=audit)
        outcome = self.ask(daemon, words)
        if outcome != "closed":
            daemon.kill()
        self.assertEqual(outcome, "closed")
        status = daemon.process.wait(20)
        daemon.process = None
        self.assertEqual(status, -signal.SIGSYS, daemon.said())


class Messages(SandboxCase):
    """What libc and GLib do for a message, at its first time."""

    def test_conversion(self):
        for variable in ("CHARSET=KOI8-R", "GCONV_PATH=/nonexistent", "LC_ALL=C"):
            with self.subTest(variable):
                daemon = self.start(prefix=("env", variable))
                os.unlink(daemon.rules)
                self.check_reload("No such file")
                os.symlink("test.rules", daemon.rules)
                self.check_reload("Too many levels of symbolic links")
                os.unlink(daemon.rules)
                self.check_reload("No such file")
                daemon.stop()

    def check_reload(self, text):
        said = self.control.policyctl("reload")
        self.assertEqual(said.returncode, 2, said)
        self.assertIn(text, said.stderr)


def load_tests(loader, tests, _):
    for test in AGAIN if PLAIN else ():
        tests.addTest(
            test if isinstance(test, unittest.TestCase) else loader.loadTestsFromTestCase(test)
        )
    return tests


def setUpModule():
    if not PLAIN:
        raise unittest.SkipTest("no policyd without sanitizers")


if __name__ == "__main__":
    unittest.main()
