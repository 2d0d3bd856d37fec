"""Actions: real Postfix takes each action of the language as it is meant.

Two services ask policyd and differ in what comes after: `open` would permit, `shut` rejects. So a
permit, a dunno and a deferral that depends on the rest can be told apart.
"""

import re
import unittest

from lib_case import PostfixCase
from lib_postfix import LOCAL, OUTSIDER, TRUSTED

REST_REJECTS = "Access denied"
LONG = "5.7.1 " + "x" * 394  # as long as a text may be

# local part of the recipient, action, reply at `open`, reply at `shut`: code and text.
ACTIONS = [
    ("permit", "permit", (250, "Ok"), (250, "Ok")),
    ("dunno", "dunno", (250, "Ok"), (554, REST_REJECTS)),
    ("reject", "reject", (554, "5.7.1 "), (554, "5.7.1 ")),
    ("reject-text", 'reject "Not here"', (554, "5.7.1 <{}>: .*: Not here"), None),
    ("reject-status", 'reject "5.7.11 Not so"', (554, "5.7.11 <{}>: .*: Not so"), None),
    ("reject-code", 'reject 550 "No such thing"', (550, "5.7.1 <{}>: .*: No such thing"), None),
    ("reject-both", 'reject 553 "5.1.3 Bad"', (553, "5.1.3 <{}>: .*: Bad"), None),
    ("reject-quotes", r'reject "a \"b\" c\\d %s"', (554, r'<{}>: .*: a "b" c\\d %s$'), None),
    ("reject-long", f'reject "{LONG}"', (554, LONG[6:] + "$"), None),
    ("defer", "defer", (450, "4.7.1 "), (450, "4.7.1 ")),
    ("defer-text", 'defer "4.7.0 Later"', (450, "4.7.0 <{}>: .*: Later"), None),
    ("defer-code", 'defer 450 "Later"', (450, "4.7.1 <{}>: .*: Later"), None),
    ("defer-both", 'defer 452 "4.2.2 Full"', (452, "4.2.2 <{}>: .*: Full"), None),
    ("if-permit", "defer_if_permit", (450, "4.7.1 "), (554, REST_REJECTS)),
    ("if-permit-text", 'defer_if_permit "4.3.0 Wait"', (450, "4.3.0 .*Wait"), (554, REST_REJECTS)),
    ("if-reject", "defer_if_reject", (250, "Ok"), (450, "4.7.1 ")),
    ("if-reject-text", 'defer_if_reject "4.3.0 Wait"', (250, "Ok"), (450, "4.3.0 .*Wait")),
    ("hold", "hold", (250, "Ok"), (554, REST_REJECTS)),
    ("hold-text", 'hold "for a look"', (250, "Ok"), (554, REST_REJECTS)),
    ("discard", "discard", (250, "Ok"), (250, "Ok")),
    ("discard-text", 'discard "unwanted"', (250, "Ok"), (250, "Ok")),
    ("warn", "warn", (250, "Ok"), (554, REST_REJECTS)),
    ("warn-text", 'warn "look at this"', (250, "Ok"), (554, REST_REJECTS)),
    ("info", "info", (250, "Ok"), (554, REST_REJECTS)),
    ("info-text", 'info "good to know"', (250, "Ok"), (554, REST_REJECTS)),
    ("prepend", 'prepend "X-Policy: seen by policyd"', (250, "Ok"), (554, REST_REJECTS)),
    ("redirect", 'redirect "other@d.example"', (250, "Ok"), (554, REST_REJECTS)),
    ("bcc", 'bcc "archive@d.example"', (250, "Ok"), (554, REST_REJECTS)),
    ("filter", 'filter "discard:nowhere.d.example"', (250, "Ok"), (554, REST_REJECTS)),
    ("res-permit", 'restrict "permit"', (250, "Ok"), (250, "Ok")),
    ("res-reject", 'restrict "reject"', (554, REST_REJECTS), (554, REST_REJECTS)),
    ("res-defer", 'restrict "defer"', (450, "4.3.2 |4.7.1 "), (450, "4.3.2 |4.7.1 ")),
    ("res-unauth", 'restrict "reject_unauth_destination"', (554, "Relay access denied"), None),
    (
        "res-two",
        'restrict "permit_mynetworks, reject_unauth_destination"',
        (554, "Relay access denied"),
        None,
    ),
    (
        "res-no-effect",
        'restrict "permit_mynetworks, permit_auth_destination"',
        (250, "Ok"),
        (554, REST_REJECTS),
    ),
    (
        "res-sender",
        'restrict "reject_non_fqdn_sender, reject_unlisted_sender, permit"',
        (250, "Ok"),
        (250, "Ok"),
    ),
]

