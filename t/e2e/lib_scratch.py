"""Scratch: a directory for one test, and the keeper that clears up behind it.

The keeper is a process of its own. It reads commands from a pipe, one JSON array a line, and when
the pipe closes it runs them, last first, and removes the directory. So everything is stopped at
the end of the test and just as well when the test is killed, by whatever signal.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile

COMMAND_SECONDS = 20
KEEPER_SECONDS = 60


class Scratch:
    def __init__(self):
        # Short, as the paths of Unix sockets must be; searchable, as smtpd runs as user postfix.
        self.path = tempfile.mkdtemp(prefix="policyd-", dir="/tmp")
        os.chmod(self.path, 0o755)
        self.held = []
        self.keeper = subprocess.Popen(
            [sys.executable, os.path.abspath(__file__), self.path],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the test
        )

    def join(self, *names):
        return os.path.join(self.path, *names)

    def write(self, name, text):
        path = self.join(name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def at_end(self, command):
        """Has the keeper run a command, before those that were given earlier."""
        self.keeper.stdin.write(json.dumps(command).encode() + b"\n")
        self.keeper.stdin.flush()

    def hold(self, closable):
        """Has it closed at the end, and is its answer."""
        self.held.append(closable)
        return closable

    def close(self):
        for closable in self.held:
            closable.close()
        self.keeper.stdin.close()
        self.keeper.wait(KEEPER_SECONDS)


def keep(directory):
    commands = [json.loads(line) for line in sys.stdin]
    for command in reversed(commands):
        try:
            subprocess.run(command, timeout=COMMAND_SECONDS, check=False)
        except (OSError, subprocess.TimeoutExpired):
            pass
    shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    keep(sys.argv[1])
