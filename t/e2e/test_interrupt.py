"""Interrupt: a long analysis tells how far it is, on a terminal, and ends at Ctrl-C."""

import fcntl
import os
import pty
import random
import select
import signal
import subprocess
import termios
import time
import unittest

from lib_case import ScratchCase
from lib_policyd import program

QUIET_SECONDS = 2
PATIENCE_SECONDS = 60
END_SECONDS = 10  # the sanitizers take a part of it
LONG = ("--budget", "100000000")  # nodes: a minute at least, and of 2.7 GB some tenth in 4 seconds

RULES = 3000
VALUES = 5
ADDRESSES = "client_address server_address".split()

DOMAINS = (
    "helo_name client_name reverse_client_name tls_sni etrn_domain sender.domain recipient.domain"
).split()
STRINGS = (
    "sasl_method policy_context ccert_subject ccert_issuer ccert_fingerprint instance queue_id"
    " ccert_pubkey_fingerprint encryption_protocol encryption_cipher stress"
).split()


def value(name, number):
    if name in ADDRESSES:
        return f"10.0.0.{number}"
    return f"v{number}.example" if name in DOMAINS else f'"v{number}"'


def puzzle(tail):
    """Rules that leave next to nothing for what stands behind them, which is hard to find out:
    each attribute has one of a few values, and each rule takes three attributes' values at once."""
    chance = random.Random(5)
    names = ADDRESSES + DOMAINS + STRINGS
    lines = ["accept open relay"]
    for name in names:
        every = ", ".join(value(name, number) for number in range(VALUES))
        lines.append(f"reject if {name} not in {{ {every} }}")
    for number in range(RULES):
        tests = [
            f"{name} in {{ {value(name, chance.randrange(VALUES))} }}"
            for name in chance.sample(names, 3)
        ]
        lines.append(f'reject "x{number}" if ' + " and ".join(tests))
    return "\n".join(lines + tail) + "\n"


HARD_TO_LINT = puzzle(["permit", "reject"])
HARD_TO_PROVE = puzzle(["permit", "reject", 'never permit if stress in { "v1" }'])
EASY = "accept open relay\npermit if size\nreject\n"


