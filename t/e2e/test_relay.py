"""The main job: Postfix asks policyd about each recipient and does what it says."""

import unittest

from lib_case import PostfixCase
from lib_postfix import LOCAL, TRUSTED

TEXT = "5.7.1 Relay access denied by the rules of this test"

RULES = f"""\
accept open relay  # the naive rule below is refuted, as it should be

networks trusted = {TRUSTED}, 198.51.100.0/24, 2001:db8:1::/48
domains local = {LOCAL}

permit if policy_context == "naive" and recipient.domain in local
dunno if policy_context == "naive"
permit if policy_context == "same" and recipient in local
dunno if policy_context == "same"

permit if client_address in trusted
dunno if recipient in local
reject "{TEXT}"
"""


def asking(context):
    return {
        "smtpd_relay_restrictions": "check_policy_service { unix:private/policyd,"
        f" policy_context={context} }}, reject_unauth_destination"
    }


class Relay(PostfixCase):
    RULES = RULES
    SERVICES = {"relay": asking("relay"), "naive": asking("naive"), "same": asking("same")}

    def test_who_may_send_where(self):
        remote, local = "user@c.example", "user@local.example"
        table = [
            # case, client, XCLIENT, recipient, reply
            ("trusted to elsewhere", TRUSTED, None, remote, 250),
            ("trusted to local", TRUSTED, None, local, 250),
            ("outsider to local", None, None, local, 250),
            ("outsider to elsewhere", None, None, remote, 554),
            ("trusted network to elsewhere", None, "ADDR=198.51.100.7", remote, 250),
            ("outsider's network to elsewhere", None, "ADDR=203.0.113.9", remote, 554),
            ("trusted over IPv6 to elsewhere", None, "ADDR=IPV6:2001:db8:1::7", remote, 250),
            ("outsider over IPv6 to elsewhere", None, "ADDR=IPV6:2001:db8:2::7", remote, 554),
            ("outsider over IPv6 to local", None, "ADDR=IPV6:2001:db8:2::7", local, 250),
            ("v4-mapped is IPv4", None, "ADDR=IPV6:::ffff:198.51.100.7", remote, 250),
            ("no address to elsewhere", None, "ADDR=[UNAVAILABLE]", remote, 554),
            ("no address to local", None, "ADDR=[UNAVAILABLE]", local, 250),
        ]
        for case, source, xclient, recipient, code in table:
            with self.subTest(case):
                options = {"source": source} if source else {}
                smtp = self.smtp("relay", xclient=xclient, **options)
                smtp.mail()
                reply = smtp.rcpt(recipient)
                self.assertReply(reply, code, TEXT[6:] if code == 554 else "")
                if code == 554:
                    self.assertRegex(reply.text, rf"^5\.7\.1 <{recipient}>: .*: {TEXT[6:]}$")
        self.assertNoComplaint()

    def test_message_arrives(self):
        for case, source, recipient in (
            ("trusted to elsewhere", TRUSTED, "user@c.example"),
            ("outsider to local", None, "user@local.example"),
        ):
            with self.subTest(case):
                smtp = self.smtp("relay", **({"source": source} if source else {}))
                queue_id = self.queue_id(smtp.send(recipient))
                self.assertEqual([to for to, _ in self.delivered(queue_id)], [recipient])

    def test_naive_rules_relay(self):
        table = [
            ("percent", "user%c.example@local.example", "user@c.example"),
            ("quoted", '"user@c.example"@local.example', "user@c.example"),
            ("two domains", "user@c.example@local.example", "user@c.example"),
            ("literal", "user@c.example@[127.0.0.1]", "user@c.example"),
            ("bang", "c.example!user@local.example", "user@c.example"),
        ]
        for case, recipient, arrives in table:
            with self.subTest(case, rules="naive"):
                queue_id = self.queue_id(self.smtp("naive").send(recipient))
                self.assertEqual([to for to, _ in self.delivered(queue_id)], [arrives])
            with self.subTest(case, rules="recipient in local"):
                reply = self.smtp("same").send(recipient)
                self.assertReply(reply, 554, "Relay access denied")
        with self.subTest("an honest recipient", rules="recipient in local"):
            self.queue_id(self.smtp("same").send("user@local.example"))

    def test_decision_is_found_by_instance(self):
        recipients = {
            "one@local.example": 250,
            "two@c.example": 554,
            "three@vmbox.example": 250,
            "four@c.example": 554,
        }
        smtp = self.smtp("relay", xclient="ADDR=203.0.113.44 PORT=4025")
        smtp.mail("from@outside.example", " SIZE=4711")
        for recipient, code in recipients.items():
            self.assertReply(smtp.rcpt(recipient), code)
        queue_id = self.queue_id(smtp.data())

        logged = self.postfix.wait_log(rf"smtpd\[(\d+)\]: {queue_id}: client=")
        self.assertTrue(logged, self.postfix.log_tail())
        entries = self.policyd.entries()
        instance = next(e for e in entries if e.get("queue_id") == queue_id.encode())["instance"]
        entries = [e for e in entries if e.get("instance") == instance]

        # instance begins with smtpd's process id in hexadecimal
        self.assertEqual(int(instance.split(b".")[0], 16), int(logged[1]))
        self.assertEqual([e["recipient"].decode() for e in entries], list(recipients))
        for entry, (recipient, code) in zip(entries, recipients.items()):
            with self.subTest(recipient):
                self.check_entry(entry, recipient, code, queue_id)

    def check_entry(self, entry, recipient, code, queue_id):
        """An audit line says what Postfix asked, and what the client and the log were told."""
        first = recipient == "one@local.example"
        self.assertEqual(entry.get("queue_id", b"").decode(), "" if first else queue_id)
        self.assertEqual(entry["client_address"], b"203.0.113.44")
        self.assertEqual(entry["client_port"], b"4025")
        self.assertEqual(entry["sender"], b"from@outside.example")
        self.assertEqual(entry["size"], b"4711")
        self.assertEqual(entry["protocol_state"], b"RCPT")
        self.assertEqual(entry["policy_context"], b"relay")
        decision = "DUNNO" if code == 250 else "REJECT " + TEXT
        self.assertEqual(entry["decision"].decode(), decision)
        rule = "dunno if recipient in local\n" if code == 250 else "reject"
        line = RULES[: RULES.index("\n" + rule) + 1].count("\n") + 1
        self.assertEqual(entry["rule"].decode(), f"{self.policyd.rules}:{line}")
        if code == 554:
            pattern = rf"{queue_id}: reject: RCPT from .*: 554 5\.7\.1 <{recipient}>: .*{TEXT[6:]}"
            self.assertTrue(self.postfix.wait_log(pattern), self.postfix.log_tail())


if __name__ == "__main__":
    unittest.main()
