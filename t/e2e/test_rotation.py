"""Rotation: the audit log is moved away, removed or truncated under load, by hand and by logrotate
with the fragment in examples/. Every reply that a client read is in one of its pieces, once."""

import gzip
import os
import re
import shutil
import subprocess
import time
import unittest

import lib_audit
from lib_case import ScratchCase
from lib_load import Load
from lib_policyd import Policyd

NOTICED_SECONDS = 5  # it takes one, on a machine with time to spare
ROTATIONS = 5
FRAGMENT = os.path.join(os.path.dirname(__file__), "../../examples/policyd.logrotate")
NOBODY = 65534


class RotationCase(ScratchCase):
    def await_lines(self, path):
        """Once there are lines in the new file, none goes to the old one any more."""
        deadline = time.monotonic() + NOTICED_SECONDS
        while not os.path.exists(path) or os.path.getsize(path) == 0:
            self.assertLess(time.monotonic(), deadline, "no new file is written to")
            time.sleep(0.01)

    def read_bytes(self, path):
        opener = gzip.open if path.endswith(".gz") else open
        with opener(path, "rb") as file:
            return file.read()

    def check(self, data, load):
        """`data` has a whole line for each reply of the load, and none twice."""
        self.assertEqual(data[-1:], b"\n")
        logged = {}
        for line in data.split(b"\n")[:-1]:
            entry = lib_audit.parse_line(line)
            self.assertIn("policy_context", entry, f"a torn line: {line!r}")
            instance = entry["instance"].decode()
            self.assertNotIn(instance, logged, "logged twice")
            logged[instance] = entry["decision"].decode()
        self.assertGreater(load.count(), 100, "hardly any load")
        wrong = [i for i, action in load.answered().items() if logged.get(i) != action]
        self.assertEqual(wrong[:5], [], f"{len(wrong)} of {load.count()} are not in the log")


class ByHand(RotationCase):
    def test_rename(self):
        daemon = self.policyd(options=["--workers", "3"])
        load = Load(daemon.path, "rename", 1, clients=3).start()
        pieces = []
        for number in range(ROTATIONS):
            time.sleep(0.3)
            pieces.append(f"{daemon.audit}.{number}")
            os.rename(daemon.audit, pieces[-1])
            self.await_lines(daemon.audit)
            self.assertEqual(os.stat(daemon.audit).st_mode & 0o7777, 0o640)
            size = os.path.getsize(pieces[-1])
            time.sleep(0.2)
            self.assertEqual(os.path.getsize(pieces[-1]), size, "the old file is still written to")
        load.stop()
        daemon.stop()
        data = [self.read_bytes(path) for path in pieces + [daemon.audit]]
        for piece in data:
            self.assertEqual(piece[-1:], b"\n", "a line is in two files")
        self.check(b"".join(data), load)
        said = re.findall("policyd: .*audit .*", daemon.said())
        self.assertEqual(len(said), ROTATIONS, daemon.said())
        self.assertNotIn("lost", daemon.said())

    def test_file_of_another_is_taken(self):
        """As with logrotate's `create`."""
        daemon = self.policyd()
        with daemon.client() as client:
            client.ask(instance="one")
            os.rename(daemon.audit, daemon.audit + ".1")
            with open(daemon.audit, "wb"):
                pass
            time.sleep(1)
            client.ask(instance="two")
        daemon.entry("two")
        self.assertEqual(len(daemon.entries()), 1)

    def test_removed(self):
        daemon = self.policyd()
        with daemon.client() as client:
            client.ask(instance="one")
            os.unlink(daemon.audit)
            time.sleep(1)
            client.ask(instance="two")
        daemon.entry("two")

    def test_two_files_rotate_apart(self):
        second = self.scratch.join("audit2")
        daemon = self.policyd(options=["--audit", "file:" + second])
        with daemon.client() as client:
            client.ask(instance="one")
            os.rename(daemon.audit, daemon.audit + ".1")
            time.sleep(1)
            client.ask(instance="two")
        self.assertEqual([e["instance"] for e in lib_audit.read(second)], [b"one", b"two"])
        self.assertEqual([e["instance"] for e in daemon.entries()], [b"two"])


