"""Policyd: the daemon under test, and a client that speaks the policy protocol to it.

POLICYD and POLICYCTL in the environment name the programs. A daemon dies with the test that
started it. What it writes on standard error is kept; a sanitizer's report in it fails the test.
"""

import os
import re
import signal
import socket
import subprocess
import time

import lib_audit

START_SECONDS = 20
STOP_SECONDS = 20
REPLY_SECONDS = 20

SANITIZER = re.compile(r"Sanitizer|runtime error:|GLib.*(WARNING|CRITICAL)")

# What Postfix 3.7 sends for a stranger's RCPT, in its order.
REQUEST = {
    "request": "smtpd_access_policy",
    "protocol_state": "RCPT",
    "protocol_name": "ESMTP",
    "client_address": "203.0.113.9",
    "client_name": "unknown",
    "client_port": "52114",
    "reverse_client_name": "unknown",
    "server_address": "192.0.2.1",
    "server_port": "25",
    "helo_name": "client.example",
    "sender": "sender@outside.example",
    "recipient": "user@local.example",
    "recipient_count": "0",
    "queue_id": "",
    "instance": "1a2b.65a0b1c2.d3e4f.0",
    "size": "1024",
    "etrn_domain": "",
    "stress": "",
    "sasl_method": "",
    "sasl_username": "",
    "sasl_sender": "",
    "ccert_subject": "",
    "ccert_issuer": "",
    "ccert_fingerprint": "",
    "ccert_pubkey_fingerprint": "",
    "encryption_protocol": "",
    "encryption_cipher": "",
    "encryption_keysize": "0",
    "policy_context": "",
}

# Rules that tell the telling requests apart.
RULES = """\
networks trusted = 127.0.0.2, 192.0.2.0/24
domains local = local.example

permit if client_address in trusted
dunno if recipient in local
reject "5.7.1 Relay access denied"
"""
DENIED = "REJECT 5.7.1 Relay access denied"


def program(name):
    path = os.environ.get(name.upper())
    if not path or not os.access(path, os.X_OK):
        raise RuntimeError(f"no {name} to test: set {name.upper()} to its path")
    return path


def plain_program():
    """policyd without sanitizers, which take all memory and like no preloaded library. None if
    there is none: t/run builds it in the folder above that of the tests."""
    path = program("policyd")
    for candidate in (path, os.path.join(os.path.dirname(path), "../policyd")):
        if os.path.isfile(candidate):
            with open(candidate, "rb") as file:
                if b"__asan_init" not in file.read():
                    return candidate
    return None


def as_bytes(value):
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogateescape")


def block(**attributes):
    """An attribute block: REQUEST with these values in it; None leaves an attribute out."""
    merged = {**REQUEST, **attributes}
    lines = [as_bytes(n) + b"=" + as_bytes(v) for n, v in merged.items() if v is not None]
    return b"\n".join(lines) + b"\n\n"


class Closed(Exception):
    """The daemon closed the connection; `rest` is what was read of a reply."""

    def __init__(self, rest):
        super().__init__(f"closed after {rest!r}")
        self.rest = rest


class Client:
    """One connection, to a Unix socket's path or to an inet (host, port)."""

    def __init__(self, address, seconds=REPLY_SECONDS):
        family = socket.AF_UNIX
        if not isinstance(address, str):
            family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.settimeout(seconds)
        self.buffer = bytearray()
        try:
            self.socket.connect(address)
        except OSError:
            self.socket.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, data):
        self.socket.sendall(data)

    def receive(self):
        """The action of the next reply, as text. Raises Closed, or TimeoutError."""
        while (end := self.buffer.find(b"\n\n")) < 0:
            try:
                data = self.socket.recv(65536)
            except (ConnectionResetError, BrokenPipeError):
                data = b""
            if not data:
                raise Closed(bytes(self.buffer))
            self.buffer += data
        reply = bytes(self.buffer[:end])
        del self.buffer[: end + 2]
        if not reply.startswith(b"action=") or b"\n" in reply:
            raise AssertionError(f"not a reply: {reply!r}")
        return reply[len(b"action=") :].decode("ascii")

    def ask(self, **attributes):
        self.send(block(**attributes))
        return self.receive()

    def outcome(self):
        """What comes next, in a word for a table: the action, `closed`, or `nothing`."""
        try:
            return self.receive()
        except Closed as closed:
            return "closed" if not closed.rest else f"closed after {closed.rest!r}"
        except TimeoutError:
            return "nothing"

    def close(self):
        self.socket.close()


