"""Systemd: what the daemon tells a service manager, and the sockets that it takes from one. The
manager is a stand-in: a datagram socket that keeps what it is sent, and systemd-socket-activate."""

import os
import signal
import socket
import subprocess
import time
import unittest
from unittest import mock

from lib_case import ScratchCase
from lib_policyd import DENIED, RULES, Client, Policyd, program

SECONDS = 20
GOOD_STATUS = r"3 rules, ruleset [0-9a-f]{8}, 2 workers"
FAILED_STATUS = GOOD_STATUS + "; the last reload failed, and the rules before it serve"
WORKERS = ("--workers", "2", "--control", "none")


class Manager:
    """Receives notifications; a message is a dictionary."""

    def __init__(self, scratch):
        self.path = scratch.join("notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.settimeout(SECONDS)
        self.socket.bind(self.path)

    def close(self):
        self.socket.close()

    def receive(self):
        text = self.socket.recv(65536).decode("utf-8")
        return dict(line.split("=", 1) for line in text.splitlines())

    def until(self, key):
        """What is sent up to the first message with the key, and that one last."""
        messages = [self.receive()]
        while key not in messages[-1]:
            messages.append(self.receive())
        return messages


class ManagerCase(ScratchCase):
    def setUp(self):
        super().setUp()
        self.manager = Manager(self.scratch)
        self.addCleanup(self.manager.close)

    def managed(self, daemon, **variables):
        """Started under the stand-in, with these variables besides NOTIFY_SOCKET."""
        with mock.patch.dict(os.environ, NOTIFY_SOCKET=self.manager.path, **variables):
            daemon.start()
        self.addCleanup(lambda: daemon.process and daemon.stop())
        return daemon


class Telling(ManagerCase):
    def rewrite(self, daemon, rules):
        with open(daemon.rules, "w", encoding="utf-8") as file:
            file.write(rules)

    def reload(self, daemon, rules):
        """The two messages of a reload."""
        before = time.monotonic_ns() // 1000
        self.rewrite(daemon, rules)
        daemon.process.send_signal(signal.SIGHUP)
        reloading, ready = self.manager.receive(), self.manager.receive()
        self.assertEqual(reloading["RELOADING"], "1")
        self.assertNotIn("READY", reloading)
        self.assertLessEqual(before, int(reloading["MONOTONIC_USEC"]))
        self.assertLessEqual(int(reloading["MONOTONIC_USEC"]), time.monotonic_ns() // 1000)
        self.assertEqual(ready["READY"], "1")
        return ready["STATUS"]

    def test_start_reload_stop(self):
        daemon = self.managed(Policyd(self.scratch, options=WORKERS))
        start = self.manager.receive()
        self.assertEqual(start.keys(), {"READY", "STATUS"})
        self.assertEqual(start["READY"], "1")
        self.assertRegex(start["STATUS"], f"^{GOOD_STATUS}$")

        self.assertRegex(self.reload(daemon, "rejekt\n"), f"^{FAILED_STATUS}$")
        self.assertRegex(self.reload(daemon, RULES), f"^{GOOD_STATUS}$")
        status = self.reload(daemon, "reject if sender\n" + RULES)
        self.assertTrue(status.startswith("4 rules, "), status)

        daemon.stop()
        self.assertEqual(self.manager.receive()["STOPPING"], "1")

    def test_ready_is_served(self):
        daemon = Policyd(self.scratch, options=WORKERS)
        with mock.patch.dict(os.environ, NOTIFY_SOCKET=self.manager.path):
            daemon.spawn()
        self.addCleanup(lambda: daemon.process and daemon.stop())
        self.manager.until("READY")
        with Client(daemon.path) as client:
            self.assertEqual(client.ask(), "DUNNO")

    def test_no_start_no_ready(self):
        daemon = Policyd(self.scratch, "rejekt\n", options=WORKERS)
        with mock.patch.dict(os.environ, NOTIFY_SOCKET=self.manager.path):
            daemon.spawn()
        self.assertEqual(daemon.wait(), 2)
        self.manager.socket.setblocking(False)
        with self.assertRaises(BlockingIOError):
            self.manager.receive()

    def test_dry_run(self):
        self.managed(Policyd(self.scratch, options=[*WORKERS, "--dry-run"]))
        self.assertRegex(self.manager.receive()["STATUS"], f"^{GOOD_STATUS}; dry run$")

    def test_manager_that_is_gone(self):
        daemon = self.managed(Policyd(self.scratch, options=WORKERS), WATCHDOG_USEC="100000")
        self.manager.close()
        time.sleep(0.2)
        daemon.process.send_signal(signal.SIGHUP)
        with daemon.client() as client:
            self.assertEqual(client.ask(), "DUNNO")


class Watchdog(ManagerCase):
    def test_half_of_the_time(self):
        self.managed(Policyd(self.scratch, options=WORKERS), WATCHDOG_USEC="400000")
        self.manager.until("READY")
        times = []
        for _ in range(5):
            self.assertEqual(self.manager.receive(), {"WATCHDOG": "1"})
            times.append(time.monotonic())
        span = times[-1] - times[0]
        self.assertTrue(0.7 < span < 1.6, span)

    def test_a_daemon_that_stands_still(self):
        daemon = self.managed(Policyd(self.scratch, options=WORKERS), WATCHDOG_USEC="200000")
        self.manager.until("WATCHDOG")
        daemon.pause()
        self.manager.socket.setblocking(False)
        try:
            while True:
                self.manager.receive()
        except BlockingIOError:
            pass
        time.sleep(0.5)
        with self.assertRaises(BlockingIOError):
            self.manager.receive()
        daemon.go_on()
        self.manager.socket.settimeout(SECONDS)
        self.manager.until("WATCHDOG")

    def test_none(self):
        for case, variables in (
            ("not asked for", {}),
            ("another process's", {"WATCHDOG_USEC": "20000", "WATCHDOG_PID": "1"}),
        ):
            with self.subTest(case):
                daemon = self.managed(Policyd(self.scratch, options=WORKERS), **variables)
                self.manager.until("READY")
                self.manager.socket.settimeout(0.2)
                with self.assertRaises(TimeoutError):
                    self.manager.receive()
                self.manager.socket.settimeout(SECONDS)
                daemon.stop()
                self.manager.until("STOPPING")


class Activated(Policyd):
    """Started by systemd-socket-activate at the first connection, with its socket `path`."""

    KEPT = ("ASAN_OPTIONS", "UBSAN_OPTIONS", "G_DEBUG", "NOTIFY_SOCKET")

    def __init__(self, scratch, *arguments, sockets=(), own=(), **options):
        super().__init__(scratch, *arguments, **options)
        self.sockets = sockets
        self.own = own

    def arguments(self):
        plain = super().arguments()
        at = plain.index("--listen")
        plain[at : at + 2] = self.own
        passed = [f"--setenv={name}" for name in self.KEPT if name in os.environ]
        given = self.sockets or ("--listen", self.path)
        return ["systemd-socket-activate", *passed, *given, *plain]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Activation(ManagerCase):
    def activated(self, **options):
        return self.managed(Activated(self.scratch, options=WORKERS, **options))

    def test_unix_socket(self):
        daemon = self.activated()
        identity = os.stat(daemon.path).st_ino
        for turn in range(3):
            with self.subTest(turn=turn), daemon.client() as client:
                self.assertEqual(client.ask(), "DUNNO")
                self.assertEqual(client.ask(recipient="a@else.example"), DENIED)
        self.assertIn(f"listening on unix:{daemon.path};", daemon.said())
        self.manager.until("READY")
        daemon.stop()
        self.assertEqual(os.stat(daemon.path).st_ino, identity, "the socket was removed")

    def test_who_connected_first_is_answered(self):
        daemon = Activated(self.scratch, options=WORKERS)
        daemon.spawn()
        self.addCleanup(lambda: daemon.process and daemon.stop())
        deadline = time.monotonic() + SECONDS
        while not os.path.exists(daemon.path) and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.1)
        with daemon.client() as client:
            self.assertEqual(client.ask(), "DUNNO")

    def test_policyctl_asks(self):
        daemon = self.activated()
        answer = subprocess.run(
            [program("policyctl"), "query", "--socket", "unix:" + daemon.path]
            + ["protocol_state=RCPT", "client_address=192.0.2.7", "recipient=a@else.example"],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        self.assertEqual(answer.stdout.strip(), "action=OK", answer)

    def test_many_and_its_own(self):
        second = self.scratch.join("second.socket")
        own = self.scratch.join("own.socket")
        port = free_port()
        daemon = Activated(self.scratch, options=WORKERS)
        daemon.sockets = (f"--listen={daemon.path}", f"--listen={second}")
        daemon.sockets += (f"--listen=127.0.0.1:{port}",)
        daemon.own = ("--listen", "unix:" + own)
        self.managed(daemon)
        for address in (daemon.path, second, own, ("127.0.0.1", port)):
            with self.subTest(address), Client(address) as client:
                self.assertEqual(client.ask(), "DUNNO")
        self.assertIn(f" inet:127.0.0.1:{port} unix:{own};", daemon.said())
        daemon.stop()
        self.assertTrue(os.path.exists(second), "the manager's socket was removed")
        self.assertFalse(os.path.exists(own), "the daemon's own socket was not removed")

    def test_reload(self):
        daemon = self.activated()
        self.manager.until("READY")
        with daemon.client() as client:
            self.assertEqual(client.ask(), "DUNNO")
            with open(daemon.rules, "w", encoding="utf-8") as file:
                file.write('reject "5.7.1 Closed"\n')
            daemon.process.send_signal(signal.SIGHUP)
            self.manager.until("READY")
            self.assertEqual(client.ask(), "REJECT 5.7.1 Closed")
        with daemon.client() as client:
            self.assertEqual(client.ask(), "REJECT 5.7.1 Closed")

    def test_not_a_stream_that_listens(self):
        daemon = Activated(self.scratch, options=WORKERS)
        daemon.sockets = ("--datagram", "--listen", daemon.path)
        daemon.spawn()
        sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(sender.close)
        deadline = time.monotonic() + SECONDS
        while True:
            try:
                sender.sendto(b"x", daemon.path)
                break
            except (FileNotFoundError, ConnectionRefusedError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
        self.assertEqual(daemon.wait(), 1, daemon.said())
        self.assertRegex(daemon.said(), r"descriptor 3 .* is no Unix or TCP socket that listens")

    def test_a_connection(self):
        daemon = Activated(self.scratch, options=WORKERS)
        daemon.sockets = ("--accept", "--listen", daemon.path)
        daemon.spawn()
        self.addCleanup(daemon.kill)
        deadline = time.monotonic() + SECONDS
        while "that listens" not in daemon.said():
            self.assertLess(time.monotonic(), deadline, daemon.said())
            try:
                Client(daemon.path).close()
            except (FileNotFoundError, ConnectionRefusedError):
                pass
            time.sleep(0.1)

    def test_nothing_to_listen_on(self):
        daemon = Activated(self.scratch, options=WORKERS)
        command = daemon.arguments()
        command = command[command.index(program("policyd")) :]
        for case, variables in (
            ("no variables", {}),
            ("another process's", {"LISTEN_PID": "1", "LISTEN_FDS": "1"}),
        ):
            with self.subTest(case):
                ended = subprocess.run(
                    command,
                    env={**os.environ, **variables},
                    capture_output=True,
                    text=True,
                    timeout=SECONDS,
                    check=False,
                )
                self.assertEqual(ended.returncode, 2, ended)
                self.assertIn("there is nothing to listen on", ended.stderr)

    def test_wrong_variables(self):
        command = Activated(self.scratch, options=WORKERS).arguments()
        command = command[command.index(program("policyd")) :]
        for fds in ("-1", "99999999999", "many"):
            with self.subTest(fds):
                ended = subprocess.run(
                    ["sh", "-c", f'LISTEN_PID=$$ LISTEN_FDS={fds} exec "$@"', "sh", *command],
                    capture_output=True,
                    text=True,
                    timeout=SECONDS,
                    check=False,
                )
                self.assertEqual(ended.returncode, 1, ended)
                self.assertIn("cannot take the sockets of LISTEN_FDS", ended.stderr)


if __name__ == "__main__":
    unittest.main()
