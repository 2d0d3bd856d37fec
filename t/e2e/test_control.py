"""Control: status and metrics are the truth, also after reloads; the socket is its owner's alone;
and no client of it, however rude, costs Postfix anything."""

import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import time
import unittest

import lib_audit
from lib_case import ScratchCase
from lib_control import Control, read_all
from lib_load import Load
from lib_policyd import DENIED, RULES, Policyd

CLIENTS = 2000
MANY_RULES = 100000
SAMPLE = re.compile(
    r'([a-z_:]+)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\[\\"n])*",?)*)\})? (-?[0-9.]+(?:e[+-]?\d+)?)'
)


def parse_metrics(text):
    """{(name, labels): value}, checked as far as it goes without promtool."""
    found = {}
    types = {}
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name not in types, f"{name} twice"
            types[name] = kind
        elif not line.startswith("# HELP "):
            match = SAMPLE.fullmatch(line)
            assert match, f"no sample: {line}"
            name = re.sub("_(bucket|sum|count)$", "", match[1])
            assert name in types or match[1] in types, f"{line} has no type"
            assert (match[1], match[2] or "") not in found, f"{line} twice"
            found[match[1], match[2] or ""] = float(match[3])
    return found


class ControlCase(ScratchCase):
    def setUp(self):
        super().setUp()
        self.control = Control(self.scratch)

    def start(self, rules=RULES, *options, **others):
        return self.policyd(rules, options=self.control.options(*options), **others)

    def reload(self, rules):
        self.scratch.write("test.rules", rules)
        status, text = self.control.ask("reload")
        self.assertEqual(status, 0, text)

    def metrics(self):
        done = self.control.policyctl("metrics")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return parse_metrics(done.stdout)


