"""Abuse: what a client can do to the protocol, again and again for a while. Each has the outcome of
policyd(8), "Trouble with a request"; the daemon's memory is bounded, nothing is left behind, and
other clients are served. How much longer these wait than on a quiet daemon is printed.

In the environment, ABUSE_CONNECTS is how many connects and closes there are, 10,000 by default, and
ABUSE_SLOWER how many times longer another client may wait; then each row is measured ROUNDS times.
"""

import multiprocessing
import os
import resource
import socket
import statistics
import time
import unittest
from unittest import mock

import lib_audit
from lib_case import ScratchCase
from lib_control import Control
from lib_policyd import DENIED, REQUEST, Client, as_bytes, block
from test_protocol import FORGED, LIMIT_BLOCK, LOCAL, REMOTE, sized

CONNECTS = int(os.environ.get("ABUSE_CONNECTS", "10000"))
WINDOW_SECONDS = 0.5  # a row goes on at least so long
PAUSE_SECONDS = 0.0002  # between two requests of the probe, and two of what is abused
REQUEST_TIMEOUT = 1
PERCENTILE = 0.99
SLOWER = float(os.environ.get("ABUSE_SLOWER", "inf"))
ROUNDS = 5 if SLOWER < float("inf") else 1
STARVED_SECONDS = 1
GROWTH = 16 << 20  # bytes of memory, in any row
SILENT = 2000
ONE_WORKER = ("--workers", "1")  # all clients are each other's
CONTROLS = [bytes([byte]) for byte in (*range(32), 127) if byte != ord("\n")]


