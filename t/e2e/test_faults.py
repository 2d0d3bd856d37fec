"""Faults: each system call of a request's path fails in turn, as t/faults/faults.c has it. No
crash, no wrong answer, no audit line lost that was promised, no spin; and a daemon that dies, of
want of memory too, costs a client no more than a retry."""

import contextlib
import errno
import os
import re
import resource
import signal
import socket
import subprocess
import threading
import time
import unittest
from unittest import mock

import lib_audit
from lib_case import ScratchCase
from lib_control import Control
from lib_faults import FOREVER, SHORT, Asker, FaultyPolicyd, Faults, error_name
from lib_policyd import Client, Closed, Policyd, block, plain_program
from test_failures import Plain

TURNS = 12
CPU_SECONDS = 2  # of some 100 requests, with sanitizers on a busy machine
REST_SECONDS = 0.3

# Call, errno: each third such call fails, and nobody notices.
UNNOTICED = [
    ("recv", errno.EINTR),
    ("recv", errno.EAGAIN),
    ("recv", SHORT),
    ("send", errno.EINTR),
    ("send", errno.EAGAIN),
    ("send", SHORT),
    ("epoll_wait", errno.EINTR),
    ("poll", errno.EINTR),
    ("accept4", errno.EINTR),
    ("accept4", errno.EAGAIN),
    ("accept4", errno.ECONNABORTED),
    ("accept4", errno.EPROTO),
    ("write", errno.EINTR),
    ("write", SHORT),
]

# Call, errno, what is said: the connection is closed without a reply, and the client tries again.
CLOSED = [
    ("recv", errno.ECONNRESET, "cannot receive: Connection reset by peer; closed"),
    ("recv", errno.ENOMEM, "cannot receive: Cannot allocate memory; closed"),
    ("recv", errno.EIO, "cannot receive: Input/output error; closed"),
    ("recv", errno.ETIMEDOUT, "cannot receive: Connection timed out; closed"),
    ("send", errno.EPIPE, "a reply was not sent: Broken pipe; closed"),
    ("send", errno.ECONNRESET, "a reply was not sent: Connection reset by peer; closed"),
    ("send", errno.ENOMEM, "a reply was not sent: Cannot allocate memory; closed"),
    ("send", errno.ENOBUFS, "a reply was not sent: No buffer space available; closed"),
    ("epoll_ctl mod", errno.ENOMEM, "cannot wait for it: Cannot allocate memory; closed"),
    ("epoll_ctl add", errno.ENOMEM, "no new connections for now, .*: Cannot allocate memory;"),
    ("epoll_ctl add", errno.ENOSPC, "no new connections for now, .*: No space left on device;"),
]

# errno: the decision is answered, its line is lost, which is said and counted.
LOST = [errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EFBIG, errno.EAGAIN, errno.EPIPE]

# errno of every accept4() for a while: who is connected is served, who comes waits. Nothing spins.
NO_ROOM = [
    errno.EMFILE,
    errno.ENFILE,
    errno.ENOMEM,
    errno.ENOBUFS,
    errno.EACCES,
    errno.EPERM,
    errno.EIO,
]

# Call, errno, while a log that was moved away is opened anew.
ROTATION = [
    ("open", errno.EINTR),
    ("open", errno.EMFILE),
    ("open", errno.ENFILE),
    ("open", errno.ENOMEM),
    ("open", errno.ENOSPC),
    ("open", errno.EACCES),
    ("open", errno.EIO),
    ("stat", errno.EIO),
    ("fstat", errno.EIO),
    ("pread", errno.EINTR),
    ("pread", errno.EIO),
    ("write", errno.ENOSPC),
    ("eventfd_write", errno.EAGAIN),
]

# errno of sendmmsg() to the journal; is the line lost?
JOURNAL = [
    (errno.EINTR, False),
    (SHORT, False),
    (errno.EAGAIN, True),
    (errno.ENOBUFS, True),
    (errno.EMSGSIZE, True),
    (errno.ENOMEM, True),
    (errno.ECONNREFUSED, True),
]