class Numbers(ControlCase):
    def sum_of(self, metrics, name):
        return sum(value for (found, _), value in metrics.items() if found == name)

    def test_they_add_up(self):
        """Replies that clients read, audit lines, and decisions, over reloads."""
        daemon = self.start(RULES, "--workers", "3")
        load = Load(daemon.path, "sum", 1).start()
        for turn in range(10):
            time.sleep(0.1)
            self.reload(RULES + f"# {turn}\n" if turn % 2 else "dunno if stress\n" + RULES)
        load.stop()
        answers = load.answered().values()
        metrics = self.metrics()
        status = self.control.status()
        lines = len(lib_audit.read_lines(daemon.audit))
        self.assertEqual(sum(client.sent for client in load.clients), len(answers))
        for number in (
            lines,
            sum(status["decisions"].values()),
            sum(status["latency_microseconds"].values()),
            sum(row["hits"] for row in status["rule_hits"]),
            self.sum_of(metrics, "policyd_decisions_total"),
            self.sum_of(metrics, "policyd_rule_hits_total"),
            self.sum_of(metrics, "policyd_audit_lines_total"),
            metrics["policyd_decision_seconds_count", ""],
            metrics["policyd_decision_seconds_bucket", 'le="+Inf"'],
        ):
            self.assertEqual(number, len(answers))
        self.assertEqual(status["decisions"]["reject"], sum(a == DENIED for a in answers))
        self.assertEqual(status["decisions"]["dunno"], sum(a == "DUNNO" for a in answers))
        self.assertEqual(metrics["policyd_reloads_total", ""], 10)
        self.assertEqual(metrics["policyd_connections_accepted_total", ""], len(load.clients) + 1)
        self.check_latencies(status, metrics)

    def check_latencies(self, status, metrics):
        """Each count lies between what its row holds, and the sum between those."""
        rows = [(float(k) if k != "more" else 1e12, n)
                for k, n in status["latency_microseconds"].items()]
        self.assertEqual(rows, sorted(rows))
        most = sum(limit * number for limit, number in rows)
        self.assertTrue(most / 2 - len(rows) <= status["latency_sum"] <= most)
        buckets = [v for (n, _), v in metrics.items() if n == "policyd_decision_seconds_bucket"]
        self.assertEqual(buckets, sorted(buckets))
        self.assertEqual(len(buckets), len(rows))

    def test_percentiles(self):
        daemon = self.start()
        self.assertIn("50% within -, 90% within -, 99% within -",
                      self.control.policyctl("status").stdout)
        with daemon.client() as client:
            for _ in range(300):
                client.ask()
        said = self.control.policyctl("status").stdout
        match = re.search(r"50% within (\d+) us, 90% within (\d+) us, 99% within (\d+) us", said)
        limits = [int(limit) for limit in match.groups()]
        self.assertEqual(limits, sorted(limits))
        self.assertTrue(1 <= limits[0] < 1 << 20, limits)  # half of them took below a second
        rows = self.control.status()["latency_microseconds"]
        counts = [(int(k), n) for k, n in rows.items() if k != "more"]
        for limit, percent in zip(limits, (50, 90, 99)):
            within = sum(n for k, n in counts if k <= limit)
            below = sum(n for k, n in counts if k < limit)
            self.assertTrue(below * 100 < percent * 300 <= within * 100)

    def test_hits_over_reloads(self):
        """Each row: the rules, and their hits once this file is loaded; then every rule gets one
        hit. Rule X is `dunno if sasl_username == "X"`; the last one is hit by nobody."""
        rows = (
            ("abc", [0, 0, 0]),
            ("abc", [1, 1, 1]),  # as it is
            ("cab", [2, 2, 2]),  # moved
            ("caab", [3, 3, 0, 3]),  # one is written twice: only the first can decide
            ("xb", [0, 4]),  # edited, and removed
            ("axb", [0, 1, 5]),  # brought back: from the start
        )
        daemon = self.start("reject\n")
        with daemon.client() as client:
            for letters, hits in rows:
                rules = [f'dunno if sasl_username == "{x}"\n' for x in letters]
                self.reload("\n# hits\n".join([*rules, "reject\n"]))
                self.assertEqual(self.control.hits(), [*hits, 0], letters)
                for letter in sorted(set(letters)):
                    self.assertEqual(client.ask(sasl_username=letter), "DUNNO")
        place = self.control.status()["rule_hits"][1]
        self.assertEqual(place, {"rule": daemon.rules + ":4", "action": "dunno", "hits": 2})

    def test_hits_never_fall(self):
        """Nor does any other count, while rules are reloaded under load."""
        daemon = self.start(RULES, "--workers", "3")
        load = Load(daemon.path, "rise", 2).start()
        seen = {}
        for turn in range(150):
            if turn % 3 == 0:
                self.scratch.write("test.rules", RULES + f"# {turn}\n")
                daemon.process.send_signal(signal.SIGHUP)
            text = self.control.ask("status")[1]
            now = {line.rpartition(" ")[0]: int(line.rpartition(" ")[2])
                   for line in text.splitlines()
                   if line.startswith(("decisions ", "latency ", "latency_sum", "reloads"))}
            hits = re.findall(r"^rule (\d+) ", text, re.M)
            now.update({f"rule {number}": int(value) for number, value in enumerate(hits)})
            self.assertEqual([n for n in seen if now[n] < seen[n]], [])
            seen = now
        load.stop()

    def test_dry_run_and_trouble(self):
        daemon = self.start(RULES, "--dry-run")
        with daemon.client() as client, daemon.client() as bad, daemon.client() as half:
            self.assertEqual(client.ask(recipient="u@c.example"), "DUNNO")
            bad.send(b"nonsense\n\n")
            self.assertEqual(bad.outcome(), "closed")
            half.send(b"request=smtpd")
            half.close()
            deadline = time.monotonic() + 10
            while self.control.numbers()["unfinished"] == 0 and time.monotonic() < deadline:
                time.sleep(0.01)
            status = self.control.status()
        self.assertEqual((status["malformed"], status["unfinished"]), (1, 1))
        self.assertEqual((status["dry_run"], status["decisions"]["reject"]), (1, 1))
        self.assertEqual(status["connections_accepted"], 4)
        self.assertIn(", dry run", self.control.policyctl("status").stdout)
        self.assertEqual(status["listen"], [daemon.listen])
        self.assertIn(f"listening    {daemon.listen}\n", self.control.policyctl("status").stdout)
        self.assertEqual(self.metrics()["policyd_dry_run", ""], 1)

    def test_lost_lines(self):
        daemon = self.start(RULES, limits=["--fsize=4096"])
        with daemon.client() as client:
            for _ in range(50):
                client.ask()
        with open(daemon.audit, "rb") as file:
            lines = file.read().count(b"\n")
        row = self.control.status()["audit"][0]
        self.assertEqual(row["where"], f"file:{daemon.audit}")
        # The line that is torn may still be completed.
        self.assertIn(row["lost"], (50 - lines - 1, 50 - lines))
        metrics = self.metrics()
        self.assertEqual(self.sum_of(metrics, "policyd_audit_lines_total"), 50 - row["lost"])
        self.assertEqual(self.sum_of(metrics, "policyd_audit_lines_lost_total"), row["lost"])
        self.assertEqual(row["written"], 50 - row["lost"])

    @unittest.skipUnless(shutil.which("promtool"), "promtool is not installed")
    def test_promtool(self):
        """Also of a path that must be escaped."""
        daemon = Policyd(self.scratch, options=self.control.options())
        odd = self.scratch.write('odd "\\é.rules', RULES)
        daemon.rules = odd
        self.addCleanup(lambda: daemon.process and daemon.stop())
        daemon.start()
        with daemon.client() as client:
            client.ask()
        for rules in (RULES, "bad\n"):
            with open(odd, "w", encoding="utf-8") as file:
                file.write(rules)
            self.control.ask("reload")
            done = self.control.policyctl("metrics")
            self.assertEqual(done.returncode, 0)
            checked = subprocess.run(["promtool", "check", "metrics"], input=done.stdout,
                                     capture_output=True, text=True, check=False)
            self.assertEqual((checked.returncode, checked.stdout, checked.stderr), (0, "", ""))
            parse_metrics(done.stdout)
        self.assertEqual(self.metrics()["policyd_reload_success", ""], 0)

    def test_json(self):
        """A text stays one where it looks like a number; a hash may."""
        daemon = Policyd(self.scratch, options=self.control.options())
        self.addCleanup(lambda: daemon.process and daemon.stop())
        daemon.start()
        done = self.control.policyctl("status", "--json")
        status = json.loads(done.stdout)
        for name in ("version", "rules", "ruleset"):
            self.assertIsInstance(status[name], str)
        for number in range(200):
            self.reload(RULES + f"# {number}\n")
            if self.control.ask("status")[1].split("\nruleset ")[1][:8].isdigit():
                break
        self.assertRegex(self.control.status()["ruleset"], "^[0-9a-f]{8}$")


