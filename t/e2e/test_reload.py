"""Reload: nobody notices but by the answers. 200 of them, good and bad, under load from a hundred
connections; what is read anew; what `policyctl reload` says; reloads that meet.

LIST_ENTRIES in the environment sets how long a list is loaded under load. What a delay is, is
measured against the same load without reloads, as the machine may be busy otherwise; the figures
are printed.
"""

import os
import re
import selectors
import signal
import socket
import statistics
import subprocess
import threading
import time
import unittest
from unittest import mock

from lib_case import ScratchCase
from lib_control import Control
from lib_policyd import Policyd, block, program

RELOADS = 200
CONNECTIONS = 100
LIST_ENTRIES = int(os.environ.get("LIST_ENTRIES", 20000))
DELAY = 0.05  # seconds that a reload may cost a request
GIVE_UP = 20
BAD_RULES = (
    "permit if client_adress\ndunno\n",
    "",
    'permit if (\n\nreject "4.7.1 No"\npermit if recipient matches /(/\ndunno\n',
)
UNPROVED_RULES = "permit\n"


def version_rules(version, extra=""):
    return f'{extra}reject "5.7.1 version {version}"\n'


class Crowd(threading.Thread):
    """Connections that ask one request at a time as fast as they are answered, and one new one
    after the other that asks once. Every reply must be `version N` of a version that was in service
    or on its way there while the request was: from `floor` when it was sent to `ceiling`."""

    def __init__(self, path, floor, connections=CONNECTIONS):
        super().__init__(daemon=True)
        self.path = path
        self.floor = self.ceiling = floor
        self.stopping = False
        self.replies = 0
        self.newcomers = 0
        self.delays = []  # (when it was over, seconds, newcomer)
        self.faults = []
        self.selector = selectors.DefaultSelector()
        self.connections = connections
        self.sent = {}  # socket: (when, floor, newcomer)
        self.block = block(instance="crowd")

    def add(self, newcomer):
        client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        client.settimeout(GIVE_UP)
        started = time.monotonic()
        client.connect(self.path)
        self.selector.register(client, selectors.EVENT_READ)
        self.ask(client, newcomer, started)

    def ask(self, client, newcomer, started=None):
        self.sent[client] = (started or time.monotonic(), self.floor, newcomer)
        client.send(self.block)

    def run(self):
        try:
            for _ in range(self.connections):
                self.add(False)
            self.add(True)
            while self.sent:
                ready = self.selector.select(GIVE_UP)
                if not ready:
                    self.faults.append(f"{len(self.sent)} requests have no answer")
                    return
                for key, _ in ready:
                    self.take(key.fileobj)
        except OSError as error:
            self.faults.append(f"{error!r}")

    def take(self, client):
        started, floor, newcomer = self.sent.pop(client)
        reply = client.recv(4096)
        now = time.monotonic()
        match = re.fullmatch(rb"action=REJECT 5\.7\.1 version (\d+)\n\n", reply)
        if not match or not floor <= int(match[1]) <= self.ceiling:
            self.faults.append(f"{reply!r} is not of {floor} to {self.ceiling}")
        self.delays.append((now, now - started, newcomer))
        self.replies += 1
        if newcomer or not match or self.stopping:
            self.selector.unregister(client)
            client.close()
            self.newcomers += newcomer
            if newcomer and not self.stopping:
                self.add(True)
        else:
            self.ask(client, False)

    def stop(self):
        self.stopping = True
        self.join(GIVE_UP + 5)
        assert not self.is_alive(), "the crowd hangs"

    def slowest(self, start, end, newcomer):
        """The longest delay that was over in this span."""
        return max(
            (d for at, d, new in self.delays if start <= at <= end and new == newcomer), default=0
        )


def resident(daemon):
    """KiB: proc(5)."""
    with open(f"/proc/{daemon.process.pid}/status", encoding="ascii") as file:
        return int(re.search(r"VmRSS:\s+(\d+) kB", file.read())[1])


def is_sanitized():
    with open(program("policyd"), "rb") as file:
        data = file.read()
    return b"__asan_init" in data or b"__tsan_init" in data