# What Postfix logs at RCPT, after its queue id or NOQUEUE.
AT = r" RCPT from \S+: "
LOGGED = {
    "hold": "hold:" + AT + "<hold@c.example>: Recipient address triggers HOLD action;",
    "hold-text": "hold:" + AT + "<hold-text@c.example>: Recipient address for a look;",
    "discard": "discard:" + AT + "<discard@c.example>: Recipient address triggers DISCARD action;",
    "discard-text": "discard:" + AT + "<discard-text@c.example>: Recipient address unwanted;",
    "warn": "warn:" + AT + "; .* to=<warn@c.example>",
    "warn-text": "warn:" + AT + "look at this; .* to=<warn-text@c.example>",
    "info": "info:" + AT + "; .* to=<info@c.example>",
    "info-text": "info:" + AT + "good to know; .* to=<info-text@c.example>",
    "redirect": "redirect:" + AT + "<redirect@c.example>: Recipient address triggers REDIRECT"
    " other@d.example;",
    "bcc": "bcc:" + AT + "<bcc@c.example>: Recipient address triggers BCC archive@d.example;",
    "filter": "filter:" + AT + "<filter@c.example>: Recipient address triggers FILTER"
    " discard:nowhere.d.example;",
}

RULES = (
    "accept open relay  # it permits by the recipient's name\n"
    + f"domains local = {LOCAL}\n"
    + 'reject 521 "Go away" if recipient == "hang-up@c.example"\n'
    + 'defer 421 "Come back" if recipient == "come-back@c.example"\n'
    + "".join(f'{row[1]} if recipient == "{row[0]}@c.example"\n' for row in ACTIONS)
    + "dunno\n"
)

POLICY = "check_policy_service unix:private/policyd"


class Actions(PostfixCase):
    RULES = RULES
    SERVICES = {
        "open": {
            "smtpd_relay_restrictions": POLICY,
            # smtpd insists on a reject somewhere; this one is never reached
            "smtpd_recipient_restrictions": "check_recipient_access static:OK, reject",
        },
        "shut": {"smtpd_relay_restrictions": POLICY + ", reject"},
    }

    def tearDown(self):
        self.assertNoComplaint()

    def test_reply_to_the_client(self):
        for name, action, *replies in ACTIONS:
            for service, expected in zip(("open", "shut"), replies):
                with self.subTest(action, after=service):
                    self.check_reply(service, f"{name}@c.example", expected or replies[0])

    def check_reply(self, service, recipient, expected):
        smtp = self.smtp(service)
        smtp.mail()
        reply = smtp.rcpt(recipient)
        smtp.close()
        code, text = expected
        self.assertReply(reply, code)
        self.assertRegex(reply.text, text.replace("{}", re.escape(recipient)))

    def test_log_of_postfix(self):
        smtp = self.smtp("open")
        for name, pattern in LOGGED.items():
            with self.subTest(name):
                self.assertReply(smtp.mail(), 250)
                self.assertReply(smtp.rcpt(f"{name}@c.example"), 250)
                smtp.command("RSET")
                found = self.postfix.wait_log(rf"smtpd\[\d+\]: \w+: {pattern}", 5)
                self.assertTrue(found, self.postfix.log_tail())

    def send(self, *recipients):
        """The queue id of a message to them."""
        smtp = self.smtp("open")
        smtp.mail()
        for recipient in recipients:
            self.assertReply(smtp.rcpt(recipient), 250)
        reply = smtp.data()
        self.assertReply(reply, 250)
        return reply.text.rpartition(" as ")[2]

    def test_message(self):
        table = [
            ("permit", [("permit@c.example", "c.example")]),
            ("dunno", [("dunno@c.example", "c.example")]),
            ("redirect", [("other@d.example", "d.example")]),
            ("bcc", [("archive@d.example", "d.example"), ("bcc@c.example", "c.example")]),
            ("filter", [("filter@c.example", "nowhere.d.example")]),
        ]
        for name, expected in table:
            with self.subTest(name):
                self.assertEqual(self.delivered(self.send(f"{name}@c.example")), expected)

    def test_hold_and_prepend(self):
        queue_id = self.send("prepend@c.example", "hold@c.example")
        message = self.postfix.postcat(queue_id)
        self.assertIn(f" hold/{queue_id} ", message.splitlines()[0])
        self.assertRegex(message, r"(?m)^X-Policy: seen by policyd$")

    def test_discard_drops_the_whole_message(self):
        queue_id = self.send("dunno@c.example", "discard@c.example")
        found = self.postfix.wait_log(rf"smtpd\[\d+\]: {queue_id}: discard: RCPT")
        self.assertTrue(found, self.postfix.log_tail())
        self.assertNotIn("to=<dunno@c.example>, relay", self.after(queue_id))
        self.assertNotRegex(self.postfix.log(), f"qmgr.*: {queue_id}: from=")

    def after(self, queue_id):
        """What the log says of a message, once a later one has been through the queue."""
        self.delivered(self.send("permit@c.example"))
        return "".join(line for line in self.postfix.log().splitlines() if queue_id in line)

    def test_codes_that_disconnect(self):
        for name, code, text in (("hang-up", 521, "Go away"), ("come-back", 421, "Come back")):
            with self.subTest(name):
                smtp = self.smtp("open")
                smtp.mail()
                self.assertReply(smtp.rcpt(f"{name}@c.example"), code, text)
                self.assertTrue(smtp.closed())

    def test_restrictions_see_the_client(self):
        for source, code in ((TRUSTED, 250), (OUTSIDER, 554)):
            with self.subTest(source):
                smtp = self.smtp("shut", source)
                smtp.mail()
                self.assertReply(smtp.rcpt("res-two@c.example"), code)


if __name__ == "__main__":
    unittest.main()
