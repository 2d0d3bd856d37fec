"""Protocol: what the running daemon makes of bytes, well formed or not. A request that can't be
read is never answered: it is logged, and the connection closed."""

import datetime
import re
import threading
import time
import unittest

from lib_case import ScratchCase
from lib_policyd import DENIED, REQUEST, block
from lib_postfix import wait_text

LIMIT_BLOCK = 65536
LIMIT_RECEIVE = 8192
LIMIT_AUDIT_VALUE = 1024
TIMEOUT = 1

LOCAL = block(recipient="user@local.example")
REMOTE = block(recipient="user@c.example")
REVERSED = b"".join(reversed(LOCAL[:-1].splitlines(keepends=True))) + b"\n"


def sized(size):
    """A request of exactly so many bytes."""
    return block(helo_name="h" * (size - len(block(helo_name=""))))


def without(*names):
    return block(**dict.fromkeys(names))


# case, what is written, what comes back
BLOCKS = [
    ("one request", LOCAL, ["DUNNO"]),
    ("five in one write", (LOCAL + REMOTE) * 2 + LOCAL, ["DUNNO", DENIED] * 2 + ["DUNNO"]),
    ("a thousand in one write", LOCAL * 1000, ["DUNNO"] * 1000),
    ("attributes in another order", REVERSED, ["DUNNO"]),
    ("only request= and recipient=", b"request=smtpd_access_policy\nrecipient=a@local.example\n\n",
     ["DUNNO"]),
    ("no attribute but request=", b"request=smtpd_access_policy\n\n", [DENIED]),
    ("exactly one receive", sized(LIMIT_RECEIVE) + REMOTE, ["DUNNO", DENIED]),
    ("a byte less", sized(LIMIT_RECEIVE - 1) + REMOTE, ["DUNNO", DENIED]),
    ("a byte more", sized(LIMIT_RECEIVE + 1) + REMOTE, ["DUNNO", DENIED]),
    ("exactly 64 KiB", sized(LIMIT_BLOCK), ["DUNNO"]),
    ("64 KiB twice", sized(LIMIT_BLOCK) * 2, ["DUNNO", "DUNNO"]),
    ("64 KiB and a small one", sized(LIMIT_BLOCK) + REMOTE, ["DUNNO", DENIED]),
    ("one byte more than 64 KiB", sized(LIMIT_BLOCK + 1), ["closed"]),
    ("a megabyte without an end", b"sender=" + b"x" * 1000000, ["closed"]),
    ("a good one, then one too large", LOCAL + sized(LIMIT_BLOCK + 1), ["DUNNO", "closed"]),
    ("a user name of 20,000 bytes", block(sasl_username="u" * 20000), ["DUNNO"]),
    ("a line without '='", block().replace(b"size=1024", b"size 1024"), ["closed"]),
    ("a line that is only '='", block().replace(b"size=1024", b"="), ["closed"]),
    ("a line without a name", block().replace(b"size=", b"="), ["closed"]),
    ("a good one, then a malformed one", LOCAL + b"nonsense\n\n" + LOCAL, ["DUNNO", "closed"]),
    ("no request=", without("request"), ["closed"]),
    ("an empty request=", block(request=""), ["closed"]),
    ("another request=", block(request="junk"), ["closed"]),
    ("request= in capitals", block(request="SMTPD_ACCESS_POLICY"), ["closed"]),
    ("an empty block", b"\n", ["closed"]),
    ("two empty blocks", b"\n\n", ["closed"]),
    ("a good one, then an empty block", LOCAL + b"\n", ["DUNNO", "closed"]),
    ("an unknown attribute", block(no_such_attribute="user@local.example"), ["DUNNO"]),
    ("an attribute in capitals", block(RECIPIENT="user@c.example"), ["DUNNO"]),
    ("a value that holds '='", block(sender="a=b=c@outside.example"), ["DUNNO"]),
    ("a recipient of many '='", block(recipient="=a==@local.example="), [DENIED]),
    ("white space around a name", block().replace(b"recipient=", b" recipient ="), [DENIED]),
    ("white space around a value", block(recipient=" user@local.example "), [DENIED]),
    ("a repeated attribute, the first wins",
     LOCAL[:-1] + b"recipient=user@c.example\n\n", ["DUNNO"]),
    ("a repeated attribute, the first loses",
     REMOTE[:-1] + b"recipient=user@local.example\n\n", [DENIED]),
    ("a repeated request=", LOCAL[:-1] + b"request=junk\n\n", ["DUNNO"]),
    ("an empty recipient repeated", block(recipient="")[:-1] + b"recipient=user@local.example\n\n",
     [DENIED]),
    ("NUL in a value", block(sender=b"a\0b@outside.example"), ["DUNNO"]),
    ("NUL behind a local domain", block(recipient=b"user@local.example\0.c.example"), [DENIED]),
    ("NUL before a local domain", block(recipient=b"user@c.example\0@local.example"), [DENIED]),
    ("NUL in a name", block().replace(b"recipient=", b"recip\0ient="), [DENIED]),
    ("bytes that are not UTF-8", block(sender=b"\xff\xfe\x80@outside.example"), ["DUNNO"]),
    ("not UTF-8 in the domain", block(recipient=b"user@local.example\xff"), [DENIED]),
    ("control characters", block(sender=b"\x01\x0b\x0c\x1b\x7f@outside.example"), ["DUNNO"]),
    ("CR at the end of a value", block(recipient="user@local.example\r"), [DENIED]),
    ("CR at the end of request=", block(request="smtpd_access_policy\r"), ["closed"]),
    ("CRLF throughout", LOCAL.replace(b"\n", b"\r\n"), ["closed"]),
    ("CRLF, and an end after it", block().replace(b"\n", b"\r\n")[:-2] + b"\n", ["closed"]),
    ("an address that is none", block(client_address="192.0.2"), ["DUNNO"]),
    ("an address with NUL", block(client_address=b"192.0.2.1\0", recipient="u@c.example"),
     [DENIED]),
    ("an address with a prefix", block(client_address="192.0.2.1/24", recipient="u@c.example"),
     [DENIED]),
    ("an address with white space", block(client_address=" 192.0.2.1", recipient="u@c.example"),
     [DENIED]),
    ("trusted", block(client_address="192.0.2.1", recipient="u@c.example"), ["OK"]),
    ("trusted, v4-mapped", block(client_address="::ffff:192.0.2.1", recipient="u@c.example"),
     ["OK"]),
    ("a number that is none", block(size="-1", recipient_count="99999999999999999999"), ["DUNNO"]),
]  # fmt: skip

