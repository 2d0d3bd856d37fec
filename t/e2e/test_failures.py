"""Failures of the bare machine: no room on the disk, no folder for the log, no descriptors, no
memory, no journal, a clock that is set back. Decisions go on, what is lost is counted, and it ends
by itself."""

import datetime
import errno
import glob
import os
import re
import shutil
import socket
import subprocess
import time
import unittest

import lib_audit
from lib_case import ScratchCase
from lib_load import Load
from lib_policyd import DENIED, Policyd, block, plain_program, program

NOBODY = 65534
TOLD = re.compile(r"written again; (\d+) lines were lost, the first of (\S+), the last of (\S+)\n")


def told_losses(daemon):
    """(lines, time of the first, time of the last) of each loss that is over."""
    parse = datetime.datetime.fromisoformat
    return [(int(n), parse(first), parse(last)) for n, first, last in TOLD.findall(daemon.said())]


class FailureCase(ScratchCase):
    def await_said(self, daemon, pattern, seconds=10):
        deadline = time.monotonic() + seconds
        while not re.search(pattern, daemon.said()):
            self.assertLess(time.monotonic(), deadline, f"no '{pattern}' in\n{daemon.said()}")
            time.sleep(0.02)

    def assert_rests(self, daemon):
        before = daemon.cpu_seconds()
        time.sleep(1.5)
        self.assertLess(daemon.cpu_seconds() - before, 0.1, "it spins")


class FullDisk(FailureCase):
    """A small disk of its own, which a file beside the log fills and frees."""

    def mount(self, size):
        disk = self.scratch.join("disk")
        os.mkdir(disk)
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={size}", "policyd-test", disk],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            self.skipTest(f"a tmpfs can't be mounted here: {done.stderr.strip()}")
        self.scratch.at_end(["umount", "--lazy", disk])
        return disk

    def start(self, size, options=()):
        daemon = Policyd(self.scratch, options=options)
        daemon.audit = os.path.join(self.mount(size), "audit")
        self.addCleanup(lambda: daemon.process and daemon.stop())
        return daemon.start()

    def fill(self, daemon, left):
        """Leaves room for `left` bytes."""
        status = os.statvfs(os.path.dirname(daemon.audit))
        try:
            with open(daemon.audit + ".filler", "wb") as file:
                file.write(bytes(max(status.f_bavail * status.f_frsize - left, 1)))
        except OSError as error:  # under load the log has taken what was left
            self.assertEqual(error.errno, errno.ENOSPC)

    def free(self, daemon):
        os.unlink(daemon.audit + ".filler")

    def test_what_is_lost_and_when(self):
        daemon = self.start("256k")
        asked = []  # (instance, time before, time after)
        with daemon.client() as client:
            for turn in range(2):
                self.fill(daemon, 8192)
                for number in range(100):
                    before = datetime.datetime.now().astimezone()
                    instance = f"{turn}.{number}"
                    self.assertEqual(client.ask(instance=instance), "DUNNO")
                    asked.append((instance, before, datetime.datetime.now().astimezone()))
                self.free(daemon)
                time.sleep(1.1)
                self.assertEqual(client.ask(instance=f"{turn}.after"), "DUNNO")
        logged = [entry["instance"].decode() for entry in daemon.entries()]
        self.assertEqual(len(logged), len(set(logged)))
        losses = told_losses(daemon)
        self.assertEqual(len(losses), 2, daemon.said())
        self.assertEqual(len(re.findall("No space left on device", daemon.said())), 2)
        for turn, (lines, first, last) in enumerate(losses):
            self.assertIn(f"{turn}.after", logged)
            lost = [row for row in asked[100 * turn :][:100] if row[0] not in logged]
            self.assertGreater(len(lost), 10)
            self.assertEqual(lines, len(lost))
            for at, (instance, before, after) in ((first, lost[0]), (last, lost[-1])):
                with self.subTest(instance=instance):
                    self.assertLessEqual(before - datetime.timedelta(milliseconds=1), at)
                    self.assertLessEqual(at, after)

    def test_under_load(self):
        daemon = self.start("64m", options=["--workers", "3"])
        load = Load(daemon.path, "full", 5, clients=3).start()
        time.sleep(0.2)
        self.fill(daemon, 50000)
        self.await_said(daemon, "No space left on device")
        before = load.count()
        time.sleep(0.3)
        self.assertGreater(load.count(), before + 10, "decisions don't go on")
        self.free(daemon)
        time.sleep(0.1)
        load.stop()
        time.sleep(1.1)
        with daemon.client() as client:
            self.assertEqual(client.ask(instance="after", policy_context="last"), "DUNNO")
        entries = daemon.entries()
        logged = {entry["instance"].decode() for entry in entries if "policy_context" in entry}
        self.assertEqual(len(logged), len(entries), "a line is torn, or there twice")
        logged.remove("after")
        self.assertLessEqual(logged, set(load.answered()))
        lost = sum(lines for lines, _, _ in told_losses(daemon))
        self.assertEqual(lost, len(load.answered()) - len(logged), daemon.said())


