"""Faults: a daemon whose system calls fail when a test says so, by t/faults/faults.c, and clients
that go on through it as Postfix does: who is closed without a reply asks once more.
"""

import errno
import mmap
import os
import re
import struct
import subprocess
import time

from lib_policyd import DENIED, Client, Closed, Policyd, block, program

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.join(os.path.dirname(HERE), "faults", "faults.c")
RECORD = struct.Struct("24siIIII")  # Fault in faults.c
MOST_AT = 32
SHORT = 0  # instead of an errno: the call takes less than it could
FOREVER = 1 << 30
BURSTS = (1, 2, 1, 5)
WHOLE = 1 << 20  # bytes up to where a write is split: none is so long
TRIES = 20  # of one question, at most
SECONDS = 10


def error_name(error):
    return errno.errorcode.get(error, "short")


class Faults:
    """The library, and the file that both sides have mapped."""

    def __init__(self, scratch):
        self.library = scratch.join("faults.so")
        subprocess.run(
            ["cc", "-D_GNU_SOURCE", "-std=c17", "-shared", "-fPIC", "-O1"]
            + ["-o", self.library, SOURCE, "-ldl"],
            check=True,
        )
        self.path = scratch.join("fault")
        with open(self.path, "w+b") as file:
            file.write(bytes(RECORD.size))
            file.flush()
            self.mapped = scratch.hold(mmap.mmap(file.fileno(), RECORD.size))

    def prefix(self):
        """For a daemon's command. Where a sanitizer's library is wanted, it must come first."""
        needed = subprocess.run(["ldd", program("policyd")], check=True, capture_output=True)
        first = re.findall(r"=> (\S*/lib(?:asan|tsan)\.so\S*)", needed.stdout.decode())
        return ("env", "LD_PRELOAD=" + " ".join([*first, self.library]), "FAULT=" + self.path)

    def set_most(self, most):
        struct.pack_into("I", self.mapped, MOST_AT, most)

    def start(self, call, error, every=1, most=FOREVER):
        """From now on the first such call fails, and each `every` calls one more."""
        self.set_most(0)
        RECORD.pack_into(self.mapped, 0, call.encode(), error, every, 0, 0, 0)
        self.set_most(most)

    def stop(self):
        """Answers how many calls failed."""
        self.set_most(0)
        return RECORD.unpack_from(self.mapped)[-1]


class FaultyPolicyd(Policyd):
    """`prefix` is put before its command; it logs to `target` instead of a file."""

    prefix = ()
    target = None

    def arguments(self):
        words = super().arguments()
        if self.target:
            words[words.index("--audit") + 1] = self.target
        return [*self.prefix, *words]


class Asker:
    """Asks over two connections that it keeps, several requests at a time, some of them in two
    parts, and over a new one each turn. Remembers every reply."""

    KEPT = 2

    def __init__(self, path, name):
        self.path = path
        self.name = name
        self.kept = [None] * self.KEPT
        self.sent = 0
        self.answered = {}
        self.closed = 0  # connections that were, before the last reply

    def close(self):
        for client in filter(None, self.kept):
            client.close()

    def requests(self, count):
        """(instance, expected action, block)"""
        for _ in range(count):
            self.sent += 1
            instance = f"{self.name}.{self.sent}"
            local = self.sent % 3 > 0
            recipient = "user@local.example" if local else "user@c.example"
            text = block(instance=instance, recipient=recipient)
            yield instance, "DUNNO" if local else DENIED, text

    def converse(self, client, count, split):
        """Answers how many replies came before the connection was closed."""
        requests = list(self.requests(count))
        text = b"".join(text for _, _, text in requests)
        done = 0
        try:
            client.send(text[:split])
            if split < len(text):
                time.sleep(0.002)  # so that the daemon sees two parts
                client.send(text[split:])
            for instance, expected, _ in requests:
                action = client.receive()
                assert action == expected, f"{instance}: {action}, not {expected}"
                self.answered[instance] = action
                done += 1
        except Closed as closed:
            assert not closed.rest, f"half a reply: {closed.rest!r}"
        except (BrokenPipeError, ConnectionResetError):
            pass
        return done

    def ask(self, client, count, split):
        """Answers the connection, another one if need be, once all is answered."""
        for _ in range(TRIES):
            client = client or Client(self.path, SECONDS)
            count -= self.converse(client, count, split)
            if count == 0:
                return client
            client.close()
            client = None
            self.closed += 1
        raise AssertionError(f"closed {TRIES} times without a reply")

    def turn(self, number):
        count = BURSTS[number % len(BURSTS)]
        for at, client in enumerate(self.kept):
            split = (number * 37) % 300 if number % 2 else WHOLE
            self.kept[at] = self.ask(client, count, split)
        self.ask(None, 1, WHOLE).close()

    def turns(self, count):
        for number in range(count):
            self.turn(number)
        return self
