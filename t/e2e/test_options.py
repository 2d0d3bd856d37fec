"""Options: what the daemon's flags do, shown on the running daemon."""

import json
import os
import re
import subprocess
import time
import unittest

from lib_case import ScratchCase
from lib_control import Control
from lib_policyd import DENIED, Client, Policyd, block, program
from lib_postfix import free_port, has_ipv6

SECONDS_OF_REST = 1.5


class Listening(ScratchCase):
    def test_inet(self):
        port = free_port()
        hosts = ["127.0.0.1", "::1"] if has_ipv6() else ["127.0.0.1"]
        listen = [
            f"inet:[{host}]:{port}" if ":" in host else f"inet:{host}:{port}" for host in hosts
        ]
        daemon = self.policyd(options=[word for at in listen for word in ("--listen", at)])
        for address in [(host, port) for host in hosts] + [daemon.path]:
            with self.subTest(address), Client(address) as client:
                self.assertEqual(client.ask(), "DUNNO")
                client.send(block(recipient="user@c.example") * 3)
                self.assertEqual([client.outcome() for _ in range(3)], [DENIED] * 3)
                before = len(daemon.said())
                client.send(b"nonsense\n\n")
                self.assertEqual(client.outcome(), "closed")
                name = "client pid" if isinstance(address, str) else f"client {address[0]} port"
                self.assertRegex(daemon.said()[before:], rf"{name} \d+.*: ")
        daemon.stop()
        daemon.start()  # at once, whatever connections linger
        with Client(("127.0.0.1", port)) as client:
            self.assertEqual(client.ask(), "DUNNO")

    def test_several_sockets(self):
        paths = [self.scratch.join(f"socket{number}") for number in range(3)]
        options = [word for path in paths for word in ("--listen", "unix:" + path)]
        daemon = self.policyd(options=options)
        for path in paths + [daemon.path]:
            with self.subTest(path), Client(path) as client:
                self.assertEqual(client.ask(), "DUNNO")
        daemon.stop()
        self.assertEqual([path for path in paths if os.path.exists(path)], [])

    def test_port_in_use(self):
        port = free_port()
        self.policyd(options=["--listen", f"inet:127.0.0.1:{port}"])
        path = self.scratch.join("second.socket")
        second = Policyd(self.scratch, path=path, options=["--listen", f"inet:127.0.0.1:{port}"])
        second.spawn()
        self.assertEqual(second.wait(), 1)
        self.assertFalse(os.path.exists(path), "the other socket is left behind")


class DryRun(ScratchCase):
    def test_dry_run(self):
        daemon = self.policyd(options=["--dry-run"])
        table = [
            ("user@local.example", "203.0.113.9", "DUNNO"),
            ("user@c.example", "203.0.113.9", DENIED),
            ("user@c.example", "192.0.2.1", "OK"),
        ]
        with daemon.client() as client:
            for recipient, address, _ in table:
                action = client.ask(recipient=recipient, client_address=address)
                self.assertEqual(action, "DUNNO", recipient)
        for entry, (recipient, address, decision) in zip(daemon.entries(), table):
            with self.subTest(recipient, client_address=address):
                self.assertEqual(entry["decision"].decode(), decision)
                self.assertEqual(entry["dry_run"], b"yes")

    def test_no_dry_run(self):
        daemon = self.policyd()
        with daemon.client() as client:
            client.ask()
        self.assertNotIn("dry_run", daemon.entries()[0])


class MaxConnections(ScratchCase):
    def test_the_others_wait_and_are_served(self):
        daemon = self.policyd(options=["--max-connections", "10"])
        clients = [daemon.client() for _ in range(25)]
        for client in clients:
            self.addCleanup(client.close)
            client.send(block())
        for number, client in enumerate(clients[:10]):
            self.assertEqual(client.receive(), "DUNNO", f"connection {number}")
        for number, client in enumerate(clients[10:], 10):
            client.socket.settimeout(0.05)
            self.assertEqual(client.outcome(), "nothing", f"connection {number}")
            client.socket.settimeout(10)
        for first in (0, 5, 10):
            for client in clients[first : first + 5]:
                client.close()
            for number in range(first + 10, first + 15):
                self.assertEqual(clients[number].receive(), "DUNNO", f"connection {number}")

    def test_waiting_costs_no_time(self):
        daemon = self.policyd(options=["--max-connections", "3"])
        for _ in range(10):
            self.addCleanup(daemon.client().close)
        self.check_rest(daemon)
        self.assertLess(len(daemon.said().splitlines()), 10, daemon.said())

    def check_rest(self, daemon):
        time.sleep(0.3)
        before = daemon.cpu_seconds()
        time.sleep(SECONDS_OF_REST)
        used = daemon.cpu_seconds() - before
        self.assertLess(used, 0.1 * SECONDS_OF_REST, "it spins")