class NoFolder(FailureCase):
    def start(self, options=()):
        folder = self.scratch.join("log")
        os.mkdir(folder)
        os.chown(folder, NOBODY, NOBODY)
        daemon = Policyd(self.scratch, options=options)
        daemon.audit = os.path.join(folder, "audit")
        self.addCleanup(lambda: daemon.process and daemon.stop())
        return daemon.start(), folder

    def test_moved_away(self):
        """The open file is written to, wherever it is; then there is a new one."""
        daemon, folder = self.start(["--workers", "3"])
        load = Load(daemon.path, "moved", 6, clients=3).start()
        time.sleep(0.3)
        os.rename(folder, folder + ".old")
        self.await_said(daemon, "moved away")
        time.sleep(2)
        os.mkdir(folder)
        self.await_said(daemon, "opened anew")
        time.sleep(0.3)
        load.stop()
        entries = lib_audit.read(folder + ".old/audit") + daemon.entries()
        logged = [entry["instance"].decode() for entry in entries]
        self.assertEqual(len(logged), len(set(logged)))
        self.assertEqual(set(logged), set(load.answered()))
        self.assertEqual(len(re.findall("moved away, and there is no", daemon.said())), 1)
        self.assertNotIn("lost", daemon.said())

    def test_removed(self):
        """Lines to a file that has no name any more are lost, and counted."""
        daemon, folder = self.start()
        with daemon.client() as client:
            self.assertEqual(client.ask(instance="before"), "DUNNO")
            shutil.rmtree(folder)
            time.sleep(1)
            for number in range(50):
                self.assertEqual(client.ask(instance=f"lost{number}"), "DUNNO")
            os.mkdir(folder)
            time.sleep(1.1)
            self.assertEqual(client.ask(instance="after"), "DUNNO")
            self.assertEqual([entry["instance"] for entry in daemon.entries()], [b"after"])
        self.assertEqual([lines for lines, _, _ in told_losses(daemon)], [50], daemon.said())
        self.assertEqual(len(re.findall("policyd: error: ", daemon.said())), 2, daemon.said())

    def test_not_ours(self):
        """After the change of user; a file made by another, who may write there, is taken."""
        daemon, folder = self.start(["--user", "nobody"])
        with daemon.client() as client:
            client.ask(instance="before")
            os.chown(folder, 0, 0)
            os.rename(daemon.audit, daemon.audit + ".1")
            time.sleep(1)
            client.ask(instance="between")
            self.assertRegex(daemon.said(), "moved away, and .* no new one: .*Permission denied")
            self.assertFalse(os.path.exists(daemon.audit))
            with open(daemon.audit, "wb"):
                os.chown(daemon.audit, NOBODY, NOBODY)
            time.sleep(1)
            client.ask(instance="after")
        old = lib_audit.read(daemon.audit + ".1")
        self.assertEqual([entry["instance"] for entry in old], [b"before", b"between"])
        self.assertEqual([entry["instance"] for entry in daemon.entries()], [b"after"])


