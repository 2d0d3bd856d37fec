"""Recycling: smtpd processes that end after a few clients, as max_use wants it, while many clients
come at once. Every recipient is asked about once and answered right, and no audit line is lost.
"""

import random
import re
import threading
import time
import unittest

from lib_case import PostfixCase, smtpd
from lib_postfix import LOCAL, OUTSIDER, TRUSTED
from lib_smtp import Smtp

MAX_USE = 2  # clients of one process
CLIENTS = 6
SESSIONS = 40  # of each client
RECIPIENTS = 8  # of each session

RULES = f"""\
networks trusted = {TRUSTED}
domains local = {LOCAL}
dunno if protocol_state == "END-OF-MESSAGE"
permit if client_address in trusted
dunno if recipient in local
reject "5.7.1 Relaying denied by policy"
"""
POLICY = "check_policy_service unix:private/policyd"
DENIED = "REJECT 5.7.1 Relaying denied by policy"

# client, domain of the recipient, reply, decision
ROWS = [
    (TRUSTED, "c.example", 250, "OK"),
    (TRUSTED, "local.example", 250, "OK"),
    (OUTSIDER, "c.example", 554, DENIED),
    (OUTSIDER, "local.example", 250, "DUNNO"),
]


class Sender(threading.Thread):
    """Remembers the decision that is due for each recipient, by the recipient, which is unique,
    and the queue ids of its messages."""

    def __init__(self, port, number, seed):
        super().__init__(daemon=True)
        self.port = port
        self.number = number
        self.random = random.Random(seed + number)
        self.decisions = {}
        self.queue_ids = []
        self.fault = None

    def run(self):
        try:
            for session in range(SESSIONS):
                self.session(f"{self.number}-{session}")
        except Exception as fault:  # told by the test
            self.fault = fault

    def session(self, name):
        source = self.random.choice((TRUSTED, OUTSIDER))
        rows = [row for row in ROWS if row[0] == source]
        with Smtp(self.port, source) as smtp:
            smtp.mail()
            taken = 0
            for number in range(RECIPIENTS):
                _, domain, code, decision = self.random.choice(rows)
                recipient = f"{name}-{number}@{domain}"
                reply = smtp.rcpt(recipient)
                assert reply.code == code, f"{source} to {recipient}: {reply}"
                self.decisions[recipient] = decision
                taken += code == 250
            if taken:
                reply = smtp.data()
                assert reply.code == 250, reply
                self.queue_ids.append(reply.text.rpartition(" as ")[2])
            smtp.command("QUIT")


class Recycling(PostfixCase):
    RULES = RULES
    SERVICES = {
        "smtp": {
            "max_use": str(MAX_USE),
            "smtpd_relay_restrictions": POLICY + ", reject_unauth_destination",
            "smtpd_end_of_data_restrictions": POLICY,
        }
    }

    def test_no_decision_is_lost(self):
        seed = time.time_ns() % 1000000
        senders = [Sender(self.postfix.port["smtp"], n, seed) for n in range(CLIENTS)]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
        self.assertEqual([s.fault for s in senders if s.fault], [], f"seed {seed}")

        decisions = {who: what for s in senders for who, what in s.decisions.items()}
        self.assertEqual(len(decisions), CLIENTS * SESSIONS * RECIPIENTS)
        lines = self.asked(protocol_state="RCPT")
        self.assertEqual(len(lines), len(decisions))
        logged = {e["recipient"].decode(): e["decision"].decode() for e in lines}
        self.assertEqual(logged, decisions)

        queue_ids = sorted(queue_id for s in senders for queue_id in s.queue_ids)
        ends = self.asked(protocol_state="END-OF-MESSAGE")
        self.assertEqual(sorted(e["queue_id"].decode() for e in ends), queue_ids)
        self.assertEqual({e["instance"] for e in ends} - {e["instance"] for e in lines}, set())
        self.check_log_of_postfix(lines, ends)
        self.assertNoComplaint()

    def check_log_of_postfix(self, lines, ends):
        """It did recycle; each process has asked, and each message is that of its process."""
        self.assertLogged(rf"(?s)(?:: disconnect from.*?){{{CLIENTS * SESSIONS}}}")
        clients = re.findall(r"smtpd\[(\d+)\]: connect from", self.postfix.log())
        self.assertEqual(len(clients), CLIENTS * SESSIONS)
        self.assertLessEqual(max(clients.count(pid) for pid in set(clients)), MAX_USE)
        self.assertEqual({smtpd(line) for line in lines}, {int(pid) for pid in clients})

        messages = re.findall(r"smtpd\[(\d+)\]: (\w+): client=", self.postfix.log())
        logged = {queue_id: int(pid) for pid, queue_id in messages}
        self.assertEqual({e["queue_id"].decode(): smtpd(e) for e in ends}, logged)


if __name__ == "__main__":
    unittest.main()