class Policyd:
    """Started with start(); its Unix socket is `path`, its audit log `audit`. `options` are
    further arguments, `limits` those of prlimit(1)."""

    def __init__(self, scratch, rules=RULES, path=None, modes="", options=(), limits=()):
        self.path = path or scratch.join("policyd.socket")
        self.audit = scratch.join("audit")
        self.stderr = scratch.join("policyd.stderr")
        self.rules = scratch.write("test.rules", rules)
        self.process = None
        self.listen = "unix:" + self.path + modes
        self.options = list(options)
        self.limits = list(limits)

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, *_):
        if self.process:
            self.kill() if kind else self.stop()

    def arguments(self):
        """The usual control socket is the machine's: none but where a test gives one."""
        control = [] if "--control" in self.options else ["--control", "none"]
        return [
            program("policyd"),
            *("--rules", self.rules),
            *("--listen", self.listen),
            *("--audit", "file:" + self.audit),
            *control,
            *self.options,
        ]

    def spawn(self):
        prefix = ["setpriv", "--pdeathsig", "KILL"]
        if self.limits:
            prefix = ["prlimit", *self.limits] + prefix
        with open(self.stderr, "ab") as stderr:
            self.process = subprocess.Popen(
                prefix + self.arguments(),
                stdin=subprocess.DEVNULL,
                stdout=stderr,
                stderr=stderr,
                start_new_session=True,
                env={**os.environ, "G_DEBUG": "fatal-warnings"},
            )

    def start(self):
        """Returns once it accepts connections."""
        self.spawn()
        deadline = time.monotonic() + START_SECONDS
        while True:
            if self.process.poll() is not None:
                raise AssertionError(f"policyd: exit {self.process.returncode}\n{self.said()}")
            try:
                Client(self.path).close()
                return self
            except (FileNotFoundError, ConnectionRefusedError):
                if time.monotonic() > deadline:
                    self.kill()
                    raise AssertionError(f"policyd does not listen\n{self.said()}") from None
                time.sleep(0.005)

    def stop(self, number=signal.SIGTERM):
        """Ends it as an administrator would, and checks that it ends well."""
        self.process.send_signal(number)
        status = self.wait()
        if status != 0:
            raise AssertionError(f"policyd: exit {status} after signal {number}\n{self.said()}")

    def wait(self):
        """Its exit status, once it has ended by itself; a sanitizer's report raises."""
        try:
            status = self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"policyd does not end\n{self.said()}") from None
        self.process = None
        if SANITIZER.search(self.said()):
            raise AssertionError(f"a sanitizer or GLib complains\n{self.said()}")
        return status

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process = None

    def pause(self):
        """Returns once all of its threads stand still."""
        self.process.send_signal(signal.SIGSTOP)
        os.waitpid(self.process.pid, os.WUNTRACED)

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)

    def said(self):
        with open(self.stderr, encoding="utf-8", errors="replace") as file:
            return file.read()

    def client(self):
        return Client(self.path)

    def entries(self):
        return lib_audit.read(self.audit)

    def entry(self, instance):
        """The one audit line of a request."""
        found = [e for e in self.entries() if e.get("instance") == as_bytes(instance)]
        if len(found) != 1:
            raise AssertionError(f"{len(found)} audit lines of instance '{instance}'")
        return found[0]

    def cpu_seconds(self):
        """What it has used so far: proc(5), utime and stime."""
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
