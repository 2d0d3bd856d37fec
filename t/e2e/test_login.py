"""Logins: users log in through Dovecot, over TLS, and relay; and nobody else does.

Four services: `smtp` takes mail for this server's domains from everybody, and logins after
STARTTLS; `clear` is one whose administrator forgot smtpd_tls_auth_only; `submission` and `smtps`
are for users only, and each has its own policy_context.
"""

import base64
import unittest

from lib_postfix import OUTSIDER
from lib_server import LISTS, PASSWORDS, ServerCase, asking
from lib_tls import start_tls

RULES = LISTS + """
dunno if policy_context == "done"  # asked for the log's sake
reject "5.7.11 Encryption required to log in and relay" if authenticated and not encrypted
reject 530 "5.7.0 Log in to submit" if policy_context == "submission" and not authenticated
reject 530 "5.7.0 Log in to smtps" if policy_context == "smtps" and not authenticated

condition own_sender = sasl_username == sender
condition receipt = not sender
reject "5.7.1 Not the sender's login" if authenticated and not own_sender and not receipt
permit if authenticated
permit if client_address in trusted

reject "5.7.1 Log in to send as one of us" if sender in local
dunno if recipient in local
reject "5.7.1 Relaying denied by policy"

never permit if not encrypted and not client_address in trusted
"""
CLEAR = "Encryption required to log in and relay"
NOT_OWN = "Not the sender's login"
SPOOFED = "Log in to send as one of us"
DENIED = "Relaying denied by policy"

ALICE, BOB = PASSWORDS
OUTSIDE = "sender@outside.example"
REMOTE, LOCAL_USER = "user@c.example", "user@local.example"
TLS = {"smtp": "--tls", "clear": "--tls", "submission": "--tls", "smtps": "--tls-on-connect"}


def encoded(text):
    return base64.b64encode(text.encode()).decode()


def plain(user, password=None, become=""):
    password = PASSWORDS[user] if password is None else password
    return "AUTH PLAIN " + encoded(f"{become}\0{user}\0{password}")


def lines_of(mechanism, user, password, end=235):
    """What AUTH looks like, as (line, code) of each step."""
    if mechanism == "PLAIN":
        return [(plain(user, password), end)]
    return [("AUTH LOGIN", 334), (encoded(user), 334), (encoded(password), end)]


def credentials(mechanism, user=ALICE, password=None):
    """For swaks, which goes on without a login if it fails."""
    password = PASSWORDS[user] if password is None else password
    return [
        *("--auth-optional", mechanism),
        *("--auth-user", user, "--auth-password", password or "<>"),
    ]


def envelope(sender, recipient):
    return ["--from", sender, "--to", recipient]