class FaultCase(ScratchCase):
    def setUp(self):
        super().setUp()
        self.faults = Faults(self.scratch)
        self.control = Control(self.scratch)
        self.logs = []

    def start(self, prefix=(), target=None):
        options = self.control.options("--workers", "2", "--request-timeout", "5")
        self.daemon = FaultyPolicyd(self.scratch, options=options)
        self.daemon.prefix = (*prefix, *self.faults.prefix())
        self.daemon.target = target
        self.addCleanup(lambda: self.daemon.process and self.daemon.stop())
        self.addCleanup(self.faults.stop)
        self.daemon.start()
        self.logs = [self.daemon.audit]

    @contextlib.contextmanager
    def row(self, call, error):
        with self.subTest(call, error=error_name(error)):
            try:
                yield
            finally:
                self.faults.stop()

    def counted(self):
        """(decisions, lines lost)"""
        text = self.control.ask("status")[1]
        decisions = sum(map(int, re.findall(r"^decisions \w+ (\d+)$", text, re.MULTILINE)))
        return decisions, int(re.search(r"^audit (\d+) ", text, re.MULTILINE)[1])

    def entries(self):
        return [entry for path in self.logs for entry in lib_audit.read(path)]

    def through(self, name, call, error, every=3, most=FOREVER):
        """An Asker that went through the fault, how many calls failed, and what was said."""
        asker = Asker(self.daemon.path, name)
        self.addCleanup(asker.close)
        asker.turn(0)
        said = len(self.daemon.said())
        before = self.daemon.cpu_seconds()
        self.faults.start(call, error, every, most)
        asker.turns(TURNS)
        failed = self.faults.stop()
        self.assertLess(self.daemon.cpu_seconds() - before, CPU_SECONDS, "it spins")
        asker.turn(0)
        asker.close()
        self.assertGreater(failed, 0, "no call failed")
        return asker, failed, self.daemon.said()[said:]

    def check_audit(self, *askers, lost=None):
        """Every decision has its line, or is among the lost, and so has every reply."""
        entries = self.entries()
        instances = [entry["instance"].decode() for entry in entries]
        self.assertEqual(len(instances), len(set(instances)), "a line is there twice")
        decisions, counted = self.counted()
        self.assertEqual(decisions, len(entries) + counted)
        answered = set().union(*(asker.answered for asker in askers))
        self.assertLessEqual(len(answered - set(instances)), counted)
        if lost is not None:
            self.assertEqual(counted, lost)


class Requests(FaultCase):
    def setUp(self):
        super().setUp()
        self.start()

    def test_unnoticed(self):
        askers = []
        for call, error in UNNOTICED:
            with self.row(call, error):
                asker, _, said = self.through(f"{call}.{error}".replace(" ", "_"), call, error)
                self.assertEqual((asker.closed, said), (0, ""))
                askers.append(asker)
        self.check_audit(*askers, lost=0)

    def test_closed(self):
        askers = []
        for call, error, pattern in CLOSED:
            with self.row(call, error):
                name = f"{call}.{error}".replace(" ", "_")
                # After the one accepting pauses; the other is called for parts of requests alone.
                most = 3 if call == "epoll_ctl add" else FOREVER
                every = 2 if call == "epoll_ctl mod" else 5
                asker, failed, said = self.through(name, call, error, every, most)
                self.assertRegex(said, pattern)
                self.assertGreater(asker.closed, 0)
                self.assertLessEqual(asker.closed, failed)
                askers.append(asker)
        self.check_audit(*askers, lost=0)

    def test_lost(self):
        askers = []
        lost = 0
        for error in LOST:
            with self.row("write", error):
                asker, failed, said = self.through(f"write.{error}", "write", error)
                self.assertEqual(asker.closed, 0)
                askers.append(asker)
                now = self.counted()[1]
                self.assertGreaterEqual(now - lost, failed)
                lost = now
                if len(askers) == 1:  # the others follow too soon to be another loss
                    self.assertIn(f": {os.strerror(error)}; decisions go on, their lines", said)
        self.check_audit(*askers)

    def test_no_room(self):
        for error in NO_ROOM:
            with self.row("accept4", error), self.daemon.client() as kept:
                self.assertEqual(kept.ask(), "DUNNO")
                self.faults.start("accept4", error)
                said = len(self.daemon.said())
                before = self.daemon.cpu_seconds()
                with self.daemon.client() as comer:
                    comer.send(block())
                    comer.socket.settimeout(REST_SECONDS)
                    self.assertEqual(comer.outcome(), "nothing")
                    self.assertLess(self.daemon.cpu_seconds() - before, 0.1, "it spins")
                    self.assertEqual(kept.ask(), "DUNNO")
                    self.assertGreater(self.faults.stop(), 0)
                    comer.socket.settimeout(10)
                    self.assertEqual(comer.receive(), "DUNNO")
                pattern = f"no new connections for now, .*: {os.strerror(error)};"
                self.assertEqual(len(re.findall(pattern, self.daemon.said()[said:])), 1)