class CopyTruncate(RotationCase):
    def test_nothing_is_lost_in_rest(self):
        """While no decision is made between copy and truncation, nothing is lost."""
        daemon = self.policyd(options=["--workers", "3"])
        load = Load(daemon.path, "rest", 2).start()
        pieces = []
        for number in range(ROTATIONS):
            time.sleep(0.3)
            pieces.append(f"{daemon.audit}.{number}")
            daemon.pause()
            shutil.copyfile(daemon.audit, pieces[-1])
            os.truncate(daemon.audit, 0)
            daemon.go_on()
        time.sleep(0.3)
        load.stop()
        daemon.stop()
        self.check(b"".join(self.read_bytes(path) for path in pieces + [daemon.audit]), load)

    def test_under_load(self):
        """A second file, written by the same thread and left alone, has all lines: the first has
        all but those that came between copy and truncation."""
        whole = self.scratch.join("whole")
        daemon = self.policyd(options=["--workers", "1", "--audit", "file:" + whole])
        load = Load(daemon.path, "load", 3).start()
        pieces = []
        for number in range(ROTATIONS):
            time.sleep(0.3)
            pieces.append(f"{daemon.audit}.{number}")
            shutil.copyfile(daemon.audit, pieces[-1])
            os.truncate(daemon.audit, 0)
        time.sleep(0.3)
        load.stop()
        daemon.stop()
        every = self.read_bytes(whole)
        self.check(every, load)
        at = 0
        for path in pieces + [daemon.audit]:
            piece = self.read_bytes(path)
            self.assertGreater(len(piece), 1000, "hardly any load")
            self.assertNotIn(b"\0", piece)
            found = every.find(piece, at)
            self.assertGreaterEqual(found, at, f"{path}: not a run of whole lines, in order")
            self.assertIn(every[found - 1 : found], (b"", b"\n"), f"{path}: begins within a line")
            at = found + len(piece)
        self.assertEqual(at, len(every), "the last lines are lost")


@unittest.skipUnless(shutil.which("logrotate", path="/usr/sbin"), "no logrotate")
class Logrotate(RotationCase):
    """The fragment as it stands, but for the folder and the names of user and group."""

    def configure(self, folder):
        with open(FRAGMENT, encoding="utf-8") as file:
            text = file.read()
        for word, instead in (("/var/log/policyd", folder), ("policyd adm", "nobody nogroup")):
            self.assertIn(word, text)
            text = text.replace(word, instead)
        return self.scratch.write("logrotate.conf", text)

    def rotate(self, configuration):
        done = subprocess.run(
            ["/usr/sbin/logrotate", "--force", "--verbose"]
            + ["--state", self.scratch.join("state"), configuration],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotRegex(done.stderr, "(?i)error|warning")

    def test_fragment(self):
        folder = self.scratch.join("log")
        os.mkdir(folder)
        os.chmod(folder, 0o2750)
        os.chown(folder, NOBODY, NOBODY)
        configuration = self.configure(folder)
        daemon = Policyd(self.scratch, options=["--user", "nobody", "--workers", "3"])
        daemon.audit = os.path.join(folder, "audit.log")
        daemon.start()
        self.addCleanup(lambda: daemon.process and daemon.stop())
        load = Load(daemon.path, "logrotate", 4, clients=2).start()
        for _ in range(3):
            time.sleep(0.3)
            self.rotate(configuration)
            self.await_lines(daemon.audit)
        load.stop()
        daemon.stop()
        names = ["audit.log.3.gz", "audit.log.2.gz", "audit.log.1", "audit.log"]
        self.assertEqual(sorted(os.listdir(folder)), sorted(names))
        for name in names:
            status = os.stat(os.path.join(folder, name))
            self.assertEqual(status.st_mode & 0o7777, 0o640, name)
            self.assertEqual((status.st_uid, status.st_gid), (NOBODY, NOBODY), name)
        self.check(b"".join(self.read_bytes(os.path.join(folder, n)) for n in names), load)


if __name__ == "__main__":
    unittest.main()
