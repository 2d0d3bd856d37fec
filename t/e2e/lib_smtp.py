"""Smtp: the client's side of an SMTP dialogue. Lines are sent as given, so that a recipient may be
as odd as a test wants it."""

import collections
import socket

SECONDS = 30


class Reply(collections.namedtuple("Reply", "code text")):
    """A reply's code, and its lines without it, joined by newlines."""

    def __str__(self):
        return f"{self.code} {self.text}"


class Smtp:
    """Greets at once; raises ConnectionError if the server closes where a reply is due."""

    def __init__(self, port, source="127.0.0.1", xclient=None):
        self.socket = socket.create_connection(("127.0.0.1", port), SECONDS, (source, 0))
        self.file = self.socket.makefile("rb")
        self.greeting = self.read()
        self.command("EHLO client.example")
        if xclient:
            self.command("XCLIENT " + xclient)
            self.command("EHLO client.example")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def read(self):
        lines = []
        while True:
            line = self.file.readline()
            if not line.endswith(b"\n"):
                raise ConnectionError("the server closed the connection")
            line = line.decode("utf-8", "surrogateescape").rstrip("\r\n")
            lines.append(line[4:])
            if line[3:4] != "-":
                return Reply(int(line[:3]), "\n".join(lines))

    def write(self, line):
        self.socket.sendall(line.encode("utf-8", "surrogateescape") + b"\r\n")

    def command(self, line):
        self.write(line)
        return self.read()

    def mail(self, sender="sender@outside.example", options=""):
        return self.command(f"MAIL FROM:<{sender}>{options}")

    def rcpt(self, recipient):
        return self.command(f"RCPT TO:<{recipient}>")

    def data(self, subject="test"):
        reply = self.command("DATA")
        if reply.code != 354:
            return reply
        return self.command(f"Subject: {subject}\r\n\r\nbody\r\n.")

    def send(self, recipient, sender="sender@outside.example"):
        """A whole message to one recipient; the first reply that is no success, or the last."""
        for reply in (self.mail(sender), self.rcpt(recipient)):
            if reply.code != 250:
                self.command("RSET")
                return reply
        return self.data()

    def closed(self):
        """TRUE if the server has closed the connection, after waiting for it."""
        return self.file.readline() == b""

    def close(self):
        self.file.close()
        self.socket.close()
