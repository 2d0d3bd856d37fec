"""Control: asks a running policyd on its control socket, by policyctl or, where a test needs to be
quick or rude, by itself."""

import json
import os
import socket
import subprocess
import time

from lib_policyd import program

SECONDS = 60


class Control:
    def __init__(self, scratch):
        self.path = scratch.join("control")
        self.where = "unix:" + self.path

    def options(self, *others):
        """For Policyd."""
        return ["--control", self.where, *others]

    def policyctl(self, verb, *arguments):
        return subprocess.run(
            [program("policyctl"), verb, "--control", self.where, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            env={**os.environ, "G_DEBUG": "fatal-warnings"},
            check=False,
        )

    def connect(self, seconds=SECONDS):
        client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        client.settimeout(seconds)
        try:
            client.connect(self.path)
        except OSError:
            client.close()
            raise
        return client

    def exchange(self, data):
        """All that comes after these bytes, up to the end."""
        with self.connect() as client:
            try:
                client.sendall(data)
            except (BrokenPipeError, ConnectionResetError):
                pass
            return read_all(client)

    def ask(self, command):
        """(exit status, text)"""
        head, _, text = self.exchange(command.encode() + b"\n").partition(b"\n")
        status, length = head.split()
        assert int(length) == len(text), f"{length.decode()} bytes are {len(text)}"
        return int(status), text.decode()

    def numbers(self):
        """The plain lines of the status, those that are numbers."""
        words = [line.split(" ", 1) for line in self.ask("status")[1].splitlines()]
        return {name: int(value) for name, value in words if value.isdigit()}

    def wait_for_reload(self, number, seconds=SECONDS):
        """Until so many reloads have come to an end, good or not."""
        deadline = time.monotonic() + seconds
        while True:
            numbers = self.numbers()
            if numbers["reloads"] + numbers["reloads_failed"] >= number:
                return numbers
            assert time.monotonic() < deadline, f"no reload {number}: {numbers}"
            time.sleep(0.005)

    def status(self):
        """What `policyctl status --json` prints."""
        done = self.policyctl("status", "--json")
        assert done.returncode == 0, done
        return json.loads(done.stdout)

    def hits(self):
        return [row["hits"] for row in self.status()["rule_hits"]]


def read_all(client):
    data = bytearray()
    while True:
        try:
            more = client.recv(1 << 20)
        except ConnectionResetError:
            more = b""
        if not more:
            return bytes(data)
        data += more