class Descriptors(MaxConnections):
    """No more descriptors: the same as no more connections."""

    def serve_beyond(self, daemon, count):
        clients = [daemon.client() for _ in range(count)]
        for client in clients:
            self.addCleanup(client.close)
            client.send(block())
        self.check_rest(daemon)
        self.assertLess(len(daemon.said().splitlines()), 10, daemon.said())
        return clients

    def receive_in_turn(self, clients):
        """Each is closed once it has its reply, which makes room for another."""
        for number, client in enumerate(clients):
            self.assertEqual(client.receive(), "DUNNO", f"connection {number}")
            client.close()

    def test_few_at_the_start(self):
        daemon = self.policyd(options=["--workers", "2"], limits=["--nofile=48:48"])
        self.receive_in_turn(self.serve_beyond(daemon, 60))

    def test_too_few_to_start(self):
        daemon = Policyd(self.scratch, limits=["--nofile=16:16"])
        daemon.spawn()
        self.assertEqual(daemon.wait(), 1, daemon.said())
        self.assertRegex(daemon.said(), "limit of open files|[Tt]oo many open files")

    def test_taken_away(self):
        daemon = self.policyd(options=["--workers", "2"])
        used = len(os.listdir(f"/proc/{daemon.process.pid}/fd"))
        limit = f"--nofile={used + 5}:"
        subprocess.run(["prlimit", "--pid", str(daemon.process.pid), limit], check=True)
        self.receive_in_turn(self.serve_beyond(daemon, 20))


class Logging(ScratchCase):
    def test_several_targets(self):
        second = self.scratch.join("audit2")
        daemon = self.policyd(options=["--audit", "file:" + second, "--audit", "stderr"])
        with daemon.client() as client:
            client.ask(instance="one")
            client.ask(instance="two")
        with open(daemon.audit, "rb") as file:
            lines = file.read()
        self.assertEqual(lines.count(b"\n"), 2)
        with open(second, "rb") as file:
            self.assertEqual(file.read(), lines)
        self.assertIn(lines.decode(), daemon.said())

    def test_regex_at_its_limit(self):
        """Its test is false; that is counted, and told at first."""
        control = Control(self.scratch)
        rules = "reject if helo_name matches /^(0+)+$/\ndunno\n"
        daemon = self.policyd(rules, options=control.options("--workers", "1"))
        with daemon.client() as client:
            for helo, action in (("0", "REJECT"), ("0" * 60 + ".example", "DUNNO")) * 2:
                self.assertEqual(client.ask(helo_name=helo), action)
        self.assertEqual(control.numbers()["regex_limits"], 2)
        self.assertEqual(daemon.said().count("a regex reached its match limit 1 times"), 1)

    def test_torn_line_is_ended_at_the_start(self):
        torn = b'time="2026-01-01T00:00:00.000+00:00" decision="DUN'
        daemon = Policyd(self.scratch)
        with open(daemon.audit, "wb") as file:
            file.write(torn)
        daemon.start()
        self.addCleanup(daemon.stop)
        with daemon.client() as client:
            client.ask()
        with open(daemon.audit, "rb") as file:
            lines = file.read().split(b"\n")
        self.assertEqual(lines[0], torn)
        self.assertEqual(len(lines), 3)
        self.assertTrue(lines[1].startswith(b'time="'))

    def test_log_that_cannot_be_opened(self):
        daemon = Policyd(self.scratch)
        daemon.audit = self.scratch.join("missing", "audit")
        daemon.spawn()
        self.assertEqual(daemon.wait(), 1)
        self.assertIn(daemon.audit, daemon.said())
        self.assertFalse(os.path.exists(daemon.path), "the socket is left behind")

    def test_disk_full(self):
        daemon = self.policyd(limits=["--fsize=4096:unlimited"])
        with daemon.client() as client:
            for number in range(50):
                self.assertEqual(client.ask(instance=str(number)), "DUNNO")
            self.assertEqual(os.path.getsize(daemon.audit), 4096)
            self.assertRegex(daemon.said(), "audit .*File too large")
            pid = str(daemon.process.pid)
            subprocess.run(["prlimit", "--pid", pid, "--fsize=unlimited:"], check=True)
            time.sleep(1.2)
            self.assertEqual(client.ask(instance="after"), "DUNNO")
        entries = daemon.entries()  # the line that the limit cut was completed
        self.assertEqual(entries[-1]["instance"], b"after")
        logged = [int(entry["instance"]) for entry in entries[:-1]]
        self.assertEqual(logged, list(range(len(logged))))
        told = re.search(r"written again; (\d+) lines were lost", daemon.said())
        self.assertTrue(told, daemon.said())
        self.assertEqual(int(told[1]) + len(logged), 50)


