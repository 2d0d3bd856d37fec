"""Outage: while policyd is away Postfix answers each service's default_action, and goes on asking
once policyd is back, in the SMTP session that saw it go."""

import unittest

from lib_case import PostfixCase
from lib_postfix import LOCAL

RULES = f"""\
domains local = {LOCAL}
dunno if recipient in local
reject "5.7.1 Relay access denied by policyd"
"""


def asking(default_action):
    # A short timeout, or each question takes Postfix's 100 seconds. Never try_limit=1: a failed
    # try leaves Postfix's connection as it is, and only the next try of the same question makes a
    # new one (src/util/attr_clnt.c), so that smtpd would not come back.
    return {
        "smtpd_relay_restrictions": "check_policy_service { unix:private/policyd, timeout=1s,"
        f" retry_delay=1s, {{ default_action = {default_action} }} }}, reject_unauth_destination"
    }


class Outage(PostfixCase):
    RULES = RULES
    SERVICES = {"defer": asking("450 4.3.2 Ask again later"), "dunno": asking("DUNNO")}
    # service, recipient, reply while policyd is away, and while it is there
    LOCAL, REMOTE = "user@local.example", "user@c.example"
    BY_US, BY_POSTFIX = "Relay access denied by policyd", "Relay access denied"
    TABLE = [
        ("defer", LOCAL, (450, "4.3.2 <{}>: .*: Ask again later"), (250, "Ok")),
        ("defer", REMOTE, (450, "4.3.2 <{}>: .*: Ask again later"), (554, BY_US)),
        ("dunno", LOCAL, (250, "Ok"), (250, "Ok")),
        ("dunno", REMOTE, (554, BY_POSTFIX + "$"), (554, BY_US)),
    ]

    def check(self, case, sessions, column):
        """Asks in all sessions at once: a question to nobody takes seconds."""
        for smtp, row in zip(sessions, self.TABLE):
            smtp.command("RSET")
            smtp.mail()
            smtp.write(f"RCPT TO:<{row[1]}>")
        for smtp, row in zip(sessions, self.TABLE):
            with self.subTest(case, service=row[0], recipient=row[1]):
                reply = smtp.read()
                code, text = row[column]
                self.assertReply(reply, code)
                self.assertRegex(reply.text, text.replace("{}", row[1]))

    def test_away_and_back(self):
        away, there = 2, 3
        for case, leave, come_back in (
            ("SIGTERM", self.policyd.stop, self.policyd.start),
            ("kill -9", self.policyd.kill, self.policyd.start),
            ("hanging", self.policyd.pause, self.policyd.go_on),
        ):
            sessions = [self.smtp(row[0]) for row in self.TABLE]
            self.check(f"{case}: before", sessions, there)
            leave()
            self.check(f"{case}: away", sessions, away)
            come_back()
            self.check(f"{case}: back", sessions, there)


if __name__ == "__main__":
    unittest.main()