def be_served_first():
    """Whatever else the machine has to do, if it allows that: the daemon is to be measured."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except PermissionError:
        print("no real-time priority: the times are the machine's too", flush=True)


def be_served_last():
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


def keep_asking(path, stop, out):
    """A client as any: sends the seconds that each of its requests took."""
    took = []
    be_served_first()
    with Client(path) as client:
        while not stop.is_set():
            started = time.perf_counter()
            assert client.ask(instance="probe") == "DUNNO"
            took.append(time.perf_counter() - started)
            time.sleep(PAUSE_SECONDS)
    out.send(took)


class Probe:
    """A process of its own that asks while `with` lasts. Then `p99` is in seconds."""

    def __init__(self, path):
        context = multiprocessing.get_context("fork")
        self.stop = context.Event()
        self.result, out = context.Pipe(duplex=False)
        self.process = context.Process(
            target=keep_asking, args=(path, self.stop, out), daemon=True
        )
        self.p99 = None

    def __enter__(self):
        self.process.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        took = sorted(self.result.recv()) if self.result.poll(20) else []
        self.process.join(20)
        assert took, "the other client was not served"
        self.p99 = took[int(len(took) * PERCENTILE)]


def connect(path):
    """Waits where a line of clients is full, as Client does not."""
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    client.connect(path)
    return client


def converse(path, text, count=1):
    """What comes back."""
    with Client(path) as client:
        try:
            client.send(text)
        except (BrokenPipeError, ConnectionResetError):
            pass  # closed before all was written
        return [client.outcome() for _ in range(count)]


def leave_unfinished(path, text, count=5):
    """What becomes of clients that stop there."""
    clients = [Client(path) for _ in range(count)]
    for client in clients:
        client.send(text)
    outcomes = {client.outcome() for client in clients}
    for client in clients:
        client.close()
    return outcomes


# One turn of each row. It answers what came back.


def byte_at_a_time(path):
    with Client(path) as client:
        for byte in LOCAL:
            client.send(bytes([byte]))
        return client.outcome()


def no_newline(path):
    return leave_unfinished(path, b"x" * (LIMIT_BLOCK - 1))


def no_blank_line(path):
    return converse(path, LOCAL[:-1] * 200)


def never_a_blank_line(path):
    return leave_unfinished(path, LOCAL[:-1] * 10)


def one_byte_too_large(path):
    return converse(path, sized(LIMIT_BLOCK) + sized(LIMIT_BLOCK + 1), 2)


def control_bytes(path):
    places = ("a{}b@outside.example", "{}a@outside.example", "a@outside.example{}")
    texts = [block(sender=place.format(byte.decode())) for byte in CONTROLS for place in places]
    texts += [LOCAL[:-1] + b"a" + byte + b"b=c\n\n" for byte in CONTROLS]
    return set(converse(path, b"".join(texts), len(texts)))


def crlf(path):
    return leave_unfinished(path, LOCAL.replace(b"\n", b"\r\n"))


def crlf_then_an_end(path):
    return converse(path, LOCAL.replace(b"\n", b"\r\n") + b"\n")


def half_then_close(path):
    for _ in range(100):
        with connect(path) as client:
            client.sendall(LOCAL[:300])
        time.sleep(PAUSE_SECONDS)


def silence(path):
    clients = [connect(path) for _ in range(SILENT)]
    time.sleep(WINDOW_SECONDS)
    for client in clients:
        client.close()


def replies_not_read(path):
    clients = [Client(path, 0.05) for _ in range(10)]
    for client in clients:
        try:
            while True:
                client.send(LOCAL * 50)
        except TimeoutError:
            pass
    time.sleep(REQUEST_TIMEOUT + 0.3)
    for client in clients:
        client.close()


def gone_before_the_replies(path):
    for _ in range(50):
        with connect(path) as client:
            client.sendall(LOCAL * 20)
        time.sleep(PAUSE_SECONDS)


def thousands_in_one_write(path):
    return set(converse(path, LOCAL * 2000, 2000))


def connects_and_closes(path):
    for number in range(CONNECTS):
        connect(path).close()
        if number % 5 == 0:
            time.sleep(PAUSE_SECONDS)


def repeated(path):
    return converse(path, LOCAL[:-1] + b"recipient=user@c.example\n" * 2000 + b"\n")


def no_equals_sign(path):
    return [converse(path, REMOTE + text + LOCAL, 2) for text in (b"junk\n\n", b"=\n\n", b"\n")]


def blank_lines(path):
    return converse(path, b"\n" * 10000)


def not_utf8(path):
    values = (b"\xff\xfe", b"\xc3", b"\xed\xa0\x80", b"\xc0\xaf", bytes(range(128, 256)))
    text = b"".join(block(sender=value, recipient=b"u@c.example" + value) for value in values)
    return set(converse(path, text, len(values)))


def urgent_byte(path):
    """recv() stops before it, and the rest waits."""
    with Client(path) as client:
        for _ in range(20):
            client.send(LOCAL[:300])
            client.socket.send(b"!", socket.MSG_OOB)
            client.send(LOCAL[300:])
            assert client.outcome() == "DUNNO"


# case, turn, what it answers, and how much it adds to the counters of trouble
TABLE = [
    ("a byte at a time", byte_at_a_time, "DUNNO", 0, 0),
    ("no newline", no_newline, {"closed"}, 0, 5),
    ("no blank line up to 64 KiB", no_blank_line, ["closed"], 1, 0),
    ("no blank line", never_a_blank_line, {"closed"}, 0, 5),
    ("64 KiB, and one byte more", one_byte_too_large, ["DUNNO", "closed"], 1, 0),
    ("NUL and every control byte", control_bytes, {"DUNNO"}, 0, 0),
    ("CRLF", crlf, {"closed"}, 5, 0),
    ("CRLF, and an end", crlf_then_an_end, ["closed"], 1, 0),
    ("half a request, then close", half_then_close, None, 0, 100),
    ("thousands that say nothing", silence, None, 0, 0),
    ("replies are never read", replies_not_read, None, 0, 10),
    ("gone before the replies", gone_before_the_replies, None, 0, 0),
    ("thousands in one write", thousands_in_one_write, {"DUNNO"}, 0, 0),
    ("connects and closes", connects_and_closes, None, 0, 0),
    ("an attribute repeated", repeated, ["DUNNO"], 0, 0),
    ("no equals sign", no_equals_sign, [[DENIED, "closed"]] * 3, 3, 0),
    ("blank lines", blank_lines, ["closed"], 1, 0),
    ("not UTF-8", not_utf8, {DENIED}, 0, 0),
    ("an urgent byte", urgent_byte, None, 0, 0),
]


def raise_descriptors(count):
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, count), hard))


class Abuse(ScratchCase):
    def setUp(self):
        super().setUp()
        raise_descriptors(SILENT + 500)
        self.control = Control(self.scratch)
        options = self.control.options("--request-timeout", str(REQUEST_TIMEOUT), *ONE_WORKER)
        # What was freed does not count, and a sanitizer would keep hundreds of megabytes of it.
        asan = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=1"
        be_served_first()
        with mock.patch.dict(os.environ, ASAN_OPTIONS=asan):
            self.daemon = self.policyd(options=options)
        be_served_last()

    def memory(self):
        """Bytes of it that are in use."""
        with open(f"/proc/{self.daemon.process.pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * resource.getpagesize()

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.daemon.process.pid}/fd"))

    def quiet_numbers(self):
        """Of the status, once nobody is connected."""
        deadline = time.monotonic() + 10
        while (numbers := self.control.numbers())["connections"] > 0:
            self.assertLess(time.monotonic(), deadline, "connections are left")
            time.sleep(0.01)
        return numbers

    def abuse(self, turn, expected):
        """Answers how many turns there were."""
        count = 0
        started = time.monotonic()
        while time.monotonic() < started + WINDOW_SECONDS:
            self.assertEqual(turn(self.daemon.path), expected)
            count += 1
            time.sleep(PAUSE_SECONDS)
        return count

    def measure(self, turn, expected):
        """The 99th percentile of another client's waits in seconds, on the quiet daemon and beside
        this, and how many turns there were."""
        with Probe(self.daemon.path) as quiet:
            time.sleep(WINDOW_SECONDS)
        with Probe(self.daemon.path) as abused:
            turns = self.abuse(turn, expected)
        return quiet.p99, abused.p99, turns

    def waits(self, turn, expected):
        """The same of all rounds: the medians, and the sum of the turns."""
        rounds = [self.measure(turn, expected) for _ in range(ROUNDS)]
        quiet, abused, turns = zip(*rounds)
        quiet, abused, turns = statistics.median(quiet), statistics.median(abused), sum(turns)
        print(f"{turn.__name__}: {turns} turns, p99 {quiet * 1e6:.0f} us quiet,"
              f" {abused * 1e6:.0f} us abused", flush=True)
        return quiet, abused, turns

    def check(self, turn, expected, malformed, unfinished):
        before = self.quiet_numbers()
        descriptors = self.descriptors()
        memory = self.memory()
        quiet, abused, turns = self.waits(turn, expected)
        after = self.quiet_numbers()
        self.assertEqual(after["malformed"] - before["malformed"], malformed * turns)
        self.assertEqual(after["unfinished"] - before["unfinished"], unfinished * turns)
        self.assertEqual(self.descriptors(), descriptors)
        self.assertLess(self.memory() - memory, GROWTH)
        self.assertLess(abused, STARVED_SECONDS, "other clients are starved")
        self.assertLessEqual(abused, quiet * SLOWER, "other clients wait too long")

    def test_table(self):
        silence(self.daemon.path)
        thousands_in_one_write(self.daemon.path)
        for case, turn, expected, malformed, unfinished in TABLE:
            with self.subTest(case):
                self.check(turn, expected, malformed, unfinished)
        text = self.control.ask("status")[1]
        decisions = [line.split() for line in text.splitlines() if line.startswith("decisions ")]
        lines = lib_audit.read_lines(self.daemon.audit)
        self.assertEqual(len(lines), sum(int(words[2]) for words in decisions))


class Forged(ScratchCase):
    """In every attribute: it reads back as it was sent, and each request has one line."""

    SENT = {**REQUEST, "tls_sni": "", "compatibility_level": "3.6", "mail_version": "3.7.0"}

    def requests(self):
        """(attributes, block)"""
        texts = FORGED + CONTROLS + [b"\xff\xfe", b'x"\r time="2026', b'" truncated="sender']
        rows = [{name: text} for name in lib_audit.ATTRIBUTES for text in texts]
        rows += [dict.fromkeys(lib_audit.ATTRIBUTES, text) for text in texts]
        for row in rows:
            sent = {name: as_bytes(value) for name, value in {**self.SENT, **row}.items()}
            yield sent, block(**sent)

    def test_every_attribute(self):
        daemon = self.policyd()
        requests = list(self.requests())
        with daemon.client() as client:
            for _, text in requests:
                client.send(text)
                client.receive()
        entries = daemon.entries()
        self.assertEqual(len(entries), len(requests))
        for (sent, _), entry in zip(requests, entries):
            found = {name: entry[name] for name in lib_audit.ATTRIBUTES if name in entry}
            del sent["request"]
            self.assertEqual(found, {name: value for name, value in sent.items() if value})
            local = sent["recipient"] == b"user@local.example"
            self.assertEqual(entry["decision"].decode(), "DUNNO" if local else DENIED)
            self.assertNotIn("odd", entry)
            self.assertNotIn("truncated", entry)


if __name__ == "__main__":
    unittest.main()
