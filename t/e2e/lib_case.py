"""Case: what the test files have in common. Their failures name the case by subTest()."""

import os
import re
import subprocess
import unittest
from unittest import mock

from lib_policyd import Policyd
from lib_postfix import OUTSIDER, Postfix
from lib_scratch import Scratch
from lib_smtp import Smtp


def smtpd(entry):
    """The id of the process that asked, with which the `instance` of an audit line begins."""
    return int(entry["instance"].split(b".")[0], 16)


class ScratchCase(unittest.TestCase):
    """A scratch directory for each test."""

    def setUp(self):
        self.scratch = Scratch()
        self.addCleanup(self.scratch.close)

    def policyd(self, *arguments, **options):
        """A started daemon, stopped at the end, when it must exit 0 and without complaints."""
        daemon = Policyd(self.scratch, *arguments, **options).start()
        self.addCleanup(lambda: daemon.process and daemon.stop())
        return daemon

    def within_journal(self):
        """(the path of the journal's socket, the words before a command that is to find it there).
        A name space of mounts puts it in place; without one, the test is skipped."""
        folder = self.scratch.join("journal")
        os.mkdir(folder)
        enter = (
            "mount -t tmpfs policyd-test /run && mkdir -p /run/systemd/journal"
            f' && mount --bind {folder} /run/systemd/journal && exec "$@"'
        )
        command = ["unshare", "--mount", "sh", "-c", enter, "sh"]
        done = subprocess.run([*command, "true"], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            self.skipTest(f"no name space for mounts here: {done.stderr.strip()}")
        return os.path.join(folder, "socket"), command


class PostfixCase(unittest.TestCase):
    """A Postfix with SERVICES, and a policyd with RULES at private/policyd, for a class. `postconf`
    in the rules is that of this Postfix."""

    RULES = ""
    SERVICES = {}
    PARAMETERS = {}
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        scratch = Scratch()
        cls.addClassCleanup(scratch.close)
        cls.postfix = Postfix(scratch, cls.SERVICES, cls.PARAMETERS)
        cls.postfix.start()
        cls.policyd = Policyd(
            scratch, cls.RULES, cls.postfix.socket_path(), ",mode=0600,owner=postfix"
        )
        with mock.patch.dict(os.environ, MAIL_CONFIG=cls.postfix.conf):
            cls.policyd.start()
        cls.addClassCleanup(lambda: cls.policyd.process and cls.policyd.stop())

    def smtp(self, service, source=OUTSIDER, xclient=None):
        client = Smtp(self.postfix.port[service], source, xclient)
        self.addCleanup(client.close)
        return client

    def assertReply(self, reply, code, text=""):
        self.assertEqual(reply.code, code, f"{reply}\n{self.postfix.log_tail()}")
        self.assertIn(text, reply.text)

    def queue_id(self, reply):
        """Of a message that was accepted."""
        self.assertReply(reply, 250, "queued as ")
        return reply.text.rpartition(" as ")[2]

    def asked(self, **fields):
        """The audit lines that have these values; None: not that field."""
        wanted = {name: value and value.encode() for name, value in fields.items()}
        return [
            entry
            for entry in self.policyd.entries()
            if all(entry.get(name) == value for name, value in wanted.items())
        ]

    def assertLogged(self, pattern):
        """By Postfix. Answers the match."""
        found = self.postfix.wait_log(pattern)
        self.assertTrue(found, f"not logged: {pattern}\n{self.postfix.log_tail()}")
        return found

    def delivered(self, queue_id):
        """(recipient, next hop) of each delivery, once the message is done."""
        self.assertLogged(f"qmgr.*: {queue_id}: removed")
        pattern = rf"discard\[\d+\]: {queue_id}: to=<([^>]*)>.* status=sent \(([^)]*)\)"
        return sorted(re.findall(pattern, self.postfix.log()))

    def assertNoComplaint(self, foreseen="(?!)"):
        """Postfix took every reply as it was meant; it may complain of what is foreseen."""
        log = re.sub(foreseen, "", self.postfix.log())
        for word in ("Server configuration", "warning:", "fatal:", "panic:"):
            self.assertNotIn(word, log)