class Login(ServerCase):
    RULES = RULES
    SERVICES = {
        "smtp": asking("smtp"),
        "clear": {**asking("clear"), "smtpd_tls_auth_only": "no"},
        "submission": {
            **asking("submission", "reject"),
            "syslog_name": "postfix/submission",
            "smtpd_tls_security_level": "encrypt",
        },
        "smtps": {
            **asking("smtps", "reject"),
            "syslog_name": "postfix/smtps",
            "smtpd_tls_wrappermode": "yes",
        },
    }

    def encrypted(self, service="smtp"):
        """A dialogue of our own, after STARTTLS."""
        smtp = self.smtp(service)
        start_tls(smtp, self.certificate)
        return smtp

    def test_relays_after_login(self):
        for service in ("smtp", "submission", "smtps", "clear"):
            for mechanism in ("PLAIN", "LOGIN"):
                with self.subTest(service, mechanism=mechanism):
                    self.check_relayed(service, mechanism)

    def check_relayed(self, service, mechanism):
        dialogue = self.swaks(
            service,
            *(TLS[service], "--tls-verify", "--tls-ca-path", self.certificate),
            *credentials(mechanism),
            *envelope(ALICE, REMOTE),
        )
        expected = lines_of(mechanism, ALICE, PASSWORDS[ALICE])
        self.assertEqual(dialogue.login(), [(*line, True) for line in expected])
        commands = [step.command for step in dialogue.steps]
        self.assertEqual("STARTTLS" in commands, TLS[service] == "--tls", dialogue.transcript)
        self.assertEqual(dialogue.status, 0, dialogue.transcript)

        queue_id = self.queue_id(dialogue.reply("."))
        asked, ended = self.assertAgree(queue_id, [REMOTE], ALICE)
        self.assertEqual(asked["decision"], b"OK")
        self.assertEqual(asked["policy_context"].decode(), service)
        for line in asked, ended:
            self.assertEqual(line["sasl_method"].decode(), mechanism)
            names = ("encryption_protocol", "encryption_cipher", "encryption_keysize")
            self.assertEqual(tuple(line[name].decode() for name in names), dialogue.cipher)
        self.assertEqual(self.delivered(queue_id), [(REMOTE, "elsewhere")])

    def test_refused_without(self):
        login = credentials("PLAIN")
        submit, smtps = "5.7.0 <{}>: .*Log in to submit", "5.7.0 <{}>: .*Log in to smtps"
        tls_first = "5.7.0 Must issue a STARTTLS command first"
        table = [
            # case, service, TLS, login, recipient, the refused command, code, text
            ("no login", "smtp", True, [], REMOTE, "RCPT", 554, DENIED),
            ("no login, in the clear", "smtp", False, [], REMOTE, "RCPT", 554, DENIED),
            ("no login, to local", "smtp", True, [], LOCAL_USER, None, 250, ""),
            ("no login, in the clear, to local", "smtp", False, [], LOCAL_USER, None, 250, ""),
            ("AUTH not offered in the clear", "smtp", False, login, REMOTE, "RCPT", 554, SPOOFED),
            ("login in the clear", "clear", False, login, REMOTE, "RCPT", 554, "5.7.11 .*" + CLEAR),
            ("the same to local", "clear", False, login, LOCAL_USER, "RCPT", 554, CLEAR),
            ("no login, auth_only=no", "clear", False, [], REMOTE, "RCPT", 554, DENIED),
            ("submission, no TLS", "submission", False, login, REMOTE, "MAIL", 530, tls_first),
            ("submission, no login", "submission", True, [], REMOTE, "RCPT", 530, submit),
            ("submission to local", "submission", True, [], LOCAL_USER, "RCPT", 530, submit),
            ("smtps, no login", "smtps", True, [], REMOTE, "RCPT", 530, smtps),
            ("smtps to local", "smtps", True, [], LOCAL_USER, "RCPT", 530, smtps),
        ]
        for number, (case, service, tls, login, recipient, command, code, text) in enumerate(table):
            with self.subTest(case):
                sender = ALICE if login else f"{number}@without.example"
                tls = [TLS[service]] if tls else []
                dialogue = self.swaks(service, *tls, *login, *envelope(sender, recipient))
                if not command:
                    self.assertAgree(self.queue_id(dialogue.reply(".")), [recipient])
                    continue
                reply = dialogue.reply(command)
                self.assertReply(reply, code)
                self.assertRegex(reply.text, text.format(recipient))
                if command == "RCPT":
                    envelope_logged = f"from=<{sender}> to=<{recipient}>"
                    self.assertLogged(rf"reject: RCPT .*: {code} .*{envelope_logged}")

    def test_login_in_the_clear_is_logged(self):
        self.swaks("clear", *credentials("LOGIN", BOB), *envelope(BOB, REMOTE))
        (line,) = self.asked(policy_context="clear", sender=BOB)
        self.assertEqual(line["decision"].decode(), "REJECT 5.7.11 " + CLEAR)
        self.assertEqual((line["sasl_username"].decode(), line["sasl_method"]), (BOB, b"LOGIN"))
        self.assertNotIn("encryption_protocol", line)

    def test_auth_in_the_clear(self):
        """With smtpd_tls_auth_only=yes it is not taken, though a client insists."""
        smtp = self.smtp("smtp")
        self.assertReply(smtp.command(plain(ALICE)), 503, "5.5.1 Error: authentication not enabled")
        smtp.mail()
        self.assertReply(smtp.rcpt("insists@c.example"), 554, DENIED)
        self.check_no_login("insists@c.example")

    def test_wrong_password(self):
        table = [
            # case, service, mechanism, user, password
            ("wrong", "smtp", "PLAIN", ALICE, "wrong"),
            ("wrong", "smtp", "LOGIN", ALICE, "wrong"),
            ("wrong", "submission", "PLAIN", ALICE, "wrong"),
            ("wrong", "smtps", "LOGIN", ALICE, "wrong"),
            ("another user's", "smtp", "PLAIN", ALICE, PASSWORDS[BOB]),
            ("case of letters", "smtp", "PLAIN", ALICE, PASSWORDS[ALICE].upper()),
            ("empty", "smtp", "PLAIN", ALICE, ""),
            ("nobody's", "smtp", "LOGIN", "nobody@local.example", "wrong"),
        ]
        for number, (case, service, mechanism, user, password) in enumerate(table):
            with self.subTest(case, service=service, mechanism=mechanism, user=user):
                recipient = f"{number}@wrong-password.example"
                dialogue = self.swaks(
                    service,
                    TLS[service],
                    *credentials(mechanism, user, password),
                    *envelope(OUTSIDE, recipient),
                )
                expected = lines_of(mechanism, user, password, 535)
                self.assertEqual(dialogue.login(), [(*line, True) for line in expected])
                self.assertReply(dialogue.reply("RCPT"), 554 if service == "smtp" else 530)
                self.check_no_login(recipient)
                failed = rf"warning: unknown\[{OUTSIDER}\]: SASL {mechanism} authentication failed"
                self.assertLogged(failed + rf": .*, sasl_username={user}$")
                logged = self.dovecot.wait_log(rf"passwd-file\({user},{OUTSIDER}\): \w+ ")
                self.assertTrue(logged, self.dovecot.log())

    def check_no_login(self, recipient):
        """The one line of this recipient is that of a stranger."""
        (line,) = self.asked(recipient=recipient)
        self.assertTrue(line["decision"].startswith((b"REJECT", b"530")), line)
        self.assertNotIn("sasl_username", line)
        self.assertNotIn("sasl_method", line)

    def test_right_after_wrong(self):
        """Within a session: only from the 235 on is it a login, and a second one isn't taken."""
        smtp = self.encrypted()
        reply = smtp.command(plain(ALICE, "wrong"))
        self.assertReply(reply, 535, "5.7.8 Error: authentication failed")
        smtp.mail(OUTSIDE)
        self.assertReply(smtp.rcpt("before@c.example"), 554, DENIED)
        self.check_no_login("before@c.example")
        smtp.command("RSET")
        self.assertReply(smtp.command(plain(ALICE)), 235)
        self.assertReply(smtp.command(plain(BOB)), 503, "already authenticated")
        for _ in range(2):  # a login outlives a message, RSET and EHLO
            queue_id = self.queue_id(smtp.send("after@c.example", ALICE))
            self.assertAgree(queue_id, ["after@c.example"], ALICE)
            smtp.command("RSET")
            smtp.command("EHLO client.example")

    def test_login_before_tls(self):
        """STARTTLS makes one forget a login in the clear."""
        smtp = self.smtp("clear")
        self.assertReply(smtp.command(plain(ALICE)), 235)
        start_tls(smtp, self.certificate)
        smtp.mail(OUTSIDE)
        self.assertReply(smtp.rcpt("forgotten@c.example"), 554, DENIED)
        self.check_no_login("forgotten@c.example")
        smtp.command("RSET")
        self.assertReply(smtp.command(plain(ALICE)), 235)
        queue_id = self.queue_id(smtp.send(REMOTE, ALICE))
        self.assertAgree(queue_id, [REMOTE], ALICE)

    def test_as_another_user(self):
        """SASL's authorization identity: a password is good for one's own name only."""
        smtp = self.encrypted("submission")
        self.assertReply(smtp.command(plain(ALICE, become=BOB)), 535)
        smtp.mail(BOB)
        self.assertReply(smtp.rcpt("as-bob@c.example"), 530, "Log in to submit")
        self.check_no_login("as-bob@c.example")

    def test_sender(self):
        as_alice, as_bob = f" AUTH={ALICE}", f" AUTH={BOB}"
        table = [
            # case, login, sender, options of MAIL, reply
            ("one's own", ALICE, ALICE, "", (250, "")),
            ("one's own", BOB, BOB, "", (250, "")),
            ("case of letters", ALICE, "Alice@LOCAL.example", "", (250, "")),
            ("trailing dot", ALICE, ALICE + ".", "", (250, "")),
            ("a receipt", ALICE, "", "", (250, "")),
            ("own, AUTH= another's", ALICE, ALICE, as_bob, (250, "")),
            ("another user's", ALICE, BOB, "", (554, NOT_OWN)),
            ("another user's", BOB, ALICE, "", (554, NOT_OWN)),
            ("another's, AUTH= own", ALICE, BOB, as_alice, (554, NOT_OWN)),
            ("another's, AUTH= too", ALICE, BOB, as_bob, (554, NOT_OWN)),
            ("elsewhere", ALICE, OUTSIDE, "", (554, NOT_OWN)),
            ("own name elsewhere", ALICE, "alice@c.example", "", (554, NOT_OWN)),
            ("no domain", ALICE, "alice", "", (554, NOT_OWN)),
            ("an extension", ALICE, "alice+bob@local.example", "", (554, NOT_OWN)),
            ("own, within another's", ALICE, f'"{ALICE}"@c.example', "", (554, NOT_OWN)),
            ("another's, within own", ALICE, f'"{BOB}"@local.example', "", (554, NOT_OWN)),
            ("percent", ALICE, "bob%local.example@local.example", "", (554, NOT_OWN)),
            ("source route", ALICE, f"@c.example:{BOB}", "", (554, NOT_OWN)),
            ("a space", ALICE, '"alice "@local.example', "", (554, NOT_OWN)),
            ("no login, a user's", None, ALICE, "", (554, SPOOFED)),
            ("no login, a user's, AUTH=", None, ALICE, as_alice, (554, SPOOFED)),
            ("no login, AUTH= a user's", None, OUTSIDE, as_alice, (554, DENIED)),
            ("no login, null sender", None, "", "", (554, DENIED)),
            ("no login, null, AUTH= a user's", None, "", as_alice, (554, DENIED)),
        ]
        for number, (case, login, sender, options, (code, text)) in enumerate(table):
            with self.subTest(case, login=login, sender=sender):
                smtp = self.encrypted()
                if login:
                    self.assertReply(smtp.command(plain(login)), 235)
                self.assertReply(smtp.mail(sender, options), 250)
                recipient = f"{number}@sender.example"
                self.assertReply(smtp.rcpt(recipient), code, text)
                self.check_sender(recipient, login, options)
                if code == 250:
                    self.assertAgree(self.queue_id(smtp.data()), [recipient], login)

    def check_sender(self, recipient, login, options):
        """What the client says in AUTH= is sasl_sender, and never the login."""
        (line,) = self.asked(recipient=recipient, protocol_state="RCPT")
        self.assertEqual(line.get("sasl_username", b"").decode(), login or "")
        self.assertEqual(line.get("sasl_sender", b"").decode(), options[len(" AUTH=") :])


if __name__ == "__main__":
    unittest.main()
