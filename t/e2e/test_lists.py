"""Restriction lists: each asks policyd exactly once where Postfix comes to it, with what is known
then; a refusal ends the asking, and a permit ends no more than its own list.

Three services, all of whose lists ask, each with a policy_context of its own: `delayed` is as
Postfix is by default, `early` has smtpd_delay_reject=no, and `old` asks its recipient list before
its relay list, as Postfix did before 3.6.
"""

import unittest

from lib_case import PostfixCase, smtpd
from lib_postfix import OUTSIDER

LISTS = ("client", "helo", "sender", "relay", "recipient", "data", "end_of_data", "etrn")
RESTED = "127.0.0.3"  # permitted in all lists but the relay list
REFUSED = "127.0.0.4"
RULES = f"""\
networks trusted = {RESTED}

reject "5.7.1 Refused at client" if policy_context == "client" and client_address == "{REFUSED}"
reject "5.7.1 Refused at helo" if policy_context == "helo" and helo_name == "refused.example"
""" + "".join(
    f'reject "5.7.1 Refused at {name}"'
    f' if policy_context == "{name}" and sender == "{name}@refused.example"\n'
    for name in LISTS[2:-1]
) + """\
reject "5.5.3 Multi-recipient bounce" if not sender and recipient_count > 1
permit if client_address in trusted and policy_context != "relay"
dunno
"""


def asking():
    """Every list, with reject_unauth_destination where it belongs."""
    policy = "check_policy_service {{ unix:private/policyd, policy_context={} }}"
    lists = {f"smtpd_{name}_restrictions": policy.format(name) for name in LISTS}
    lists["smtpd_relay_restrictions"] += ", reject_unauth_destination"
    return lists


ONE, TWO, REMOTE = "one@local.example", "two@local.example", "user@c.example"
HELLO = "(connection and EHLO)"
RCPT = "RCPT/client RCPT/helo RCPT/sender RCPT/relay RCPT/recipient"
OLD = "RCPT/client RCPT/helo RCPT/sender RCPT/recipient RCPT/relay"
LAST = "END-OF-MESSAGE"
ENDED = LAST + "/end_of_data"
BDAT = "BDAT 6 LAST\r\nX: y"
STEPS = [
    # what the client says, reply; who asks: `delayed`, `early`, `old` if it is otherwise
    (HELLO, 220, "", "CONNECT/client EHLO/helo"),
    ("HELO client.example", 250, "", "HELO/helo"),
    ("MAIL FROM:<a@outside.example>", 250, "", "MAIL/sender"),
    (f"RCPT TO:<{ONE}>", 250, RCPT, "RCPT/relay RCPT/recipient", OLD),
    (f"RCPT TO:<{TWO}>", 250, RCPT, "RCPT/relay RCPT/recipient", OLD),
    ("RCPT TO:<postmaster>", 250, "", ""),
    (f"RCPT TO:<{REMOTE}>", 554, RCPT.removesuffix(" RCPT/recipient"), "RCPT/relay", OLD),
    ("DATA", 354, "DATA/data", "DATA/data"),
    ("body\r\n.", 250, ENDED, ENDED),
    ("RSET", 250, "", ""),
    ("NOOP", 250, "", ""),
    ("MAIL FROM:<>", 250, "", "MAIL/sender"),
    (f"RCPT TO:<{ONE}>", 250, RCPT, "RCPT/relay RCPT/recipient", OLD),
    (BDAT, 250, "DATA/data " + ENDED, "DATA/data " + ENDED),
    (
        *(f"VRFY {ONE}", 252, "VRFY/client VRFY/helo VRFY/relay VRFY/recipient"),
        *("VRFY/relay VRFY/recipient", "VRFY/client VRFY/helo VRFY/recipient VRFY/relay"),
    ),
    ("ETRN relay.example", 459, "ETRN/client ETRN/helo ETRN/etrn", "ETRN/etrn"),
]

# Who asks in `delayed` and, up to MAIL, in `early`. The list that refuses is the last to ask.
DELAYED = [*RCPT.split(), "DATA/data", ENDED]
EARLY = ["CONNECT/client", "EHLO/helo", "HELO/helo", "MAIL/sender"]
REFUSALS = [
    # list, service, source, helo, the refused step, who asks, what Postfix says is rejected
    ("client", "delayed", REFUSED, "client.example", "RCPT", DELAYED[:1], "Client host"),
    ("helo", "delayed", OUTSIDER, "refused.example", "RCPT", DELAYED[:2], "Helo command"),
    ("sender", "delayed", OUTSIDER, "client.example", "RCPT", DELAYED[:3], "Sender address"),
    ("relay", "delayed", OUTSIDER, "client.example", "RCPT", DELAYED[:4], "Recipient address"),
    ("recipient", "delayed", OUTSIDER, "client.example", "RCPT", DELAYED[:5], "Recipient address"),
    ("data", "delayed", OUTSIDER, "client.example", "DATA", DELAYED[:6], "Data command"),
    ("end_of_data", "delayed", OUTSIDER, "client.example", LAST, DELAYED, "End-of-data"),
    ("client", "early", REFUSED, "client.example", "CONNECT", EARLY[:1], "Client host"),
    ("helo", "early", OUTSIDER, "refused.example", "HELO", EARLY[:3], "Helo command"),
    ("sender", "early", OUTSIDER, "client.example", "MAIL", EARLY, "Sender address"),
]

