"""Connections: a thousand held open at once are all served, again and again, and one that asks
much does not keep the others waiting."""

import contextlib
import os
import random
import resource
import signal
import time
import unittest

from lib_case import ScratchCase
from lib_policyd import DENIED, block

CONNECTIONS = 1000
ROUNDS = 3
# Debian's for a service: policyd has to raise it by itself.
LIMITS = ["--nofile=1024:4096"]
LIMIT_RECEIVE = 8192
LIMIT_RECEIVES_AHEAD = 16


class Connections(ScratchCase):
    def setUp(self):
        super().setUp()
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))

    def open(self, daemon, count):
        clients = []
        for _ in range(count):
            client = daemon.client()
            self.addCleanup(client.close)
            clients.append(client)
        return clients

    def ask_all(self, clients, name):
        """All ask before anyone reads; every reply must be the asker's own."""
        for number, client in enumerate(clients):
            recipient = "user@local.example" if number % 2 else "user@c.example"
            client.send(block(instance=f"{name}.{number}", recipient=recipient))
        for number, client in enumerate(clients):
            expected = "DUNNO" if number % 2 else DENIED
            self.assertEqual(client.receive(), expected, f"connection {number}, {name}")

    def test_a_thousand_at_once(self):
        daemon = self.policyd(limits=LIMITS)
        clients = self.open(daemon, CONNECTIONS)
        for turn in range(ROUNDS):
            self.ask_all(clients, f"turn{turn}")
            random.Random(turn).shuffle(clients)
        instances = [entry["instance"].decode() for entry in daemon.entries()]
        expected = [f"turn{t}.{n}" for t in range(ROUNDS) for n in range(CONNECTIONS)]
        self.assertEqual(sorted(instances), sorted(expected))

    def test_more_than_a_thousand_come_and_go(self):
        daemon = self.policyd(limits=LIMITS)
        for turn in range(3):
            clients = self.open(daemon, CONNECTIONS)
            self.ask_all(clients, f"turn{turn}")
            for client in clients:
                client.close()
        self.assertEqual(len(daemon.entries()), 3 * CONNECTIONS)

    def test_idle_connections_cost_no_time(self):
        daemon = self.policyd(limits=LIMITS)
        self.open(daemon, CONNECTIONS)
        time.sleep(0.2)
        before = daemon.cpu_seconds()
        time.sleep(1)
        self.assertLess(daemon.cpu_seconds() - before, 0.05)

    def test_one_that_floods_does_not_starve_the_others(self):
        daemon = self.policyd(options=["--workers", "1"])
        flood, other = self.open(daemon, 2)
        flood.socket.setblocking(False)
        blocks = block(instance="flood") * 500
        rest = b""  # of a block that was not sent whole
        slowest = 0
        for _ in range(50):
            try:
                rest = rest or blocks
                rest = rest[flood.socket.send(rest) :]
                flood.socket.recv(1 << 20)
            except BlockingIOError:
                pass
            started = time.monotonic()
            self.assertEqual(other.ask(instance="other"), "DUNNO")
            slowest = max(slowest, time.monotonic() - started)
        self.assertLess(slowest, 1)

    @contextlib.contextmanager
    def stopped(self, daemon):
        """What is sent meanwhile is there at once."""
        os.kill(daemon.process.pid, signal.SIGSTOP)
        os.waitpid(daemon.process.pid, os.WUNTRACED)
        try:
            yield
        finally:
            os.kill(daemon.process.pid, signal.SIGCONT)

    def test_as_many_as_are_received_ahead(self):
        """Each is answered for itself, whatever the others did."""
        daemon = self.policyd(options=["--workers", "1"])
        for count in (LIMIT_RECEIVES_AHEAD - 1, LIMIT_RECEIVES_AHEAD, LIMIT_RECEIVES_AHEAD + 1):
            with self.subTest(count):
                clients = self.open(daemon, count)
                self.ask_all(clients, f"accepted{count}")
                half = block(instance="half")
                with self.stopped(daemon):
                    for number, client in enumerate(clients):
                        text = {2: b"nonsense\n\n", 5: half[:300], 8: half * 3, 11: b""}
                        client.send(text.get(number, block(recipient=f"u@c{number}.example")))
                    clients[11].close()
                clients[5].send(half[300:])
                expected = {2: ["closed"], 5: ["DUNNO"], 8: ["DUNNO"] * 3, 11: []}
                for number, client in enumerate(clients):
                    for outcome in expected.get(number, [DENIED]):
                        self.assertEqual(client.outcome(), outcome, f"client {number}")
        recipients = [entry["recipient"].decode() for entry in daemon.entries()]
        for number in (0, 1, 3, LIMIT_RECEIVES_AHEAD - 2):
            self.assertEqual(recipients.count(f"u@c{number}.example"), 3)

    def test_the_others_have_their_turn_between_two_receives(self):
        daemon = self.policyd(options=["--workers", "1"])
        flood, other = clients = self.open(daemon, 2)
        self.ask_all(clients, "accepted")
        flooded = block(instance="flood")
        count = 4 * LIMIT_RECEIVE // len(flooded)
        with self.stopped(daemon):
            flood.send(flooded * count)
            other.send(block(instance="other"))
        for client in [other] + [flood] * count:
            client.receive()
        instances = [entry["instance"] for entry in daemon.entries()]
        self.assertEqual(instances.index(b"other"), 2 + LIMIT_RECEIVE // len(flooded))


if __name__ == "__main__":
    unittest.main()
