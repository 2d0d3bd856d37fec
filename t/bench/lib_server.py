"""Servers: the programs that are measured, each a process with a Unix socket in a folder of its own.

They die with the process that started them, by the kernel's hand if need be; a peer that insists on
being a daemon is stopped by its PID file.
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

START_SECONDS = 30
STOP_SECONDS = 10
CONNECTIONS = 10100  # a few more than are ever opened


class ServerError(Exception):
    pass


class Server:
    """A server, started; leaving its context stops it. `expect` is what load is to expect of it."""

    def __init__(self, name, folder, command, expect="rules", cpus=None, pid_file=None, user=None):
        self.name = name
        self.expect = expect
        self.folder = tempfile.mkdtemp(dir=folder)
        self.socket = os.path.join(self.folder, "socket")
        self.pid_file = pid_file and os.path.join(self.folder, pid_file)
        if user:
            shutil.chown(self.folder, user)
        command = [word.format(folder=self.folder, socket=self.socket) for word in command]
        pinned = ["taskset", "--cpu-list", cpus] if cpus else []
        self.log = open(os.path.join(self.folder, "log"), "wb")
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", *pinned, *command],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        try:
            self.wait_until_it_listens()
            self.pid = self.read_pid()
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def read_pid(self):
        if not self.pid_file:
            return self.process.pid
        with open(self.pid_file, encoding="ascii") as file:
            return int(file.read())

    def wait_until_it_listens(self):
        deadline = time.monotonic() + START_SECONDS
        while not (self.listens() and (not self.pid_file or os.path.exists(self.pid_file))):
            gone = self.process.poll() is not None and not self.pid_file
            if gone or time.monotonic() > deadline:
                with open(self.log.name, encoding="utf-8", errors="replace") as file:
                    raise ServerError(f"{self.name} does not start:\n{file.read()[-2000:]}")
            time.sleep(0.02)

    def listens(self):
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(self.socket)
                return True
            except OSError:
                return False

    def close(self):
        self.log.close()
        if self.pid_file and os.path.exists(self.pid_file):
            stop_daemon(self.read_pid())
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def stop_daemon(pid):
    """Of a process that is not a child: there is no waiting for it, but looking."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        deadline = time.monotonic() + STOP_SECONDS
        try:
            os.kill(pid, number)
            while time.monotonic() < deadline:
                os.kill(pid, 0)
                time.sleep(0.05)
        except ProcessLookupError:
            return


def echo(programs, name, folder, cpus):
    return Server(name, folder, [programs.echo, "{socket}"], expect="dunno", cpus=cpus)


def policyd(programs, name, folder, cpus, audit="none", workers=1):
    command = [programs.policyd, "--rules", programs.rules, "--listen", "unix:{socket}",
               "--audit", audit, "--workers", str(workers), "--max-connections", str(CONNECTIONS)]
    return Server(name, folder, command, cpus=cpus)
