"""Proof: the daemon serves no rules but those that are proved."""

import subprocess
import unittest

from lib_case import ScratchCase
from lib_policyd import Policyd, program

RELAYS = """
networks trusted = 192.0.2.0/24
domains local = local.example
permit if client_address in trusted
permit if recipient.domain in local
dunno if recipient in local
reject
"""

HOLLOW = """
condition insider = helo_name == "friend"
permit if insider
reject
"""

ASSERTED = """
networks trusted = 192.0.2.0/24
permit if client_address in trusted and size < 10M
reject
always permit if client_address in trusted
"""

WIDE = """
networks trusted = 0.0.0.0/0
reject
"""

GOOD = """
networks trusted = 192.0.2.0/24
permit if client_address in trusted
reject
never permit if not client_address in trusted
"""


class Proof(ScratchCase):
    def refusal(self, rules, options=()):
        """What a daemon says that doesn't start with these rules."""
        daemon = Policyd(self.scratch, rules=rules, options=options)
        daemon.spawn()
        self.assertEqual(daemon.wait(), 2)
        return daemon.said()

    def witness(self, said):
        """The last request in what was said: its lines are indented by four."""
        found = []
        for line in said.splitlines():
            if line.startswith("    request="):
                found = []
            if line.startswith("    "):
                found.append(line[4:])
        return "\n".join(found) + "\n"

    def decision(self, rules, request):
        path = self.scratch.write("asked.rules", rules)
        return subprocess.run(
            [program("policyctl"), "query", "--rules", path],
            input=request,
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
        ).stdout.strip()

    def test_refused(self):
        table = [
            ("a relay", RELAYS, "test.rules:5: error: REFUTED: this 'permit' breaks", "action=OK"),
            ("a stranger", HOLLOW, "error: REFUTED: a stranger is an insider", "action=OK"),
            ("an assertion", ASSERTED, "asserted at ", "action=REJECT"),
        ]
        for case, rules, text, action in table:
            with self.subTest(case):
                said = self.refusal(rules)
                self.assertIn(text, said)
                self.assertEqual(self.decision(rules, self.witness(said)), action)

    def test_wide(self):
        self.assertIn("0.0.0.0/0 in 'trusted'", self.refusal(WIDE))

    def test_dry_run_is_proved_too(self):
        self.assertIn("REFUTED", self.refusal(RELAYS, options=["--dry-run"]))

    def test_accepted(self):
        for case, rules in (("relay", RELAYS), ("stranger", HOLLOW), ("wide", WIDE)):
            with self.subTest(case), Policyd(self.scratch, rules=rules + "accept open relay\n"):
                pass

    def test_budget(self):
        self.assertIn("NOT DECIDED", self.refusal(GOOD, options=["--proof-budget", "5"]))
        with Policyd(self.scratch, rules=GOOD, options=["--proof-budget", "5000"]) as daemon:
            with daemon.client() as client:
                self.assertEqual(client.ask(client_address="192.0.2.1"), "OK")


if __name__ == "__main__":
    unittest.main()