class NoDescriptors(FailureCase):
    CLIENTS = 200

    def test_those_connected_are_served_and_the_rest_waits(self):
        daemon = self.policyd(options=["--workers", "2"], limits=["--nofile=64:64"])
        clients = []
        for number in range(self.CLIENTS):
            clients.append(daemon.client())
            self.addCleanup(clients[-1].close)
            clients[-1].send(block(instance=f"0.{number}"))
        self.assert_rests(daemon)
        served = [client for client in clients if self.has_reply(client)]
        self.assertGreater(len(served), 10)
        self.assertLess(len(served), 64)
        for turn in range(1, 20):
            for client in served:
                self.assertEqual(client.receive(), "DUNNO", f"turn {turn}")
                client.send(block(instance=f"{turn}"))
        self.assert_rests(daemon)
        self.assertEqual(sum(map(self.has_reply, clients)), len(served), "others are served too")
        self.assertEqual(len(re.findall("no new connections", daemon.said())), 1, daemon.said())
        for client in served:
            self.assertEqual(client.receive(), "DUNNO")
            client.close()
        for client in clients:
            if client not in served:
                self.assertEqual(client.receive(), "DUNNO")
                client.close()
        self.assertEqual(len(daemon.entries()), self.CLIENTS + 19 * len(served))
        with daemon.client() as client:
            self.assertEqual(client.ask(), "DUNNO")

    def has_reply(self, client):
        client.socket.setblocking(False)
        try:
            return bool(client.socket.recv(1, socket.MSG_PEEK))
        except BlockingIOError:
            return False
        finally:
            client.socket.settimeout(20)


class Plain(Policyd):
    """A daemon without sanitizers; `prefix` is put before its command."""

    prefix = ()

    def arguments(self):
        return [*self.prefix, plain_program(), *super().arguments()[1:]]


@unittest.skipUnless(plain_program(), "no policyd without sanitizers")
class NoMemory(FailureCase):
    """With any limit of its memory the daemon either does not begin to serve, and says why, or
    serves all."""

    ENTRIES = 200000

    def test_limits(self):
        names = "\n".join(f"d{number}.example" for number in range(self.ENTRIES))
        self.scratch.write("names", names + "\n")
        rules = 'domains local = local.example, file "names"\ndunno if recipient in local\nreject\n'
        outcomes = [self.attempt(rules, megabytes) for megabytes in range(10, 400, 13)]
        self.assertEqual(outcomes[0], "refused")
        self.assertEqual(outcomes[-1], "serves")

    def attempt(self, rules, megabytes):
        with self.subTest(megabytes=megabytes):
            daemon = Plain(
                self.scratch,
                rules,
                options=["--workers", "2"],
                limits=[f"--as={megabytes << 20}", "--core=0"],
            )
            if os.path.exists(daemon.stderr):
                os.unlink(daemon.stderr)
            try:
                daemon.start()
            except AssertionError:
                self.assertNotIn("listening on", daemon.said())
                self.assertRegex(daemon.said(), "memory|allocat|failed to map|Resource temp")
                return "refused"
            clients = [daemon.client() for _ in range(50)]
            for number, client in enumerate(clients):
                self.addCleanup(client.close)
                recipient = f"user@d{number * 3999}.example"
                self.assertEqual(client.ask(recipient=recipient), "DUNNO")
                self.assertEqual(client.ask(recipient="user@d.example"), "REJECT")
            daemon.stop()
            return "serves"
        return "failed"


