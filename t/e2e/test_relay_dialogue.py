"""policyctl relay-test against servers of no manners: what they send, and fail to send, is bounded,
escaped, and never taken for a verdict.

Each is a Fake: one connection at a time, so that a client which had two would wait in vain.
"""

import base64
import collections
import contextlib
import json
import os
import pty
import re
import select
import signal
import socket
import subprocess
import threading
import time
import unittest

from lib_case import ScratchCase
from lib_policyd import SANITIZER, program

SECONDS = 60
CONNECTIONS = 200
OK, NO = b"250 2.0.0 Ok\r\n", b"554 5.7.1 Relay access denied\r\n"
HELLO = b"250-mx.example\r\n250 HELP\r\n"
CLOSE = None


class Fake:
    """Answers a line by `replies`, by its verb: bytes, CLOSE, or a function of the line and the
    number of the connection that answers one of these. What `replies` lack, it has answers for."""

    ADDRESS = "127.0.0.1"

    def __init__(self, **replies):
        self.replies = {
            "GREETING": b"220 mx.example ESMTP\r\n",
            **{"EHLO": HELLO, "MAIL": OK, "RCPT": NO, "RSET": OK, "QUIT": b"221 Bye\r\n"},
            **replies,
        }
        self.lines = []
        self.connections = 0
        self.listener = socket.create_server((self.ADDRESS, 0))
        self.port = self.listener.getsockname()[1]
        self.ended = False
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def serve(self):
        while self.connections < CONNECTIONS:
            client, _ = self.listener.accept()
            with client:
                if self.ended:
                    return
                self.connections += 1
                client.settimeout(SECONDS)
                with contextlib.suppress(OSError):
                    self.talk(client)

    def talk(self, client):
        with client.makefile("rb") as file:
            line = "GREETING"
            while self.answer(client, line):
                line = file.readline().decode("utf-8", "surrogateescape").rstrip("\r\n")
                if not line:
                    return
                self.lines.append(line)

    def answer(self, client, line):
        reply = self.replies.get(line.split(" ")[0], b"502 5.5.2 What?\r\n")
        if callable(reply):
            reply = reply(line, self.connections)
        if reply is CLOSE:
            return False
        for piece in [reply] if isinstance(reply, bytes) else reply:
            client.sendall(piece)
        return True

    def close(self):
        self.ended = True
        socket.create_connection(("127.0.0.1", self.port)).close()
        self.thread.join(SECONDS)
        self.listener.close()


def slowly(data):
    for byte in data:
        time.sleep(0.2)
        yield bytes([byte])


