"""policyctl relay-test against a server that is not this machine: only with the word of whoever runs
it, and a password goes there only over TLS with a valid certificate.

It runs in a network namespace of its own, where an address that no interface has leads to this
machine all the same: to policyctl it is another one.
"""

import contextlib
import json
import os
import shutil
import ssl
import sys
import unittest

from lib_tls import make_certificate
from test_relay_dialogue import NO, OK, Dialogue, Fake, encoded

ELSEWHERE = "203.0.113.7"
INSIDE = "POLICYD_TEST_NAMESPACE"
ENTER = 'ip link set lo up && ip route add local "$1" dev lo && shift && exec "$@"'

SECRET = "pass word"
TAKEN = "AUTH PLAIN " + encoded(b"\0joe\0" + SECRET.encode())


class TlsFake(Fake):
    """Offers STARTTLS too, if it has a certificate, and takes every login."""

    ADDRESS = "0.0.0.0"

    def __init__(self, certificate=None):
        hello = b"250-mx.example\r\n250-AUTH PLAIN\r\n250 " + (
            b"STARTTLS" if certificate else b"HELP"
        )
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if certificate:
            self.context.load_cert_chain(certificate)
        super().__init__(
            EHLO=hello + b"\r\n", STARTTLS=b"220 Go\r\n", AUTH=b"235 Ok\r\n", MAIL=OK, RCPT=NO
        )

    def talk(self, client):
        line = "GREETING"
        file = client.makefile("rb")
        while self.answer(client, line):
            if line == "STARTTLS":
                file.close()
                client = self.context.wrap_socket(client, server_side=True)
                file = client.makefile("rb")
            line = file.readline().decode().rstrip("\r\n")
            if not line:
                break
            self.lines.append(line)
        file.close()
        with contextlib.suppress(OSError):
            client.close()


class Elsewhere(Dialogue):
    def setUp(self):
        super().setUp()
        self.password = self.scratch.write("password", SECRET + "\n")
        self.certificate = self.scratch.join("server.pem")
        make_certificate(self.certificate)

    def server(self, certificate=None):
        server = TlsFake(certificate)
        self.addCleanup(server.close)
        return server

    def command(self, server, *options):
        here = f"127.0.0.1:{server.port}"
        return [
            word.replace(here, f"{ELSEWHERE}:{server.port}")
            for word in super().command(server, *options)
        ]

    def log_in(self, server):
        options = ("--json", "--login", "joe", "--password-file", self.password)
        status, printed, said = self.run_test(server, "--yes-this-server-is-mine", *options)
        self.assertIn(status, (0, 1), said)
        return json.loads(printed)

    def test_refused(self):
        server = self.server()
        status, _, said = self.run_test(server)
        self.assertEqual(status, 2)
        self.assertIn("add --yes-this-server-is-mine", said)
        self.assertEqual(server.connections, 0)

    def test_with_a_word(self):
        server = self.server(self.certificate)
        status, printed, _ = self.run_test(server, "--yes-this-server-is-mine")
        self.assertEqual(status, 0, printed)

    def test_no_password_in_the_clear(self):
        server = self.server()
        report = self.log_in(server)
        self.assertIn("without TLS no password is sent", report["tries"][-1]["reason"])
        self.assertNotIn(TAKEN, server.lines)

    def test_no_password_to_anybody(self):
        """Not even where a session that was not verified could be resumed."""
        server = self.server(self.certificate)
        report = self.log_in(server)
        self.assertIn("no TLS: ", report["tries"][-1]["reason"] or report["tries"][-1]["answer"])
        self.assertIn("starttls", {row["stage"] for row in report["tries"] if row["form"]})
        self.assertNotIn(TAKEN, server.lines)


def load_tests(loader, *_):
    """Not those of Dialogue once more."""
    return unittest.TestSuite(
        loader.loadTestsFromName(name, Elsewhere) for name in vars(Elsewhere) if name[:5] == "test_"
    )


if __name__ == "__main__":
    if INSIDE not in os.environ:
        for needed in ("unshare", "ip"):
            if not shutil.which(needed, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin"):
                sys.exit(f"no {needed} here: install Debian's packages 'util-linux' and 'iproute2'")
        os.environ["PATH"] += ":/usr/sbin:/sbin"
        os.environ[INSIDE] = "yes"
        command = [sys.executable, *sys.argv]
        os.execvp("unshare", ["unshare", "-n", "sh", "-c", ENTER, "sh", ELSEWHERE, *command])
    unittest.main()