class ReloadCase(ScratchCase):
    def setUp(self):
        super().setUp()
        self.control = Control(self.scratch)

    def start(self, rules, *options, **others):
        return self.policyd(rules, options=self.control.options(*options), **others)

    def write(self, rules):
        self.scratch.write("test.rules", rules)

    def reload(self, status=0):
        done = self.control.policyctl("reload")
        self.assertEqual(done.returncode, status, done)
        return done


class UnderLoad(ReloadCase):
    def run_reloads(self, crowd, daemon, count, extra=lambda version: ""):
        """Good and bad in turn, each kind by policyctl and by SIGHUP in turn; the spans of time of
        the good ones, and the memory after the tenth and the last."""
        spans = []
        memory = []
        version = crowd.floor
        for number in range(count):
            good = number % 2 == 0
            if good:
                version += 1
                crowd.ceiling = version
                self.write(version_rules(version, extra(version)))
            else:
                self.write((*BAD_RULES, UNPROVED_RULES)[number // 2 % 4])
            started = time.monotonic()
            self.ask_for_reload(daemon, number)
            if good:
                crowd.floor = version
                spans.append((started, time.monotonic()))
            if number in (9, count - 1):
                memory.append(resident(daemon))
            self.assertEqual(crowd.faults[:3], [])
        return spans, memory

    def ask_for_reload(self, daemon, number):
        before = self.control.numbers()
        if number // 2 % 2:
            daemon.process.send_signal(signal.SIGHUP)
            self.control.wait_for_reload(before["reloads"] + before["reloads_failed"] + 1)
        else:
            wanted = 0 if number % 2 == 0 else 1 if number // 2 % 4 == 3 else 2
            self.assertEqual(self.control.ask("reload")[0], wanted)
        after = self.control.numbers()
        self.assertEqual(after["reloads"], before["reloads"] + (number % 2 == 0))

    def assert_no_delay(self, crowd, quiet, spans):
        """Compares spans of the same length with and without reloads. What a reload delays, it
        delays each time, so the median tells; a busy machine does so now and then."""
        length = max(statistics.median(end - start for start, end in spans), 0.02)
        quiet = [(quiet[0] + i * length, quiet[0] + (i + 1) * length)
                 for i in range(max(1, int((quiet[1] - quiet[0]) / length)))]
        for newcomer, name in ((False, "connections"), (True, "new connections")):
            without = sorted(crowd.slowest(*span, newcomer) for span in quiet)
            during = sorted(crowd.slowest(*span, newcomer) for span in spans)
            beyond = sum(delay > DELAY for delay in during)
            print(f"{self.id().rpartition('.')[2]}: {name}: slowest in a reload: median "
                  f"{statistics.median(during) * 1e3:.1f} ms, most {during[-1] * 1e3:.1f} ms, "
                  f"{beyond} of {len(during)} beyond 50 ms; without: median "
                  f"{statistics.median(without) * 1e3:.1f} ms, most {without[-1] * 1e3:.1f} ms")
            self.assertLess(statistics.median(during) - statistics.median(without), DELAY, name)
        print(f"{crowd.replies} replies, {crowd.newcomers} new connections", flush=True)

    def start_crowd(self, daemon):
        """And waits for a second, in which nothing is reloaded."""
        crowd = Crowd(daemon.path, 0)
        self.addCleanup(crowd.stop)
        crowd.start()
        time.sleep(0.2)
        start = time.monotonic()
        time.sleep(1)
        return crowd, (start, time.monotonic())

    def check_end(self, crowd, daemon):
        crowd.stop()
        self.assertEqual(crowd.faults[:3], [])
        self.assertGreater(crowd.newcomers, 100)
        said = daemon.said()
        self.assertNotIn("closed", said)
        self.assertEqual(sum(self.control.status()["decisions"].values()), crowd.replies)

    def test_two_hundred(self):
        daemon = self.start(version_rules(0), "--workers", "2")
        crowd, quiet = self.start_crowd(daemon)
        spans, memory = self.run_reloads(crowd, daemon, RELOADS)
        self.check_end(crowd, daemon)
        self.assert_no_delay(crowd, quiet, spans)
        print(f"memory: {memory[0]} KiB after the tenth, {memory[1]} KiB at the end", flush=True)
        # AddressSanitizer keeps what is freed, up to 256 MiB.
        spare = 300 << 10 if is_sanitized() else 1 << 10
        self.assertLess(memory[1], memory[0] * 1.05 + spare)

    def test_a_long_list(self):
        path = self.scratch.join("listed")
        with open(path, "w", encoding="ascii") as file:
            for number in range(LIST_ENTRIES):
                print(f"host{number}.listed.example", file=file)

        def listing(version):
            with open(path, "a", encoding="ascii") as file:
                print(f"version{version}.listed.example", file=file)
            return 'domains listed = file "listed"\ndunno if sender in listed\n'

        daemon = self.start(version_rules(0), "--workers", "2")
        crowd, quiet = self.start_crowd(daemon)
        spans, memory = self.run_reloads(crowd, daemon, 20, listing)
        self.check_end(crowd, daemon)
        self.assert_no_delay(crowd, quiet, spans)
        print(f"a list of {LIST_ENTRIES}: a reload took "
              f"{statistics.median(end - start for start, end in spans):.2f} s; memory: "
              f"{memory[0]} KiB after the tenth, {memory[1]} KiB at the end", flush=True)

    def test_signals_without_a_pause(self):
        """Far more than can be loaded, on connections that come and go: none waits for ever."""
        daemon = self.start(version_rules(0), "--workers", "2")
        crowd = Crowd(daemon.path, 0)
        self.addCleanup(crowd.stop)
        crowd.start()
        for version in range(1, 300):
            crowd.ceiling = version
            path = self.scratch.write("next.rules", version_rules(version))
            os.rename(path, self.scratch.join("test.rules"))
            daemon.process.send_signal(signal.SIGHUP)
            time.sleep(0.002)
        self.reload()
        crowd.floor = version
        time.sleep(0.1)
        self.check_end(crowd, daemon)


class WhatIsRead(ReloadCase):
    def test_lists_in_files(self):
        self.scratch.write("local", "one.example\n")
        daemon = self.start('domains local = file "local"\ndunno if recipient in local\nreject\n')
        with daemon.client() as client:
            self.assertEqual(client.ask(recipient="u@two.example"), "REJECT")
            self.scratch.write("local", "two.example\n")
            self.assertEqual(client.ask(recipient="u@two.example"), "REJECT")
            self.reload()
            self.assertEqual(client.ask(recipient="u@two.example"), "DUNNO")
            self.assertEqual(client.ask(recipient="u@one.example"), "REJECT")
            os.unlink(self.scratch.join("local"))
            self.reload(2)
            self.assertEqual(client.ask(recipient="u@two.example"), "DUNNO")

    def test_lists_of_postconf(self):
        value = self.scratch.write("value", "192.0.2.0/24")
        folder = self.scratch.join("bin")
        os.mkdir(folder)
        postconf = self.scratch.write("bin/postconf", f"#!/bin/sh\nexec cat '{value}'\n")
        os.chmod(postconf, 0o755)
        with mock.patch.dict(os.environ, {"PATH": f"{folder}:{os.environ['PATH']}"}):
            daemon = self.start(
                "networks trusted = postconf mynetworks\npermit if client_address in trusted\n"
                "reject\n"
            )
        with daemon.client() as client:
            self.assertEqual(client.ask(client_address="198.51.100.1"), "REJECT")
            self.scratch.write("value", "198.51.100.0/24")
            self.reload()
            self.assertEqual(client.ask(client_address="198.51.100.1"), "OK")
            self.assertEqual(client.ask(client_address="192.0.2.1"), "REJECT")
            os.chmod(postconf, 0)
            self.assertIn("postconf", self.reload(2).stderr)
            self.assertEqual(client.ask(client_address="198.51.100.1"), "OK")

    def test_the_file_vanishes_and_comes_back(self):
        daemon = self.start(version_rules(0))
        os.unlink(daemon.rules)
        self.assertIn("No such file", self.reload(2).stderr)
        os.mkdir(daemon.rules)
        self.reload(2)
        os.rmdir(daemon.rules)
        with daemon.client() as client:
            self.assertEqual(client.ask(), "REJECT 5.7.1 version 0")
            self.assertEqual(self.control.status()["reload_result"], "failed")
            self.write(version_rules(1))
            self.reload()
            self.assertEqual(client.ask(), "REJECT 5.7.1 version 1")
        status = self.control.status()
        self.assertEqual(status["reload_result"], "good")
        self.assertEqual((status["reloads"], status["reloads_failed"]), (1, 2))


class WhatIsSaid(ReloadCase):
    def check(self, rules):
        return subprocess.run([program("policyctl"), "check", rules], capture_output=True,
                              text=True, check=False)

    def test_a_bad_file(self):
        daemon = self.start(version_rules(0))
        with daemon.client() as client:
            for number, rules in enumerate((*BAD_RULES, UNPROVED_RULES), 1):
                with self.subTest(rules=rules):
                    self.write(rules)
                    self.compare_with_check(daemon, rules == UNPROVED_RULES)
                    self.assertEqual(client.ask(), "REJECT 5.7.1 version 0")
                    self.assertEqual(self.control.numbers()["reloads_failed"], number)

    def compare_with_check(self, daemon, unproved):
        check = self.check(daemon.rules)
        self.assertEqual(check.returncode, 1 if unproved else 2)
        done = self.reload(check.returncode)
        self.assertEqual(done.stdout, "")
        stays = f"{daemon.rules} is not loaded; the rules in service stay"
        self.assertEqual(done.stderr, f"{check.stderr}{stays}\n")
        for line in filter(None, done.stderr.splitlines()):
            self.assertIn(f"policyd: error: {line}\n", daemon.said())
        status = self.control.status()
        self.assertEqual(status["reload_result"], "unproved" if unproved else "failed")
        self.assertEqual(status["reload_text"], stays)

    def test_what_changed(self):
        daemon = self.start('dunno if sender\nreject "5.7.1 a"\n')
        hashes = [self.control.status()["ruleset"]]
        done = self.reload()
        self.assertEqual(done.stdout,
                         f"{daemon.rules} is loaded: ruleset {hashes[0]}, nothing changed\n")
        self.assertEqual(done.stderr, "")
        self.write('dunno if sender\ndunno if helo_name\nreject "5.7.1 b"\n')
        done = self.reload()
        hashes.append(self.control.status()["ruleset"])
        self.assertEqual(done.stdout,
                         f"{daemon.rules} is loaded: ruleset {hashes[1]} instead of {hashes[0]}, "
                         "3 rules, 2 of them new, 1 gone\n")
        self.assertIn(f"policyd: info: {done.stdout}", daemon.said())

    def test_nobody_listens(self):
        done = self.control.policyctl("reload")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("cannot reach policyd", done.stderr)


class Meeting(ReloadCase):
    def slow_postconf(self, seconds=1.0):
        """PATH with a postconf that takes its time."""
        folder = self.scratch.join("bin")
        os.makedirs(folder, exist_ok=True)
        postconf = self.scratch.write(
            "bin/postconf",
            f"#!/bin/sh\necho >>'{self.scratch.join('runs')}'\nsleep {seconds}\necho 192.0.2.1\n")
        os.chmod(postconf, 0o755)
        return mock.patch.dict(os.environ, {"PATH": f"{folder}:{os.environ['PATH']}"})

    def slow_rules(self, version):
        return version_rules(version, "networks trusted = postconf mynetworks\n"
                             "permit if client_address in trusted\n")

    def runs(self):
        with open(self.scratch.join("runs"), encoding="ascii") as file:
            return len(file.readlines())

    def wait_for_run(self, number):
        deadline = time.monotonic() + 20
        while not os.path.exists(self.scratch.join("runs")) or self.runs() < number:
            self.assertLess(time.monotonic(), deadline, "postconf was not run")
            time.sleep(0.01)

    def in_threads(self, count, what):
        results = []
        threads = [threading.Thread(target=lambda: results.append(what())) for _ in range(count)]
        for thread in threads:
            thread.start()
        return threads, results

    def test_asked_for_while_one_runs(self):
        """It may have read an older file, so there is one more, and only one, for all who asked."""
        with self.slow_postconf():
            daemon = self.start(self.slow_rules(0))
        first, results = self.in_threads(1, lambda: self.control.ask("reload"))
        self.wait_for_run(2)
        self.write(self.slow_rules(1))
        others, more = self.in_threads(4, lambda: self.control.ask("reload"))
        for _ in range(5):
            daemon.process.send_signal(signal.SIGHUP)
        for thread in first + others:
            thread.join(30)
        self.assertEqual([status for status, _ in results + more], [0] * 5)
        for _, text in more:
            self.assertIn(self.control.status()["ruleset"], text)
        with daemon.client() as client:
            self.assertEqual(client.ask(), "REJECT 5.7.1 version 1")
        self.assertEqual(self.runs(), 3)
        self.assertEqual(self.control.numbers()["reloads"], 2)

    def test_answers_while_one_runs(self):
        with self.slow_postconf():
            daemon = self.start(self.slow_rules(0))
        asking, _ = self.in_threads(1, lambda: self.control.ask("reload"))
        self.wait_for_run(2)
        with daemon.client() as client:
            for _ in range(100):
                self.assertEqual(client.ask(), "REJECT 5.7.1 version 0")
        self.assertEqual(self.control.numbers()["reloads"], 0)
        asking[0].join(30)

    def test_stopped_while_one_runs(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number.name):
                self.write("")
                with self.slow_postconf():
                    daemon = self.start(self.slow_rules(0))
                run = self.runs() + 1
                first, results = self.in_threads(1, lambda: self.control.ask("reload"))
                self.wait_for_run(run)
                second, more = self.in_threads(1, lambda: self.control.exchange(b"reload\n"))
                time.sleep(0.1)
                daemon.stop(number)
                for thread in first + second:
                    thread.join(30)
                self.assertEqual(results, [(2, "policyd is stopping\n")])
                self.assertIn(more, ([b"2 20\npolicyd is stopping\n"], [b""]))  # [b""]: too late
                self.assertFalse(os.path.exists(self.control.path))

    def test_stopped_before_the_next_list(self):
        """It waits for the postconf that runs, and for no other."""
        lists = ", ".join(["postconf mynetworks"] * 10)
        rules = f"networks trusted = {lists}\npermit if client_address in trusted\ndunno\n"
        with self.slow_postconf(0.2):
            daemon = self.start(rules)
        daemon.process.send_signal(signal.SIGHUP)
        self.wait_for_run(11)
        daemon.stop()
        self.assertLess(self.runs(), 13)

    def test_signalled_while_it_stops(self):
        """The thread that reads the rules is waited for, and the signal is taken after that."""
        with self.slow_postconf():
            daemon = self.start(self.slow_rules(0))
        daemon.process.send_signal(signal.SIGHUP)
        self.wait_for_run(2)
        daemon.process.send_signal(signal.SIGTERM)
        time.sleep(0.1)
        daemon.process.send_signal(signal.SIGHUP)
        daemon.stop()

    def test_stopped_at_any_moment(self):
        """Nothing is asked of what is gone by then."""
        for turn in range(12):
            daemon = self.start(version_rules(0), "--workers", "2")
            stopping = threading.Event()

            def pester():
                while not stopping.is_set():
                    try:
                        self.control.exchange(b"status\n")
                        self.control.exchange(b"reload\n")
                    except (FileNotFoundError, ConnectionRefusedError):
                        time.sleep(0.001)

            threads, _ = self.in_threads(8, pester)
            try:
                time.sleep(0.05 + turn * 0.003)
                daemon.process.send_signal(signal.SIGHUP)
                daemon.stop()
            finally:
                stopping.set()
            for thread in threads:
                thread.join(30)
                self.assertFalse(thread.is_alive())

    def test_a_silent_client_does_not_hold_up_the_stop(self):
        daemon = self.start(version_rules(0))
        with self.control.connect(), self.control.connect() as half:
            half.sendall(b"stat")
            self.control.numbers()  # they were accepted before it
            started = time.monotonic()
            daemon.stop()
            self.assertLess(time.monotonic() - started, 5)

    def test_asked_for_at_the_start(self):
        """Rules that are being read may be older than the signal."""
        with self.slow_postconf():
            daemon = Policyd(self.scratch, self.slow_rules(0), options=self.control.options())
            self.addCleanup(lambda: daemon.process and daemon.stop())
            daemon.spawn()
        self.wait_for_run(1)
        self.write(self.slow_rules(1))
        daemon.process.send_signal(signal.SIGHUP)
        self.wait_for_run(2)
        self.assertEqual(self.control.wait_for_reload(1)["reloads"], 1)
        with daemon.client() as client:
            self.assertEqual(client.ask(), "REJECT 5.7.1 version 1")


if __name__ == "__main__":
    unittest.main()
