"""Signals and starts: how the daemon ends, and what it does where it can't start."""

import os
import signal
import socket
import subprocess
import time
import unittest

from lib_case import ScratchCase
from lib_load import Load
from lib_policyd import DENIED, RULES, Client, Policyd, block, program

# Five different errors; what policyctl check makes of them is tested elsewhere.
BAD_RULES = """\
networks trusted = 10.0.0.1/8
permit if client_adress in trusted
rejekt "5.7.1 No"
reject "4.7.1 No"
permit if recipient matches /(/
dunno
"""


class Ending(ScratchCase):
    def test_under_load(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            for turn in range(3):
                with self.subTest(number.name, turn=turn):
                    self.end_under_load(number, turn)

    def end_under_load(self, number, turn):
        daemon = self.policyd(options=["--workers", "2"])
        load = Load(daemon.path, f"{number.name}.{turn}", turn).start()
        time.sleep(0.2 + 0.05 * turn)
        daemon.stop(number)
        load.stop()
        self.assertFalse(os.path.exists(daemon.path), "the socket is left behind")
        self.assertGreater(load.count(), 0)
        self.assertEqual(load.partial(), [], "a part of a reply was sent")
        logged = {e["instance"].decode(): e["decision"].decode() for e in daemon.entries()}
        wrong = [i for i, action in load.answered().items() if logged.get(i) != action]
        self.assertEqual(wrong[:5], [], "replies without their audit line")
        os.unlink(daemon.audit)

    def test_what_has_arrived_is_answered(self):
        daemon = self.policyd()
        clients = [daemon.client() for _ in range(40)]
        for client in clients:
            self.addCleanup(client.close)
            self.assertEqual(client.ask(), "DUNNO")
        daemon.pause()
        for number, client in enumerate(clients):
            client.send(block(instance=f"last{number}") * (number % 4))
            client.send(block()[: number * 10])  # and a part of another
        daemon.process.send_signal(signal.SIGTERM)
        daemon.go_on()
        self.assertEqual(daemon.wait(), 0, daemon.said())
        for number, client in enumerate(clients):
            with self.subTest(f"{number % 4} requests and {number * 10} bytes"):
                outcomes = [client.outcome() for _ in range(number % 4 + 1)]
                self.assertEqual(outcomes, ["DUNNO"] * (number % 4) + ["closed"])
        logged = [e["instance"].decode() for e in daemon.entries()]
        expected = [f"last{number}" for number in range(40) for _ in range(number % 4)]
        self.assertEqual(sorted(i for i in logged if i.startswith("last")), sorted(expected))

    def test_with_a_client_that_does_not_read(self):
        daemon = self.policyd()
        client = daemon.client()
        self.addCleanup(client.close)
        client.socket.settimeout(0.5)
        try:
            while True:
                client.send(block(instance="unread") * 50)
        except TimeoutError:
            pass
        started = time.monotonic()
        daemon.stop()
        self.assertLess(time.monotonic() - started, 5)
        answered = 0
        client.socket.settimeout(5)
        while (outcome := client.outcome()) == "DUNNO":
            answered += 1
        self.assertEqual(outcome, "closed")
        self.assertLessEqual(answered, len(daemon.entries()))

    def test_as_soon_as_it_listens(self):
        for turn in range(10):
            with self.subTest(turn=turn):
                self.policyd().stop()

    def test_idle(self):
        daemon = self.policyd()
        with daemon.client() as idle:
            daemon.stop()
            self.assertEqual(idle.outcome(), "closed")
        with self.assertRaises(FileNotFoundError):
            Client(daemon.path)

    def test_sigpipe_is_survived(self):
        daemon = self.policyd()
        for _ in range(20):
            client = daemon.client()
            client.send(block() * 100)
            client.close()
        with daemon.client() as client:
            self.assertEqual(client.ask(), "DUNNO")


class Sockets(ScratchCase):
    def refused(self, daemon):
        """What a daemon says that can't start; it must exit 1."""
        daemon.spawn()
        status = daemon.wait()
        self.assertEqual(status, 1, daemon.said())
        return daemon.said()

    def test_stale_socket_is_replaced(self):
        daemon = self.policyd()
        daemon.kill()
        self.assertTrue(os.path.exists(daemon.path))
        daemon.start()
        with daemon.client() as client:
            self.assertEqual(client.ask(), "DUNNO")

    def test_live_socket_is_not(self):
        daemon = self.policyd()
        second = Policyd(self.scratch, path=daemon.path)
        second.stderr = self.scratch.join("second.stderr")
        said = self.refused(second)
        self.assertIn(daemon.path, said)
        with daemon.client() as client:
            self.assertEqual(client.ask(recipient="user@c.example"), DENIED)

    def test_live_socket_of_another_program_is_not(self):
        path = self.scratch.join("other.socket")
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(path)
            other.listen()
            self.assertIn(path, self.refused(Policyd(self.scratch, path=path)))
            self.assertTrue(os.path.exists(path))

    def test_file_that_is_no_socket_is_left_alone(self):
        path = self.scratch.write("precious", "text")
        self.assertIn(path, self.refused(Policyd(self.scratch, path=path)))
        with open(path, encoding="ascii") as file:
            self.assertEqual(file.read(), "text")

    def test_mode_owner_and_group(self):
        table = [
            ("", 0o660, 0, 0),
            (",mode=0600", 0o600, 0, 0),
            (",mode=0666,owner=nobody", 0o666, 65534, 0),
            (",mode=0640,owner=nobody,group=nogroup", 0o640, 65534, 65534),
            (",group=65533", 0o660, 0, 65533),
        ]
        for number, (modes, mode, owner, group) in enumerate(table):
            with self.subTest(modes):
                path = self.scratch.join(f"socket{number}")
                daemon = self.policyd(path=path, modes=modes)
                status = os.stat(path)
                found = (status.st_mode & 0o7777, status.st_uid, status.st_gid)
                self.assertEqual(found, (mode, owner, group))
                daemon.stop()

    def test_socket_that_was_replaced_is_left_to_its_owner(self):
        daemon = self.policyd()
        os.unlink(daemon.path)
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(daemon.path)
            other.listen()
            daemon.stop()
            self.assertTrue(os.path.exists(daemon.path))


class BadRules(ScratchCase):
    def test_same_diagnostics_as_check(self):
        table = [
            ("five errors", BAD_RULES),
            ("falls off its end", "permit if authenticated\n"),
            ("empty", ""),
            ("unreadable list", 'domains local = file "missing"\nreject\n'),
        ]
        for case, rules in table:
            with self.subTest(case):
                self.compare(rules)

    def compare(self, rules):
        daemon = Policyd(self.scratch, rules)
        if os.path.exists(daemon.stderr):
            os.unlink(daemon.stderr)
        daemon.spawn()
        self.assertEqual(daemon.wait(), 2, daemon.said())
        check = subprocess.run(
            [program("policyctl"), "check", daemon.rules],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        self.assertEqual(check.returncode, 2, check)
        diagnostics = check.stdout + check.stderr
        self.assertIn("error: ", diagnostics)
        self.assertIn(diagnostics, daemon.said())
        self.assertFalse(os.path.exists(daemon.path), "the socket is left behind")

    def test_missing_rule_file(self):
        daemon = Policyd(self.scratch, RULES)
        os.unlink(daemon.rules)
        daemon.spawn()
        self.assertEqual(daemon.wait(), 2)
        self.assertIn(daemon.rules, daemon.said())


if __name__ == "__main__":
    unittest.main()