class Rotation(FaultCase):
    def setUp(self):
        super().setUp()
        self.start()

    def reload(self):
        return self.control.ask("reload")[0]

    def swap(self):
        """The log is moved away, and another that was there before is put in its place."""
        os.rename(self.daemon.audit, self.scratch.join("moving"))
        os.rename(self.scratch.join("held"), self.daemon.audit)
        os.rename(self.scratch.join("moving"), self.scratch.join("held"))

    def test_rotation(self):
        asker = Asker(self.daemon.path, "rotation")
        self.addCleanup(asker.close)
        asker.turn(0)
        os.rename(self.daemon.audit, self.scratch.join("held"))
        self.assertEqual(self.reload(), 0)
        asker.turn(0)
        self.logs.append(self.scratch.join("held"))
        for call, error in ROTATION:
            with self.row(call, error):
                self.swap()
                self.faults.start(call, error, most=1)
                self.reload()
                asker.turn(1)
                self.assertEqual(self.faults.stop(), 1, "no call failed")
                self.assertEqual(self.reload(), 0)
                asker.turn(2)
                last = lib_audit.read(self.daemon.audit)[-1]["instance"].decode()
                self.assertEqual(last, f"rotation.{asker.sent}", "it writes to the old one")
        lost = self.counted()[1]
        self.assertLess(lost, 10, "only what was written when the disk was full")
        self.assertEqual(asker.closed, 0)
        self.check_audit(asker)

    def test_new_rules_though_nobody_is_woken(self):
        with self.daemon.client() as client:
            self.assertEqual(client.ask(instance="old"), "DUNNO")
            self.scratch.write("test.rules", 'reject "5.7.1 Closed"\n')
            self.faults.start("eventfd_write", errno.EAGAIN, most=2)
            self.assertEqual(self.reload(), 0)
            self.assertEqual(self.faults.stop(), 2)
            self.assertEqual(client.ask(instance="new"), "REJECT 5.7.1 Closed")


class Journal(FaultCase):
    """The journal is the test; it stands in a name space of mounts."""

    def setUp(self):
        super().setUp()
        path, command = self.within_journal()
        self.journal = self.scratch.hold(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        self.journal.bind(path)
        self.journal.setblocking(False)
        self.start(command, "journal")

    def received(self):
        """How many lines there are."""
        for count in range(FOREVER):
            try:
                message = self.journal.recv(1 << 18).decode("ascii")
            except BlockingIOError:
                return count
            fields = dict(line.split("=", 1) for line in message.splitlines())
            lib_audit.parse_line(fields["MESSAGE"].encode())

    def ask(self, client, count):
        """Answers how many lines were received."""
        client.send(block() * count)
        self.assertEqual([client.receive() for _ in range(count)], ["DUNNO"] * count)
        return self.received()

    def await_journal(self, client):
        """Once it is connected: it waits a second between attempts."""
        deadline = time.monotonic() + 10
        while self.ask(client, 1) == 0:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.1)

    def test_journal(self):
        with self.daemon.client() as client:
            for error, loses in JOURNAL:
                with self.row("sendmmsg", error):
                    self.await_journal(client)
                    self.check(client, error, loses)

    def check(self, client, error, loses):
        before = self.counted()[1]
        self.faults.start("sendmmsg", error, every=3)
        received = sum(self.ask(client, 3) for _ in range(10))
        self.assertGreater(self.faults.stop(), 0, "no call failed")
        lost = self.counted()[1] - before
        self.assertEqual(received + lost, 30)
        self.assertEqual(lost > 0, loses)


class Handed(Policyd):
    """On a socket that the test listens on and hands over, as a service manager does. One that
    dies is started anew at once. `program` is another one than the usual."""

    HAND_OVER = 'exec 3<&0 </dev/null; LISTEN_PID=$$ LISTEN_FDS=1 exec "$@"'

    def __init__(self, scratch, program=None, **options):
        super().__init__(scratch, **options)
        self.program = program
        self.socket = scratch.hold(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
        self.socket.bind(self.path)
        self.socket.listen(128)
        self.ends = []
        self.ending = False
        self.loop = threading.Thread(target=self.restart, daemon=True)

    def arguments(self):
        words = super().arguments()
        at = words.index("--listen")
        del words[at : at + 2]
        return ["sh", "-c", self.HAND_OVER, "sh", self.program or words[0], *words[1:]]

    def spawn(self):
        with open(self.stderr, "ab") as stderr:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *self.arguments()],
                stdin=self.socket,
                stdout=stderr,
                stderr=stderr,
            )

    def restart(self):
        while True:
            self.ends.append(self.process.wait())
            if self.ending:
                return
            self.spawn()

    def run(self):
        self.spawn()
        self.loop.start()

    def end(self):
        self.ending = True
        self.process.terminate()
        self.loop.join(20)