class Dialogue(ScratchCase):
    def fake(self, **replies):
        server = Fake(**replies)
        self.addCleanup(server.close)
        return server

    def command(self, server, *options):
        return [
            *(program("policyctl"), "relay-test", f"127.0.0.1:{server.port}"),
            *("--pause", "0", "--timeout", "1", *options),
        ]

    def run_test(self, server, *options):
        """The status and both outputs, which hold printable ASCII only."""
        leaks = "" if "STARTTLS" not in server.replies else ":detect_leaks=0"  # see test_relay_test
        checks = os.environ.get("ASAN_OPTIONS", "") + leaks
        run = subprocess.run(
            self.command(server, *options),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
            check=False,
            start_new_session=True,
            env={**os.environ, "G_DEBUG": "fatal-warnings", "ASAN_OPTIONS": checks},
        )
        for output in run.stdout, run.stderr:
            self.assertRegex(output, rb"\A[\n -~]*\Z")
        self.assertNotRegex(run.stderr.decode(), SANITIZER)
        self.assertIn(run.returncode, (0, 1, 2))
        return run.returncode, run.stdout.decode(), run.stderr.decode()

    def run_json(self, server, *options):
        status, printed, said = self.run_test(server, "--json", *options)
        self.assertIn(status, (0, 1), said)
        return status, json.loads(printed)

    def test_no_session(self):
        """Exit 2, and one line of error that says why."""
        flood = (b"x" * 65536 for _ in range(100))
        table = [
            # case, replies, error
            ("no reply", {"GREETING": b""}, "no reply within 1 s"),
            (
                "a byte now and then",
                {"GREETING": lambda *_: slowly(b"220 mx.example\r\n")},
                "no reply",
            ),
            ("a line without end", {"GREETING": flood}, "longer than 16384 bytes"),
            (
                "lines without end",
                {"GREETING": lambda *_: (b"220-mx\r\n" * 1000 for _ in range(100))},
                "longer than 16384 bytes",
            ),
            (
                "another protocol",
                {"GREETING": b"SSH-2.0-\x1b[2J\r\n"},
                r"'SSH-2.0-\x1b[2J' is no SMTP",
            ),
            (
                "not welcome",
                {"GREETING": b"554 \x9b31m Go away\r\n"},
                r"refused: 554 \x9b31m Go away",
            ),
            ("two codes", {"EHLO": b"250-mx\r\n550 No\r\n"}, "'550 No' is no SMTP reply"),
            ("nothing known", {"EHLO": b"500 What\r\n"}, "EHLO and HELO are refused: 502"),
            ("closed at once", {"GREETING": CLOSE}, "closed the connection"),
            ("closed at EHLO", {"EHLO": CLOSE}, "closed the connection"),
        ]
        for case, replies, error in table:
            with self.subTest(case):
                status, printed, said = self.run_test(self.fake(**replies))
                self.assertEqual((status, printed), (2, ""), said)
                self.assertIn(error, said)
                self.assertEqual(said.count("\n"), 1)

    def test_refusals(self):
        """Odd, but a session: each form is refused."""
        table = [
            ("plain", {}),
            ("lines", {"RCPT": b"554-5.7.1 Relay\r\n554-5.7.1 access\r\n554 5.7.1 denied\r\n"}),
            ("for a terminal", {"RCPT": b"554 \x1b]0;owned\x07\x9b\x00\xff\r\n"}),
            ("the longest", {"RCPT": b"554 " + b"x" * 16378 + b"\r\n"}),
            ("HELO", {"EHLO": b"502 What\r\n", "HELO": b"250 mx.example\r\n"}),
            ("at MAIL", {"MAIL": NO, "RCPT": CLOSE}),
            ("no name", {"GREETING": b"220 $(x)\x1b;DATA\r\n"}),
            ("RSET is not known", {"RSET": b"502 What?\r\n"}),
            ("it closes after each", {"RSET": CLOSE}),
            ("421 after each", {"RSET": b"421 Enough\r\n"}),
            ("421 now and then", {"MAIL": self.now_and_then(b"421 Later\r\n", OK)}),
            ("it closes now and then", {"RCPT": self.now_and_then(CLOSE, NO)}),
        ]
        for case, replies in table:
            with self.subTest(case):
                server = self.fake(**replies)
                status, report = self.run_json(server)
                self.assertEqual((status, report["verdict"]), (0, "refused"))
                self.assertGreater(report["refused"], 25)
                self.assertEqual((report["relays"], report["unknown"]), (0, 0))
                verbs = {line.split(" ")[0] for line in server.lines}
                self.assertLessEqual(verbs, {"EHLO", "HELO", "MAIL", "RCPT", "RSET", "QUIT"})

    @staticmethod
    def now_and_then(odd, usual):
        """The odd answer to every fifth line."""
        count = iter(range(100000))
        return lambda *_: odd if next(count) % 5 == 4 else usual

    def test_escaped(self):
        server = self.fake(RCPT=b"554 \x1b]0;owned\x07\x9b\x00\xff\\\r\n")
        _, printed, said = self.run_test(server, "--verbose")
        self.assertIn(r" 554 \x1b]0;owned\x07\x9b\x00\xff\x5c" + "\n", printed)
        self.assertIn(r"< 554 \x1b]0;owned\x07\x9b", said)

    def test_cant_tell(self):
        table = [
            ("later", {"RCPT": b"450 4.2.0 Greylisted\r\n"}),
            ("a continuation", {"RCPT": b"354 Go on\r\n"}),
            ("never", {"RCPT": b"421 Later\r\n"}),
            ("gone", {"RCPT": CLOSE}),
            ("no reply", {"RCPT": b""}),
            ("no end", {"RCPT": b"554-No\r\n"}),
            ("no SMTP", {"RCPT": b"No\r\n"}),
            ("too long", {"RCPT": b"554 " + b"x" * 16379 + b"\r\n"}),
            ("another code", {"RCPT": b"554-No\r\n250 Yes\r\n"}),
            ("no second session", {"RCPT": CLOSE, "GREETING": self.once}),
        ]
        for case, replies in table:
            with self.subTest(case):
                server = self.fake(**replies)
                status, report = self.run_json(server)
                self.assertEqual((status, report["verdict"]), (1, "unknown"))
                self.assertEqual((report["relays"], report["refused"]), (0, 0))
                self.assertLess(server.connections, 130)

    @staticmethod
    def once(_, connection):
        return b"220 mx.example\r\n" if connection == 1 else b"554 No more\r\n"

    def test_gone_server_is_given_up(self):
        server = self.fake(RCPT=CLOSE)
        _, report = self.run_json(server)
        self.assertLess(server.connections, 8)
        self.assertIn("closed", report["tries"][-2]["reason"])

    def test_relays(self):
        for case, replies, recipient, verdict in (
            ("all", {"RCPT": OK}, "<relaytest@relaytest.example>", "relays"),
            (
                "all, so a trick is unknown",
                {"RCPT": OK},
                "<relaytest%relaytest.example>",
                "unknown",
            ),
            ("251", {"RCPT": b"251 Ok\r\n"}, "<relaytest@relaytest.example>", "relays"),
            ("percent", {"RCPT": self.percent}, "<relaytest%relaytest.example>", "relays"),
            ("percent", {"RCPT": self.percent}, "<relaytest@relaytest.example>", "refused"),
        ):
            with self.subTest(case):
                status, report = self.run_json(self.fake(**replies))
                self.assertEqual((status, report["verdict"]), (1, "relays"))
                found = {r["verdict"] for r in report["tries"] if r.get("recipient") == recipient}
                self.assertEqual(found, {verdict})

    @staticmethod
    def percent(line, _):
        return OK if "%" in line else NO

    def test_sender_is_let_through(self):
        """The forms come from a sender that may write to the server, whoever that is."""
        literal, known = "FROM:<postmaster@[127.0.0.1]>", "TO:<postmaster@mx.example>"
        for case, refused, sender in (
            ("the first", "", "<postmaster@[127.0.0.1]>"),
            ("not a local one", "<postmaster@[127.0.0.1]>", "<>"),
        ):
            with self.subTest(case):
                server = self.fake(
                    MAIL=lambda line, _: NO if line == f"MAIL {literal}" and refused else OK,
                    RCPT=lambda line, _: OK if line == f"RCPT {known}" else NO,
                )
                _, report = self.run_json(server)
                found = {row["sender"] for row in report["tries"] if row.get("form") == "percent"}
                self.assertEqual(found, {sender})
                self.assertEqual(report["notes"], [])

    def test_login_that_may_not_relay(self):
        """What gets it round that is a trick, as a stranger's."""
        password = self.scratch.write("password", "pass word\n")
        server = self.fake(
            EHLO=b"250-mx.example\r\n250 AUTH PLAIN\r\n", AUTH=b"235 Ok\r\n", RCPT=self.percent
        )
        status, report = self.run_json(server, "--login", "joe", "--password-file", password)
        self.assertEqual((status, report["verdict"], report["permitted"]), (1, "relays", 0))
        stages = {row["stage"] for row in report["tries"] if row["verdict"] == "relays"}
        self.assertEqual(stages, {"plain", "login"})

    def test_starttls(self):
        """What may be wrong with it can't be told; without TLS the rest is."""
        hello = b"250-mx.example\r\n250 STARTTLS\r\n"
        go = b"220 Go\r\n"
        for case, starttls, why in (
            ("refused", b"454 4.7.0 Not now\r\n", "STARTTLS is refused: 454 4.7.0 Not now"),
            ("more in the clear", go + b"250 mx\r\n", "went on in the clear"),
            ("closed", CLOSE, "closed the connection"),
            ("no TLS", [go, b"\x1b[2J no TLS at all" * 10], "no TLS: "),
        ):
            with self.subTest(case):
                if case == "no TLS":
                    starttls = lambda *_: self.apart([go, b"\x1b[2J no TLS at all" * 10])
                status, report = self.run_json(self.fake(EHLO=hello, STARTTLS=starttls))
                self.assertEqual((status, report["verdict"]), (1, "unknown"))
                rows = [row for row in report["tries"] if row["stage"] == "starttls"]
                said = [row["reason"] or row["answer"] for row in rows]
                self.assertIn(why, said[-1])
                self.assertGreater(report["refused"], 25)

    @staticmethod
    def apart(pieces):
        for piece in pieces:
            yield piece
            time.sleep(0.2)

    def login_fake(self, mechanism):
        """A server that knows one mechanism, and relays for all."""
        return self.fake(
            EHLO=b"250-mx.example\r\n250 AUTH " + mechanism + b"\r\n",
            RCPT=lambda line, _: OK if server_has_login(self.server) else NO,
            AUTH=lambda line, _: b"235 Ok\r\n" if "PLAIN" in line else b"334 VXNlcm5hbWU6\r\n",
            **{encoded(b"joe"): b"334 UGFzc3dvcmQ6\r\n", encoded(b"pass word"): b"235 Ok\r\n"},
        )

    def test_login(self):
        password = self.scratch.write("password", "pass word\n")
        for mechanism, lines in (
            (b"CRAM-MD5 PLAIN LOGIN", ["AUTH PLAIN " + encoded(b"\0joe\0pass word")]),
            (b"LOGIN", ["AUTH LOGIN", encoded(b"joe"), encoded(b"pass word")]),
        ):
            with self.subTest(mechanism):
                self.server = self.login_fake(mechanism)
                options = ("--login", "joe", "--password-file", password)
                status, printed, said = self.run_test(self.server, "--verbose", *options)
                at = self.server.lines.index(lines[0])
                self.assertEqual(self.server.lines[at : at + len(lines)], lines)
                self.assertEqual(status, 0, printed)
                self.assertRegex(printed, r"(?m)^  permitted +plain +<joe@mx.example> ")
                self.assertIn("nothing relays\n", printed)
                for secret in "pass word", encoded(b"pass word"), lines[-1]:
                    self.assertNotIn(secret, printed + said)

    def test_login_refused(self):
        password = self.scratch.write("password", "pass word\n")
        options = ("--login", "joe", "--password-file", password)
        hello = b"250-mx.example\r\n250 AUTH PLAIN\r\n"
        for case, replies, why in (
            ("wrong", {"EHLO": hello, "AUTH": b"535 5.7.8 No\r\n"}, "the login is refused: 535"),
            ("not offered", {}, "neither AUTH PLAIN nor AUTH LOGIN"),
        ):
            with self.subTest(case):
                server = self.fake(**replies)
                status, report = self.run_json(server, *options)
                self.assertEqual((status, report["verdict"]), (1, "unknown"))
                self.assertIn(why, report["tries"][-1]["reason"])
                tried = sum(line.startswith("AUTH") for line in server.lines)
                self.assertLessEqual(tried, 1)  # a wrong password is not tried again

    def test_password_from_terminal(self):
        """Asked for without echo; with Ctrl-C nothing is tested."""
        for case, typed, status in (("typed", b"pass word\n", 0), ("Ctrl-C", b"pass\x03\n", 2)):
            with self.subTest(case):
                self.server = self.login_fake(b"PLAIN")
                shown, ended = self.type(self.command(self.server, "--login", "joe"), typed)
                self.assertEqual(ended, status, shown)
                self.assertIn(b"password of joe: ", shown)
                self.assertNotIn(b"pass word", shown)
                wanted = "AUTH PLAIN " + encoded(b"\0joe\0pass word")
                self.assertEqual(wanted in self.server.lines, status == 0)

    def type(self, command, typed):
        """Runs it on a terminal of its own. Answers what that showed, and the exit status."""
        child, terminal = pty.fork()
        if child == 0:
            os.execv(command[0], command)
        shown = b""
        try:
            while select.select([terminal], [], [], SECONDS)[0]:
                try:
                    shown += os.read(terminal, 65536)
                except OSError:  # how Linux says that the other side is closed
                    break
                if typed and shown.endswith(b": "):
                    os.write(terminal, typed)
                    typed = b""
        finally:
            os.close(terminal)
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGHUP)
            ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        return shown, ended

    def test_pause(self):
        """Between tries as asked, and ten times that before another connection."""
        times = []
        server = self.fake(MAIL=lambda *_: times.append(time.monotonic()) or OK)
        self.run_json(server, "--pause", "20")
        gaps = [later - earlier for earlier, later in zip(times, times[1:])]
        self.assertGreaterEqual(min(gaps), 0.02)
        self.assertGreaterEqual(sum(gap >= 0.2 for gap in gaps), server.connections - 1)

    def test_sessions_end_in_time(self):
        """Before Postfix has enough of them: after so many refusals, and after so many tries."""
        domains = [f"--local-domain=d{number}.example" for number in range(8)]
        for reply, most in ((NO, 9), (OK, 90)):
            with self.subTest(most):
                tries = collections.Counter()
                server = self.fake(RCPT=lambda _, at: tries.update([at]) or reply)
                self.run_json(server, *domains)
                self.assertEqual(max(tries.values()), most)
                self.assertGreater(server.connections, 2)

    def test_sessions_end_politely(self):
        server = self.fake()
        self.run_json(server)
        self.assertEqual(server.lines.count("QUIT"), server.connections)
        recipients = sum(line.startswith("RCPT") for line in server.lines)
        self.assertEqual(server.lines.count("RSET"), recipients)
        self.assertGreaterEqual(server.connections, recipients // 9)


def server_has_login(server):
    """A session is logged in if AUTH came after its EHLO."""
    verbs = re.findall(r"(?m)^(EHLO|AUTH)", "\n".join(server.lines))
    return verbs[-1] == "AUTH"


def encoded(text):
    return base64.b64encode(text).decode()


if __name__ == "__main__":
    unittest.main()