class Run:
    """A policyctl with its standard error on a terminal of its own, or on a pipe."""

    def __init__(self, *arguments, terminal=True, ignore=False):
        self.said = b""
        self.began = time.monotonic()
        self.first = None  # seconds to the first byte
        reader, writer = pty.openpty() if terminal else os.pipe()

        def prepare():
            if terminal:
                fcntl.ioctl(writer, termios.TIOCSCTTY, 0)
            if ignore:
                signal.signal(signal.SIGINT, signal.SIG_IGN)

        self.process = subprocess.Popen(
            [program("policyctl"), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=writer,
            start_new_session=True,
            preexec_fn=prepare,
        )
        os.close(writer)
        self.reader = reader

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        os.close(self.reader)

    def read(self, seconds):
        """What comes next on standard error; empty at its end, and if nothing comes."""
        if not select.select([self.reader], [], [], seconds)[0]:
            return b""
        try:
            data = os.read(self.reader, 65536)
        except OSError:  # a terminal's end
            data = b""
        if data and self.first is None:
            self.first = time.monotonic() - self.began
        self.said += data
        return data

    def read_until(self, text):
        while text not in self.said:
            if not self.read(PATIENCE_SECONDS):
                raise AssertionError(f"no {text} in {self.said}, status {self.process.poll()}")

    def finish(self):
        """Its exit status and what it printed; it must end soon."""
        ended = time.monotonic() + END_SECONDS
        while self.read(max(0, ended - time.monotonic())):
            pass
        printed, _ = self.process.communicate(timeout=max(1, ended - time.monotonic()))
        return self.process.returncode, printed.decode()

    def press_ctrl_c(self):
        os.write(self.reader, b"\x03")

    def state(self):
        """Whether it handles an interrupt, and whether it has its thread that tells how far it is,
        so that the analysis isn't over."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            fields = dict(line.split(":", 1) for line in file)
        caught = int(fields["SigCgt"], 16) >> (signal.SIGINT - 1) & 1
        return caught == 1, int(fields["Threads"]) > 1


class Interrupt(ScratchCase):
    def setUp(self):
        super().setUp()
        self.lint = self.scratch.write("lint.rules", HARD_TO_LINT)
        self.prove = self.scratch.write("prove.rules", HARD_TO_PROVE)
        self.other = self.scratch.write(
            "other.rules", HARD_TO_PROVE.replace("\npermit\n", "\ndunno\n")
        )

    def test_ctrl_c(self):
        table = [
            ("check", ("check", self.prove), b"NOT DECIDED: never permit"),
            ("lint", ("check", self.lint), b"which rules are reached was not decided"),
            ("prove", ("prove", self.prove), b""),
            ("matrix", ("prove", "--matrix", self.lint), b""),
            ("diff", ("diff", self.prove, self.other), b""),
        ]
        for case, arguments, said in table:
            with self.subTest(case), Run(*arguments, *LONG) as run:
                run.read_until(b" s\x1b[K")
                self.assertGreaterEqual(run.first, QUIET_SECONDS)
                run.press_ctrl_c()
                status, printed = run.finish()
                self.assertEqual(status, 1, run.said)
                told = f"\r\x1b[Kpolicyctl {arguments[0]}: interrupted; what is not decided yet"
                shown, found, after = run.said.partition(told.encode())
                self.assertTrue(found, run.said)
                self.assertNotIn(b"\r\x1b", after)
                self.assertIn(said, after)
                self.assertNotIn(": ok", printed)
                if not said:
                    self.assertIn("not decided", printed.lower())

    def test_progress_goes_on(self):
        with Run("check", self.prove, *LONG) as run:
            run.read_until(b", 2 s\x1b[K")
            run.read_until(b", 3 s\x1b[K")
            self.assertRegex(run.said, rb"^\r[a-z ]+(: \d+ of \d+)?, 2 s\x1b\[K")

    def test_pipe(self):
        with Run("check", self.prove, *LONG, terminal=False) as run:
            self.assertEqual(run.read(QUIET_SECONDS + 2), b"")
            run.process.send_signal(signal.SIGINT)
            status, printed = run.finish()
            self.assertEqual((status, printed), (1, ""))
            self.assertTrue(run.said.startswith(b"policyctl check: interrupted; "), run.said)
            self.assertIn(b"NOT DECIDED", run.said)

    def test_short(self):
        with Run("check", self.scratch.write("easy.rules", EASY)) as run:
            status, printed = run.finish()
            self.assertEqual((status, run.said), (0, b""))
            self.assertIn("ok: 2 rules", printed)

    def test_second_interrupt(self):
        """It ends the program at once; now and then the first was quicker."""
        outcomes = []
        while (True, -signal.SIGINT) not in outcomes:
            self.assertLess(len(outcomes), 8)
            outcomes.append(self.interrupt_twice())
        self.assertLessEqual({status for _, status in outcomes}, {-signal.SIGINT, 1})

    def interrupt_twice(self):
        """Whether the second came before the analysis was over, and the exit status."""
        with Run("check", self.prove, *LONG) as run:
            run.read_until(b" s\x1b[K")
            run.process.send_signal(signal.SIGINT)
            handles, works = run.state()
            while handles and works:
                handles, works = run.state()
            run.process.send_signal(signal.SIGINT)
            return works, run.finish()[0]

    def test_ignored_where_it_was(self):
        with Run("check", self.prove, *LONG, ignore=True) as run:
            run.read_until(b" s\x1b[K")
            self.assertEqual(run.state(), (False, True))
            run.press_ctrl_c()
            run.read_until(b"4 s\x1b[K")
            self.assertIsNone(run.process.poll())


if __name__ == "__main__":
    unittest.main()