class Starting(ScratchCase):
    def test_user(self):
        folder = self.scratch.join("run")
        os.mkdir(folder)
        os.chown(folder, 65534, 65534)
        daemon = Policyd(
            self.scratch, path=os.path.join(folder, "socket"), options=["--user", "nobody"]
        )
        daemon.audit = os.path.join(folder, "audit")
        daemon.start()
        self.addCleanup(daemon.stop)
        with open(f"/proc/{daemon.process.pid}/status", encoding="ascii") as file:
            status = file.read()
        self.assertRegex(status, r"Uid:\t65534\t65534\t65534\t65534\n")
        self.assertRegex(status, r"Gid:\t65534\t65534\t65534\t65534\n")
        self.assertRegex(status, r"Groups:\t(65534 ?)?\n")
        self.assertRegex(status, r"CapEff:\t0000000000000000\n")
        with daemon.client() as client:
            self.assertEqual(client.ask(), "DUNNO")
        self.assertEqual(len(daemon.entries()), 1)

    def test_settings_file(self):
        daemon = Policyd(self.scratch)
        config = self.scratch.write(
            "policyd.conf",
            f"[policyd]\nrules={daemon.rules}\nlisten=unix:{daemon.path}\n"
            f"audit=file:{daemon.audit}\ndry-run=true\n",
        )
        daemon.arguments = lambda: [program("policyd"), "--config", config]
        daemon.start()
        self.addCleanup(daemon.stop)
        with daemon.client() as client:
            self.assertEqual(client.ask(recipient="user@c.example"), "DUNNO")
        self.assertEqual(daemon.entries()[0]["dry_run"], b"yes")

    def test_usage(self):
        rules = self.scratch.write("good.rules", "dunno\n")
        listen = ["--listen", "unix:" + self.scratch.join("socket")]
        table = [
            ("nothing", []),
            ("no rules", listen),
            ("nowhere to listen", ["--rules", rules]),
            ("unknown flag", ["--rules", rules, *listen, "--no-such-flag"]),
            ("an argument", ["--rules", rules, *listen, "word"]),
            ("a bad number", ["--rules", rules, *listen, "--workers", "many"]),
            ("no workers", ["--rules", rules, *listen, "--workers", "0"]),
            ("a bad address", ["--rules", rules, "--listen", "tcp:25"]),
            ("a bad log", ["--rules", rules, *listen, "--audit", "paper"]),
        ]
        for case, arguments in table:
            with self.subTest(case):
                done = self.run_policyd(arguments)
                self.assertEqual(done.returncode, 2, done)
                self.assertRegex(done.stderr, "policyd: error: ")

    def test_sockets_that_cannot_be(self):
        rules = self.scratch.write("good.rules", "dunno\n")
        path = self.scratch.join("socket")
        table = [
            ("no owner", f"unix:{path},owner=no-such-user", [], "there is no such owner"),
            ("no group", f"unix:{path},group=no-such-group", [], "there is no such group"),
            ("a number too large", f"unix:{path},owner=4294967295", [], "there is no such owner"),
            ("no user", f"unix:{path}", ["--user", "no-such-user"], "there is no such user"),
            ("a file", f"unix:{rules}", [], "the file is there and no socket"),
            ("no folder", f"unix:{path}/socket", [], "cannot bind to"),
        ]
        for case, listen, options, text in table:
            with self.subTest(case):
                done = self.run_policyd(["--rules", rules, "--listen", listen, *options])
                self.assertEqual(done.returncode, 1, done)
                self.assertRegex(done.stderr, f"policyd: error: .*{text}")
                self.assertFalse(os.path.exists(path), "the socket is left behind")

    def test_owner_by_number(self):
        daemon = self.policyd(modes=",owner=65534,group=65533,mode=0620")
        status = os.stat(daemon.path)
        self.assertEqual((status.st_uid, status.st_gid), (65534, 65533))
        self.assertEqual(status.st_mode & 0o7777, 0o620)

    def test_help_and_version(self):
        for flag, text in (("--help", "--request-timeout"), ("--version", "policyd ")):
            with self.subTest(flag):
                done = self.run_policyd([flag])
                self.assertEqual(done.returncode, 0, done)
                self.assertIn(text, done.stdout)

    def run_policyd(self, arguments):
        return subprocess.run(
            [program("policyd"), *arguments],
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )


class Query(ScratchCase):
    """policyctl query asks the running daemon as Postfix does."""

    def test_query(self):
        daemon = self.policyd()
        for recipient, action in (("user@local.example", "DUNNO"), ("user@c.example", DENIED)):
            for source in (["--socket", "unix:" + daemon.path], ["--rules", daemon.rules]):
                with self.subTest(recipient, source=source[0]):
                    query = ["query", *source, "recipient=" + recipient]
                    done = self.run_policyctl(query)
                    self.assertEqual(done.stdout, f"action={action}\n", done)
                    done = self.run_policyctl(query + ["--json"])
                    self.assertEqual(json.loads(done.stdout)["action"], action, done)

    def run_policyctl(self, arguments):
        return subprocess.run(
            [program("policyctl"), *arguments],
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )


if __name__ == "__main__":
    unittest.main()