SEVERAL = [
    # case, sender, recipients, those accepted, recipient= from DATA on, reply to DATA
    ("one", "a@outside.example", [ONE], 1, ONE, 354),
    ("two", "a@outside.example", [ONE, TWO], 2, None, 354),
    ("two and one refused", "a@outside.example", [ONE, REMOTE, TWO], 2, None, 354),
    ("one and one refused", "a@outside.example", [REMOTE, TWO], 1, TWO, 354),
    ("the same twice", "a@outside.example", [ONE, ONE], 2, None, 354),
    ("a hundred", "a@outside.example", [f"{n}@local.example" for n in range(100)], 100, None, 354),
    ("null sender, one", "", [ONE], 1, ONE, 354),
    ("null sender, one refused", "", [ONE, REMOTE], 1, ONE, 354),
    ("null sender, two", "", [ONE, TWO], 2, None, 554),
]


class Lists(PostfixCase):
    RULES = RULES
    SERVICES = {
        "delayed": asking(),
        "early": {**asking(), "smtpd_delay_reject": "no"},
        "old": {**asking(), "smtpd_relay_before_recipient_restrictions": "no"},
    }
    PARAMETERS = {"fast_flush_domains": ""}

    def setUp(self):
        self.read = len(self.policyd.entries())

    def tearDown(self):
        self.assertNoComplaint("warning: reject: ETRN relay.example")

    def new(self):
        """The audit lines since the last call. A line is written before its reply is sent."""
        entries = self.policyd.entries()[self.read :]
        self.read += len(entries)
        return entries

    def asked_now(self):
        lines = [(e["protocol_state"], e["policy_context"]) for e in self.new()]
        return " ".join(f"{state.decode()}/{context.decode()}" for state, context in lines)

    def test_each_list_asks_once(self):
        for column, service in enumerate(("delayed", "early", "old")):
            smtp = self.smtp(service)
            for line, code, *asked in STEPS:
                expected = asked[column] if column < len(asked) else asked[0]
                with self.subTest(line, service=service):
                    reply = smtp.greeting if line == HELLO else smtp.command(line)
                    self.assertReply(reply, code)
                    self.assertEqual(self.asked_now(), expected)

    def test_refused_in_each_list(self):
        for name, service, source, helo, step, asked, what in REFUSALS:
            with self.subTest(name, service=service):
                reply = self.first_refusal(service, source, helo, f"{name}@refused.example")
                self.assertReply(reply, 554)
                text = f"<[^>]*>: {what} rejected: Refused at {name}$"
                self.assertRegex(reply.text, "^5.7.1 " + text)
                self.assertLogged(rf"reject: {step} from .*\[{source}\]: .*{text[:-1]};")
                self.assertEqual(self.asked_now(), " ".join(asked))

    def first_refusal(self, service, source, helo, sender):
        """The first reply that is no success, or the last."""
        smtp = self.smtp(service, source)
        if smtp.greeting.code != 220:
            return smtp.greeting
        for line in ("HELO " + helo, f"MAIL FROM:<{sender}>", f"RCPT TO:<{ONE}>", "DATA"):
            reply = smtp.command(line)
            if reply.code >= 400:
                return reply
        return smtp.command("body\r\n.")

    def test_permit_is_for_one_list(self):
        """A client that all lists but the relay list permit does not relay."""
        table = [
            ("to local", ONE, 250, "", RCPT),
            ("elsewhere", REMOTE, 554, "Relay access denied", RCPT.removesuffix(" RCPT/recipient")),
        ]
        for case, recipient, code, text, asked in table:
            with self.subTest(case):
                smtp = self.smtp("delayed", RESTED)
                smtp.mail()
                self.assertReply(smtp.rcpt(recipient), code, text)
                lines = self.new()
                contexts = [entry["policy_context"] for entry in lines]
                self.assertEqual([f"RCPT/{name.decode()}" for name in contexts], asked.split())
                for context, entry in zip(contexts, lines):
                    decision = b"DUNNO" if context == b"relay" else b"OK"
                    self.assertEqual(entry["decision"], decision)

    def test_several_recipients(self):
        for case, sender, recipients, accepted, recipient, code in SEVERAL:
            with self.subTest(case):
                smtp = self.smtp("delayed")
                smtp.mail(sender)
                taken = [each for each in recipients if smtp.rcpt(each).code == 250]
                self.assertEqual(len(taken), accepted)
                self.new()
                reply = smtp.data()
                self.assertReply(reply, 250 if code == 354 else code)
                lines = self.new()
                self.assertEqual(len(lines), 2 if code == 354 else 1)
                for line in lines:
                    self.check_message(line, sender, accepted, recipient)
                if code == 354:
                    self.check_logs(self.queue_id(reply), sender, set(taken))

    def check_message(self, line, sender, accepted, recipient):
        self.assertEqual(line.get("sender", b"").decode(), sender)
        self.assertEqual(line["recipient_count"].decode(), str(accepted))
        self.assertEqual(line.get("recipient"), recipient and recipient.encode())

    def check_logs(self, queue_id, sender, recipients):
        """The audit lines of DATA and of the end have the queue id of the reply and of mail.log."""
        lines = self.asked(queue_id=queue_id)
        states = [e["protocol_state"] for e in lines if e["protocol_state"] != b"RCPT"]
        self.assertEqual(states, [b"DATA", b"END-OF-MESSAGE"])
        self.assertEqual(len({e["instance"] for e in lines}), 1)
        logged = self.assertLogged(rf"smtpd\[(\d+)\]: {queue_id}: client=")
        self.assertEqual(smtpd(lines[0]), int(logged[1]))
        self.assertLogged(rf"qmgr.*: {queue_id}: from=<{sender}>, .*nrcpt={len(recipients)} ")
        self.assertEqual([who for who, _ in self.delivered(queue_id)], sorted(recipients))


if __name__ == "__main__":
    unittest.main()
