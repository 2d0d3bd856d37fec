"""Swaks: Jetmore's SMTP client, Debian's program, and the dialogue that it shows."""

import collections
import re
import subprocess

from lib_postfix import OUTSIDER, program
from lib_smtp import Reply

SECONDS = 60

# How a line of the transcript begins: a tilde means that it went encrypted.
SENT = (" -> ", " ~> ")
RECEIVED = ("<-  ", "<** ", "<~  ", "<~* ")
CIPHER = re.compile(r"^=== TLS started with cipher (\S+):(\S+):(\d+)$", re.MULTILINE)

# A command, the reply to it, and whether it was encrypted.
Step = collections.namedtuple("Step", "command reply encrypted")


class Dialogue:
    """`status` is the program's; `cipher` (protocol, name, bits), or None without TLS."""

    def __init__(self, status, transcript):
        self.status = status
        self.transcript = transcript
        found = CIPHER.search(transcript)
        self.cipher = found.groups() if found else None
        self.steps = []
        self.read(transcript)

    def read(self, transcript):
        lines = []
        for line in transcript.splitlines():
            mark, text = line[:4], line[4:]
            if mark in SENT:
                self.steps.append(Step(text, None, "~" in mark))
            elif mark in RECEIVED:
                lines.append(text[4:])
                if text[3:4] != "-":
                    self.replied(Reply(int(text[:3]), "\n".join(lines)))
                    lines = []

    def replied(self, reply):
        if self.steps:  # not the greeting
            self.steps[-1] = self.steps[-1]._replace(reply=reply)

    def reply(self, command):
        """The reply to the last command that begins so."""
        for step in reversed(self.steps):
            if step.command.startswith(command):
                return step.reply
        raise AssertionError(f"no {command} was sent:\n{self.transcript}")

    def login(self):
        """AUTH and what follows it, up to its end, as (line, code, encrypted)."""
        found = []
        for step in self.steps:
            if step.command.startswith("AUTH") or (found and found[-1][1] == 334):
                found.append((step.command, step.reply.code, step.encrypted))
        return found


def swaks(port, *options, server="127.0.0.1", source=OUTSIDER):
    """One message from there, as the options say. Raises if it hangs."""
    done = subprocess.run(
        [
            *(program("swaks", "swaks"), "--config", "--ehlo", "client.example"),
            *("--server", server, "--port", str(port), "--local-interface", source),
            *options,
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=SECONDS,
        check=False,
        text=True,
        errors="surrogateescape",
    )
    return Dialogue(done.returncode, done.stdout)