class Sockets(ControlCase):
    def test_mode(self):
        daemon = self.start()
        status = os.stat(self.control.path)
        self.assertTrue(stat.S_ISSOCK(status.st_mode))
        self.assertEqual(stat.S_IMODE(status.st_mode), 0o600)
        daemon.stop()
        self.assertFalse(os.path.exists(self.control.path))

    @unittest.skipUnless(os.geteuid() == 0, "takes root")
    def test_a_stranger_is_refused(self):
        self.start()
        done = subprocess.run(
            ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "python3", "-c",
             f"import socket; socket.socket(socket.AF_UNIX).connect({self.control.path!r})"],
            capture_output=True, text=True, check=False)
        self.assertIn("PermissionError", done.stderr)

    def test_stale(self):
        self.start().kill()
        self.assertTrue(os.path.exists(self.control.path))
        self.start()
        self.assertEqual(self.control.ask("status")[0], 0)

    def test_live(self):
        daemon = self.start()
        other = Policyd(self.scratch, path=self.scratch.join("other"),
                        options=self.control.options())
        other.stderr = self.scratch.join("other.stderr")
        other.spawn()
        self.assertEqual(other.wait(), 1)
        self.assertIn("another program listens there", other.said())
        self.assertFalse(os.path.exists(other.path))
        self.assertEqual(self.control.ask("status")[0], 0)
        self.assertIsNone(daemon.process.poll())

    def test_another_file_is_there(self):
        self.scratch.write("control", "keep me")
        daemon = Policyd(self.scratch, options=self.control.options())
        daemon.spawn()
        self.assertEqual(daemon.wait(), 1)
        with open(self.control.path, encoding="ascii") as file:
            self.assertEqual(file.read(), "keep me")

    def test_none(self):
        daemon = self.policyd(options=["--control", "none"])
        with daemon.client() as client:
            self.assertEqual(client.ask(), "DUNNO")
        daemon.process.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + 20
        while " is loaded: " not in daemon.said():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)
        done = self.control.policyctl("status")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("cannot reach policyd", done.stderr)


