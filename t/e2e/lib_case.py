"""Case: what the test files have in common. Their failures name the case by subTest()."""

import unittest

from lib_policyd import Policyd
from lib_postfix import OUTSIDER, Postfix
from lib_scratch import Scratch
from lib_smtp import Smtp


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


class PostfixCase(unittest.TestCase):
    """A Postfix with SERVICES, and a policyd with RULES at private/policyd, for a class."""

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
        cls.policyd.start()
        cls.addClassCleanup(lambda: cls.policyd.process and cls.policyd.stop())

    def smtp(self, service, source=OUTSIDER, xclient=None):
        client = Smtp(self.postfix.port[service], source, xclient)
        self.addCleanup(client.close)
        return client

    def assertReply(self, reply, code, text=""):
        self.assertEqual(reply.code, code, f"{reply}\n{self.postfix.log_tail()}")
        self.assertIn(text, reply.text)

    def assertNoComplaint(self):
        """Postfix took every reply as it was meant."""
        for word in ("Server configuration", "warning:", "fatal:", "panic:"):
            self.assertNotIn(word, self.postfix.log())