# case, what is written and then not gone on with
UNFINISHED = [
    ("one byte", b"r"),
    ("half a block", LOCAL[: len(LOCAL) // 2]),
    ("all but the last byte", LOCAL[:-1]),
    ("64 KiB without an end", b"sender=" + b"x" * (LIMIT_BLOCK - 7)),
]

FORGED = [
    b'x" decision="OK',
    b'x" decision="OK" rule="forged:1',
    b"x\\x22 decision=\\x22OK",
    b'x\\" decision="OK',
    b"x\\",
    b'"',
    b" ",
    b"x\r2026-01-01T00:00:00",
    b"\x1b[2J\x07",
    "üñí\u2028cödé@bücher.example".encode(),
    bytes(byte for byte in range(256) if byte not in b"\n"),
]


class Blocks(ScratchCase):
    def setUp(self):
        super().setUp()
        self.daemon = self.policyd(options=["--request-timeout", "20"])

    def converse(self, pieces, count, pause=0):
        with self.daemon.client() as client:
            for piece in pieces:
                client.send(piece)
                time.sleep(pause)
            return [client.outcome() for _ in range(count)]

    def test_blocks(self):
        for case, text, expected in BLOCKS:
            with self.subTest(case):
                # a reply more than is due would be seen as the next outcome
                ends = expected[-1] == "closed"
                pieces, due = ([text], expected) if ends else ([text, REMOTE], expected + [DENIED])
                try:
                    outcomes = self.converse(pieces, len(due))
                except (BrokenPipeError, ConnectionResetError):
                    outcomes = ["closed"]  # while the rest of a block too large was written
                self.assertEqual(outcomes, due)

    def test_trouble_is_logged(self):
        for case, text, expected in BLOCKS:
            if expected[-1] == "closed" and len(text) <= LIMIT_BLOCK:
                with self.subTest(case):
                    before = len(self.daemon.said())
                    self.converse([text], len(expected))
                    self.assertRegex(self.daemon.said()[before:], r"policyd: warning: client .*\n")

    def test_byte_at_a_time(self):
        text = LOCAL + REMOTE
        pieces = [text[at : at + 1] for at in range(len(text))]
        self.assertEqual(self.converse(pieces, 2), ["DUNNO", DENIED])

    def test_split_anywhere(self):
        text = LOCAL + REMOTE
        with self.daemon.client() as client:
            for at in range(1, len(text)):
                client.send(text[:at])
                if at % 5 == 0:
                    time.sleep(0.002)  # so that the daemon sees two parts
                client.send(text[at:])
                outcomes = [client.outcome(), client.outcome()]
                self.assertEqual(outcomes, ["DUNNO", DENIED], f"split at byte {at}")

    def test_large_block_in_parts(self):
        text = sized(LIMIT_BLOCK)
        pieces = [text[at : at + 1000] for at in range(0, len(text), 1000)]
        for case, pause in (("at once", 0), ("one by one", 0.002)):
            with self.subTest(case):
                outcomes = self.converse(pieces + [REMOTE], 2, pause)
                self.assertEqual(outcomes, ["DUNNO", DENIED])

    def test_reply_is_exact(self):
        with self.daemon.client() as client:
            client.send(LOCAL)
            received = b""
            while len(received) < len(b"action=DUNNO\n\n"):
                received += client.socket.recv(100)
            self.assertEqual(received, b"action=DUNNO\n\n")

    def test_half_a_block_then_close(self):
        for case, text in UNFINISHED:
            with self.subTest(case):
                with self.daemon.client() as client:
                    client.send(text)
                self.assertEqual(self.converse([LOCAL], 1), ["DUNNO"])

    def test_end_of_input_behind_a_request(self):
        for case, text, expected in (
            ("one request", LOCAL, ["DUNNO", "closed"]),
            ("a hundred", LOCAL * 100, ["DUNNO"] * 100 + ["closed"]),
            ("one and a half", LOCAL + LOCAL[:100], ["DUNNO", "closed"]),
            ("nothing", b"", ["closed"]),
        ):
            with self.subTest(case), self.daemon.client() as client:
                client.send(text)
                client.socket.shutdown(1)
                self.assertEqual([client.outcome() for _ in expected], expected)


class Unfinished(ScratchCase):
    def setUp(self):
        super().setUp()
        self.daemon = self.policyd(options=["--request-timeout", str(TIMEOUT)])

    def test_closed_without_a_reply(self):
        clients = []
        started = time.monotonic()
        for _, text in UNFINISHED:
            client = self.daemon.client()
            self.addCleanup(client.close)
            client.send(text)
            clients.append(client)
        for (case, _), client in zip(UNFINISHED, clients):
            with self.subTest(case):
                self.assertEqual(client.outcome(), "closed")
                self.assertGreater(time.monotonic() - started, TIMEOUT - 0.1)
        self.assertLess(time.monotonic() - started, TIMEOUT + 2)
        self.assertEqual(self.daemon.entries(), [])

    def test_drops_do_not_prolong_it(self):
        started = time.monotonic()
        with self.daemon.client() as client:
            client.socket.settimeout(0.05)
            for at in range(len(LOCAL)):
                try:
                    client.send(LOCAL[at : at + 1])
                except BrokenPipeError:
                    break
                if client.outcome() == "closed":
                    break
        self.assertLess(time.monotonic() - started, TIMEOUT + 2)
        self.assertEqual(self.daemon.entries(), [])

    def test_idle_connection_stays(self):
        with self.daemon.client() as idle, self.daemon.client() as used:
            self.assertEqual(used.ask(), "DUNNO")
            time.sleep(2.5 * TIMEOUT)
            self.assertEqual(idle.ask(), "DUNNO")
            self.assertEqual(used.ask(), "DUNNO")

    def test_each_request_has_its_own_time(self):
        with self.daemon.client() as client:
            for _ in range(4):
                client.send(LOCAL[:100])
                time.sleep(0.6 * TIMEOUT)
                client.send(LOCAL[100:])
                self.assertEqual(client.receive(), "DUNNO")

    def test_reply_that_is_not_read(self):
        with self.daemon.client() as client:
            client.socket.settimeout(0.3)
            try:
                while True:
                    client.send(LOCAL * 50)
            except TimeoutError:
                pass
            time.sleep(2 * TIMEOUT)
            with self.daemon.client() as other:
                self.assertEqual(other.ask(), "DUNNO")
            self.assertRegex(self.daemon.said(), "does not read its replies")


class Late(ScratchCase):
    """A client that reads its replies late: what no socket holds waits with the daemon."""

    COUNT = 20000

    def setUp(self):
        super().setUp()
        self.daemon = self.policyd(options=["--request-timeout", "20"])

    def test_every_reply_comes(self):
        for case, text, last in (
            ("one more request", REMOTE, DENIED),
            ("a malformed one", b"nonsense\n\n", "closed"),
        ):
            with self.subTest(case), self.daemon.client() as client:
                text = LOCAL * self.COUNT + text
                sender = threading.Thread(target=client.send, args=(text,))
                sender.start()
                time.sleep(0.3)
                outcomes = [client.outcome() for _ in range(self.COUNT)]
                sender.join()
                self.assertEqual(set(outcomes), {"DUNNO"})
                self.assertEqual(client.outcome(), last)

    def test_every_reply_comes_before_the_close(self):
        """Wherever what the sockets hold ends: somewhere between the first and the last count."""
        request = b"request=smtpd_access_policy\n\n"
        for count in range(2000, 8000, 50):
            with self.subTest(count), self.daemon.client() as client:
                text = request * count + b"nonsense\n\n"
                sender = threading.Thread(target=client.send, args=(text,))
                sender.start()
                time.sleep(0.005)
                outcomes = [client.outcome() for _ in range(count + 1)]
                sender.join()
                self.assertEqual(outcomes, [DENIED] * count + ["closed"])

    def test_gone_without_reading(self):
        with self.daemon.client() as client:
            client.socket.settimeout(0.3)
            with self.assertRaises(TimeoutError):
                while True:
                    client.send(LOCAL * 50)
        with self.daemon.client() as other:
            self.assertEqual(other.ask(), "DUNNO")
        self.assertTrue(
            wait_text(self.daemon.said, "a reply was not sent: ", 10), self.daemon.said()
        )


class Audit(ScratchCase):
    def setUp(self):
        super().setUp()
        self.daemon = self.policyd()
        self.count = 0

    def logged(self, text=None, **attributes):
        """The audit line of a request."""
        with self.daemon.client() as client:
            client.send(text or block(**attributes))
            client.receive()
        entries = self.daemon.entries()
        self.count += 1
        self.assertEqual(len(entries), self.count)
        return entries[-1]

    def test_every_attribute_as_it_was_sent(self):
        sent = {**REQUEST, **{name: f"{name} x" for name, value in REQUEST.items() if not value}}
        sent.update(tls_sni="mx.local.example", compatibility_level="3.6", mail_version="3.12.0")
        entry = self.logged(block(**sent))
        del sent["request"]
        self.assertEqual({name: entry.get(name, b"").decode() for name in sent}, sent)
        self.assertEqual(entry["decision"], b"DUNNO")
        self.assertEqual(entry["rule"].decode(), self.daemon.rules + ":5")
        self.assertEqual(set(entry) - set(sent), {"time", "decision", "rule", "ruleset", "us"})

    def test_empty_attributes_are_left_out(self):
        entry = self.logged()
        self.assertEqual([name for name, value in entry.items() if not value], [])

    def test_nothing_can_be_forged(self):
        for text in FORGED:
            for name in ("sender", "recipient", "helo_name", "sasl_username", "policy_context"):
                with self.subTest(text, attribute=name):
                    entry = self.logged(**{"recipient": "user@c.example", name: text})
                    self.assertEqual(entry[name], text)
                    self.assertEqual(entry["decision"].decode(), DENIED)

    def test_long_values_are_cut(self):
        for case, value in (
            ("plain", b"s" * (LIMIT_AUDIT_VALUE + 1)),
            ("to be escaped", b"\xff" * (LIMIT_AUDIT_VALUE + 1)),
            ("very long", b"s" * 60000),
        ):
            with self.subTest(case):
                entry = self.logged(sender=value)
                self.assertEqual(entry["sender"], value[:LIMIT_AUDIT_VALUE])
                self.assertEqual(entry["truncated"], b"sender")
        with self.subTest("at the limit"):
            entry = self.logged(sender="s" * LIMIT_AUDIT_VALUE)
            self.assertEqual(entry["sender"], b"s" * LIMIT_AUDIT_VALUE)
            self.assertNotIn("truncated", entry)
        with self.subTest("all attributes"):
            names = [name for name in REQUEST if name != "request"]
            entry = self.logged(**dict.fromkeys(names, b"\x80" * (LIMIT_AUDIT_VALUE + 500)))
            self.assertEqual(entry["truncated"].decode().split(","), names)

    def test_repeated_attributes_are_odd(self):
        text = REMOTE[:-1] + b"recipient=user@local.example\nsender=\nsender=\n\n"
        entry = self.logged(text)
        self.assertEqual(entry["recipient"], b"user@c.example")
        self.assertEqual(entry["odd"], b"repeated sender,recipient")
        self.assertNotIn("odd", self.logged())

    def test_unknown_attributes_are_not_logged(self):
        entry = self.logged(no_such_attribute="x")
        self.assertNotIn(b"no_such_attribute", b" ".join(entry.values()))

    def test_order_of_lines_is_that_of_replies(self):
        with self.daemon.client() as client:
            client.send(b"".join(block(instance=f"n{number}") for number in range(500)))
            for _ in range(500):
                client.receive()
        found = [entry["instance"].decode() for entry in self.daemon.entries()]
        self.assertEqual(found, [f"n{number}" for number in range(500)])

    def test_time_and_duration(self):
        # Not time.strftime() alone, whose clock is some milliseconds behind.
        before = datetime.datetime.now().isoformat()[:19]
        entry = self.logged()
        after = datetime.datetime.now().isoformat()[:19]
        self.assertLessEqual(before, entry["time"][:19].decode())
        self.assertLessEqual(entry["time"][:19].decode(), after)
        self.assertEqual(entry["time"][23:].decode().replace(":", ""), time.strftime("%z"))
        self.assertLess(int(entry["us"]), 1000000)
        self.assertTrue(re.fullmatch(rb"[0-9a-f]{8}", entry["ruleset"]))


if __name__ == "__main__":
    unittest.main()