class RudeClients(ControlCase):
    def assert_serves(self, daemon):
        with daemon.client() as client:
            started = time.monotonic()
            self.assertEqual(client.ask(), "DUNNO")
            self.assertLess(time.monotonic() - started, 5)
        self.assertEqual(self.control.ask("status")[0], 0)

    def test_what_is_no_command(self):
        daemon = self.start()
        unknown = b"2 16\nunknown command\n"
        for sent in (b"\n", b"stop\n", b"STATUS\n", b"status \n", b" status\n", b"status\r\n",
                     b"reload now\n", b"\0\n", b"status\0\n", b"\xff\xfe\n", b"x" * 63 + b"\n",
                     b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"):
            with self.subTest(sent=sent):
                self.assertEqual(self.control.exchange(sent), unknown)
        for sent in (b"x" * 64, b"x" * 100000, b"x" * (8 << 20)):
            with self.subTest(sent=len(sent)):
                self.assertIn(self.control.exchange(sent), (unknown, b""))
        self.assert_serves(daemon)
        self.assertEqual(self.control.numbers()["reloads"], 0)

    def test_more_behind_a_command(self):
        daemon = self.start()
        for sent in (b"status\nstatus\nreload\n", b"status\n" + b"x" * 1000000):
            self.assertIn(self.control.exchange(sent)[:2], (b"0 ", b""))
        self.assert_serves(daemon)
        self.assertEqual(self.control.numbers()["reloads"], 0)

    def test_gone_before_the_answer(self):
        daemon = self.start()
        for sent in (b"", b"sta", b"status\n", b"reload\n"):
            for _ in range(30):
                with self.control.connect() as client:
                    client.sendall(sent)
        self.assert_serves(daemon)

    def test_silent_and_half_a_line(self):
        """As many as there is room for; they are shown out, and Postfix notices nothing."""
        daemon = self.start()
        silent = [self.control.connect() for _ in range(12)]
        for number, client in enumerate(silent):
            self.addCleanup(client.close)
            if number % 2:
                client.sendall(b"stat")
        with daemon.client() as client:
            for _ in range(100):
                self.assertEqual(client.ask(), "DUNNO")
        started = time.monotonic()
        for client in silent:
            self.assertIn(read_all(client), (b"2 16\nunknown command\n", b""))
        self.assertLess(time.monotonic() - started, 40)
        self.assert_serves(daemon)

    def test_thousands_at_once(self):
        daemon = self.start(RULES, "--workers", "2")
        clients = []
        for _ in range(CLIENTS):
            client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self.addCleanup(client.close)
            client.setblocking(False)
            try:
                client.connect(self.control.path)
                client.send(b"status\n")
                clients.append(client)
            except BlockingIOError:
                client.close()  # the kernel's queue is full
        self.assertGreater(len(clients), 100)
        with daemon.client() as other:
            for _ in range(50):
                self.assertEqual(other.ask(), "DUNNO")
        for client in clients:
            client.settimeout(30)
            self.assertEqual(read_all(client)[:2], b"0 ")
        self.assert_serves(daemon)
        with open(f"/proc/{daemon.process.pid}/status", encoding="ascii") as file:
            self.assertLess(int(re.search(r"Threads:\s+(\d+)", file.read())[1]), 20)

    def test_no_descriptors_left(self):
        """Those that policyd reserves suffice."""
        daemon = self.start(RULES, "--workers", "2", limits=["--nofile=64:64"])
        clients = []
        for _ in range(100):
            clients.append(daemon.client())
            self.addCleanup(clients[-1].close)
        silent = [self.control.connect() for _ in range(7)]
        for client in silent:
            self.addCleanup(client.close)
        self.assertEqual(clients[0].ask(), "DUNNO")
        deadline = time.monotonic() + 10
        numbers = self.control.numbers()
        while numbers["connections"] < numbers["connections_max"]:
            self.assertLess(time.monotonic(), deadline, numbers)
            numbers = self.control.numbers()
        self.assertEqual(self.control.ask("reload")[0], 0)
        before = daemon.cpu_seconds()
        time.sleep(1)
        self.assertLess(daemon.cpu_seconds() - before, 0.3)


class ManyRules(ControlCase):
    """A status of megabytes, for clients that read it and for those that don't."""

    RULES = "".join(f'dunno if sasl_username == "user{n}"\n' for n in range(MANY_RULES)) + "reject\n"

    def test_they_delay_no_decision(self):
        daemon = self.start(self.RULES, "--workers", "2")
        deaf = [self.control.connect() for _ in range(5)]
        for client in deaf:
            self.addCleanup(client.close)
            client.sendall(b"status\n")
        with daemon.client() as client:
            quiet = self.slowest(client, lambda: None)
            busy = self.slowest(client, lambda: self.control.ask("status"))
            print(f"{MANY_RULES} rules: slowest decision beside a status: median "
                  f"{busy[5] * 1e3:.1f} ms; without: {quiet[5] * 1e3:.1f} ms", flush=True)
        self.assertLess(busy[5] - quiet[5], 0.05)
        status, text = self.control.ask("status")
        self.assertEqual(status, 0)
        self.assertEqual(text.count("\nrule "), MANY_RULES + 1)
        self.assertIn("\nrule 1100 dunno ", text)  # 11 rounds of 100
        # They are given up, so the daemon ends in time.
        daemon.stop()

    def slowest(self, client, beside):
        """Of a hundred decisions each, sorted, while something is done over and over."""
        from concurrent.futures import ThreadPoolExecutor

        rounds = []
        with ThreadPoolExecutor(1) as pool:
            for _ in range(11):
                done = pool.submit(beside)
                most = 0
                for _ in range(50):
                    started = time.monotonic()
                    self.assertEqual(client.ask(sasl_username="user7"), "DUNNO")
                    most = max(most, time.monotonic() - started)
                done.result()
                rounds.append(most)
        return sorted(rounds)


if __name__ == "__main__":
    unittest.main()