class Dying(ScratchCase):
    """What ends a daemon, and that it costs whoever asks one retry at most."""

    def ask(self, client, number):
        """The connection that it was answered on, and how often it was tried before."""
        for tries in range(3):
            client = client or Client(self.daemon.path)
            try:
                self.assertEqual(client.ask(instance=f"n{number}"), "DUNNO")
                return client, tries
            except (Closed, BrokenPipeError, ConnectionResetError):
                client.close()
                client = None
        raise AssertionError("more than a retry")

    def run_daemon(self, program=None, options=()):
        self.daemon = Handed(self.scratch, program, options=options)
        self.addCleanup(self.daemon.end)
        self.daemon.run()

    def check_retries(self, kill, rounds):
        client = None
        number = 0
        for turn in range(rounds):
            for _ in range(20):
                client, _ = self.ask(client, number)
                number += 1
            dead = len(self.daemon.ends)
            kill()
            tries = []
            deadline = time.monotonic() + 20
            while len(self.daemon.ends) == dead or not any(tries):
                self.assertLess(time.monotonic(), deadline, "it does not die")
                client, tried = self.ask(client, number)
                tries.append(tried)
                number += 1
            self.assertEqual(sum(tries), 1, f"turn {turn}")
        client.close()
        logged = [entry["instance"].decode() for entry in self.daemon.entries()]
        self.assertLessEqual({f"n{at}" for at in range(number)}, set(logged))

    def test_killed(self):
        self.run_daemon()
        for number in (signal.SIGKILL, signal.SIGSYS, signal.SIGTERM):
            with self.subTest(number.name):
                self.check_retries(lambda: self.daemon.process.send_signal(number), 2)

    @unittest.skipUnless(plain_program(), "no policyd without sanitizers")
    def test_out_of_memory(self):
        """GLib ends a process that gets no memory."""
        with mock.patch.dict(os.environ, MALLOC_ARENA_MAX="1"):  # none is kept for a thread
            self.run_daemon(plain_program(), ["--workers", "1"])

        def exhaust():
            resource.prlimit(self.daemon.process.pid, resource.RLIMIT_AS, (1 << 20, 1 << 30))
            try:
                for _ in range(100):  # what is unfinished takes a buffer
                    client = self.daemon.client()
                    self.addCleanup(client.close)
                    client.send(block(helo_name="h" * 60000)[:50000])
            except (BrokenPipeError, ConnectionResetError):
                pass

        self.check_retries(exhaust, 1)
        self.assertIn(self.daemon.ends[0], (-signal.SIGTRAP, -signal.SIGABRT))
        self.assertRegex(self.daemon.said(), "failed to allocate")


@unittest.skipUnless(plain_program(), "no policyd without sanitizers")
class TooLarge(ScratchCase):
    """A file one byte past its limit is refused as such, not for want of memory, and the rules
    before it serve on."""

    MEMORY = 512 << 20
    TABLE = [("test.rules", 16 << 20), ("list", 256 << 20)]
    RULES = 'domains local = local.example, file "list"\ndunno if recipient in local\nreject\n'

    def test_reload(self):
        control = Control(self.scratch)
        self.scratch.write("list", "a.example\n")
        daemon = Plain(
            self.scratch,
            self.RULES,
            options=control.options("--workers", "1"),
            limits=[f"--as={self.MEMORY}", "--core=0"],
        )
        self.addCleanup(lambda: daemon.process and daemon.stop())
        daemon.start()
        for name, limit in self.TABLE:
            with self.subTest(name), daemon.client() as client:
                path = self.scratch.join(name)
                os.rename(path, path + ".good")
                self.scratch.write(name, "")
                os.truncate(path, limit + 1)
                status, text = control.ask("reload")
                self.assertEqual(status, 2)
                self.assertIn(f"it is over {limit >> 20} MiB long", text)
                self.assertEqual(client.ask(), "DUNNO")
                self.assertEqual(client.ask(recipient="user@c.example"), "REJECT")
                os.rename(path + ".good", path)
                self.assertEqual(control.ask("reload")[0], 0)


if __name__ == "__main__":
    unittest.main()