class NoJournal(FailureCase):
    """A journal that is away, full, and there; it stands in a name space of mounts."""

    def test_journal(self):
        path, command = self.within_journal()
        daemon = Policyd(self.scratch, options=["--audit", "journal"])
        arguments = daemon.arguments()
        daemon.arguments = lambda: [*command, *arguments]
        daemon.start()
        self.addCleanup(lambda: daemon.process and daemon.stop())
        self.converse(daemon, path)

    def converse(self, daemon, path):
        with daemon.client() as client, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as journal:
            for number in range(20):
                self.assertEqual(client.ask(instance=f"away{number}"), "DUNNO")
            journal.bind(path)
            journal.setblocking(False)
            time.sleep(1.1)
            self.assertEqual(client.ask(recipient="user@c.example", instance="there"), DENIED)
            fields = self.receive(journal)
            self.assertEqual(fields["PRIORITY"], "6")
            self.assertEqual(fields["SYSLOG_FACILITY"], "2")
            self.assertEqual(fields["SYSLOG_IDENTIFIER"], "policyd")
            entry = lib_audit.parse_line(fields["MESSAGE"].encode())
            self.assertEqual(entry["instance"], b"there")
            self.assertEqual(fields["POLICYD_DECISION"], DENIED)
            self.assertEqual(fields["POLICYD_RULE"], entry["rule"].decode())
            started = time.monotonic()
            for number in range(2000):
                self.assertEqual(client.ask(instance=f"full{number}"), "DUNNO")
            self.assertLess(time.monotonic() - started, 15, "it waits for the journal")
            received = 0
            while fields := self.receive(journal):
                self.assertIn(f'instance="full{received}"', fields["MESSAGE"])
                received += 1
            time.sleep(1.1)
            self.assertEqual(client.ask(instance="after"), "DUNNO")
            self.assertIn('instance="after"', self.receive(journal)["MESSAGE"])
        losses = [lines for lines, _, _ in told_losses(daemon)]
        self.assertEqual(losses, [20, 2000 - received], daemon.said())

    def receive(self, journal):
        try:
            data = journal.recv(1 << 18).decode("ascii")
        except BlockingIOError:
            return None
        self.assertEqual(data[-1], "\n")
        return dict(line.split("=", 1) for line in data.splitlines())


FAKETIME = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")


@unittest.skipUnless(FAKETIME, "no libfaketime")
@unittest.skipUnless(plain_program(), "no policyd without sanitizers")
class Clock(FailureCase):
    """The wall clock is what the log shows, and nothing else goes by it."""

    def set_clock(self, offset):
        self.scratch.write("clock.new", f"{offset:+d}\n")
        os.rename(self.scratch.join("clock.new"), self.scratch.join("clock"))

    def start(self):
        self.set_clock(0)
        daemon = Plain(self.scratch, options=["--request-timeout", "2", "--max-connections", "2"])
        daemon.prefix = (
            "env",
            "LD_PRELOAD=" + FAKETIME[0],
            "FAKETIME_TIMESTAMP_FILE=" + self.scratch.join("clock"),
            "FAKETIME_NO_CACHE=1",
            "FAKETIME_DONT_FAKE_MONOTONIC=1",
        )
        self.addCleanup(lambda: daemon.process and daemon.stop())
        return daemon.start()

    def logged_at(self, daemon, instance):
        text = daemon.entry(instance)["time"].decode()
        return datetime.datetime.fromisoformat(text).timestamp() - time.time()

    def test_steps(self):
        daemon = self.start()
        for offset in (-3600, 86400, -7 * 86400, 0):
            with self.subTest(offset=offset):
                self.step(daemon, offset)

    def step(self, daemon, offset):
        with daemon.client() as client, daemon.client() as slow:
            client.ask(instance=f"before{offset}")
            slow.send(block()[:100])
            started = time.monotonic()
            self.set_clock(offset)
            for number in range(100):
                self.assertEqual(client.ask(instance=f"{offset}.{number}"), "DUNNO")
            self.assertLess(time.monotonic() - started, 1.5, "it hangs")
            self.assertAlmostEqual(self.logged_at(daemon, f"{offset}.99"), offset, delta=10)
            with daemon.client() as third:  # waits for a place, until `slow` has lost its own
                third.send(block(instance=f"third{offset}"))
                self.assertEqual(slow.outcome(), "closed")
                self.assertAlmostEqual(time.monotonic() - started, 2, delta=1)
                self.assertEqual(third.receive(), "DUNNO")
            os.rename(daemon.audit, f"{daemon.audit}.{offset}")
            time.sleep(1)
            client.ask(instance=f"after{offset}")
        self.assertEqual(len(daemon.entries()), 1)
        self.assertAlmostEqual(self.logged_at(daemon, f"after{offset}"), offset, delta=10)


if __name__ == "__main__":
    unittest.main()
