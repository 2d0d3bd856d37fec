"""policyctl relay-test against a real Postfix: with a naive policy, with ours, and beside nmap's
smtp-open-relay, which tries 16 of the same forms.

The server knows its mailboxes, so that an unknown one is refused, as relay-test needs it to tell a
trick that relays from a mailbox with an odd name.
"""

import json
import os
import re
import subprocess
import unittest

from lib_case import PostfixCase
from lib_dovecot import Dovecot
from lib_policyd import SANITIZER, program
from lib_postfix import OUTSIDER, TRUSTED
from lib_postfix import program as system_program
from lib_tls import make_certificate

SECONDS = 120
NAME = "mx.policyd.example"
REMOTE = "relaytest.example"
TLS_SERVICES = ("tls", "any", "smtps")
LOGIN, PASSWORD = "postmaster@" + NAME, "correct horse, battery"

RULES = f"""\
accept open relay  # the naive rule below is refuted, as it should be

networks trusted = {TRUSTED}
domains local = {NAME}, [127.0.0.1]

permit if policy_context == "naive" and recipient.domain in local
dunno if policy_context == "naive"
reject "5.7.11 Encryption required to log in and relay" if authenticated and not encrypted
permit if authenticated and (sasl_username == sender or policy_context == "any sender")
reject "5.7.1 Not the sender's login" if authenticated
permit if client_address in trusted
dunno if recipient in local
defer "4.7.1 Come again" if policy_context == "later"
reject "5.7.1 Relay access denied by the rules of this test"
"""


def asking(context, rest="reject_unauth_destination"):
    return {
        "smtpd_relay_restrictions": "check_policy_service { unix:private/policyd,"
        f" {{ policy_context = {context} }} }}, {rest}"
    }


def relay_test(port, *options, fast=True, leaks=True, environment=()):
    """Runs it to its end. Answers the status and both outputs. Leaks are not looked for behind TLS:
    gcc 12's LeakSanitizer crashes on the thread-local data of the module that GLib loads for it."""
    checks = os.environ.get("ASAN_OPTIONS", "") + ("" if leaks else ":detect_leaks=0")
    run = subprocess.run(
        [
            *(program("policyctl"), "relay-test", f"127.0.0.1:{port}"),
            *(["--pause", "0"] if fast else []),
            *options,
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=SECONDS,
        check=False,
        env={
            **os.environ,
            "G_DEBUG": "fatal-warnings",
            "ASAN_OPTIONS": checks,
            **dict(environment),
        },
    )
    said = run.stderr.decode("ascii")
    if SANITIZER.search(said):
        raise AssertionError(said)
    return run.returncode, run.stdout.decode("ascii"), said


def nmap(port):
    """The pairs that nmap calls relaying; it has to have tried all."""
    arguments = f"smtp-open-relay.domain={REMOTE},smtp-open-relay.from=postmaster"
    run = subprocess.run(
        [
            *(system_program("nmap", "nmap"), "-n", "-Pn", "-vv", "-p", str(port)),
            *("--script", "+smtp-open-relay", "--script-args", arguments, "127.0.0.1"),
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=SECONDS,
        check=True,
    ).stdout.decode()
    if "all tests failed" in run:
        return set()
    pairs = re.findall(r"MAIL FROM:(<.*>) -> RCPT TO:(<.*>)$", run, re.MULTILINE)
    counted = re.search(r"open relay \((\d+)/16 tests\)", run)
    assert counted and int(counted[1]) == len(pairs), run
    return set(pairs)


def nmap_forms():
    """What it tries; all but the first three from the address literal."""
    here, literal, spoofed = NAME, "[127.0.0.1]", "<postmaster@[127.0.0.1]>"
    plain = f"relaytest@{REMOTE}"
    recipients = [
        *(plain, f"relaytest%{REMOTE}@{literal}", f"relaytest%{REMOTE}@{here}"),
        *(f'"{plain}"', f'"relaytest%{REMOTE}"', f"{plain}@{literal}", f'"{plain}"@{literal}'),
        *(f"{plain}@{here}", f"@{literal}:{plain}", f"@{here}:{plain}", f"{REMOTE}!relaytest"),
        *(f"{REMOTE}!relaytest@{literal}", f"{REMOTE}!relaytest@{here}"),
    ]
    senders = ["<>", f"<postmaster@{REMOTE}>", f"<postmaster@{here}>"]
    pairs = [(sender, f"<{plain}>") for sender in senders]
    return pairs + [(spoofed, f"<{recipient}>") for recipient in recipients]


class RelayTest(PostfixCase):
    RULES = RULES
    SERVICES = {
        "naive": asking("naive"),
        "ours": asking("ours"),
        "tls": {**asking("ours"), "smtpd_tls_security_level": "may"},
        "smtps": {**asking("naive"), "smtpd_tls_wrappermode": "yes"},
        "any": {**asking("any sender"), "smtpd_tls_security_level": "may"},
        "clear": {**asking("ours"), "smtpd_tls_auth_only": "no"},
        "later": asking("later"),
        "catchall": {**asking("naive"), "local_recipient_maps": ""},
        "strict": {  # Debian's defaults, that slow a client down
            **asking("ours"),
            "smtpd_error_sleep_time": "1s",
            "smtpd_soft_error_limit": "10",
            "smtpd_hard_error_limit": "20",
            "smtpd_junk_command_limit": "100",
        },
        "stressed": {**asking("ours"), "smtpd_hard_error_limit": "1"},
        "unknown": {
            "smtpd_relay_restrictions": "check_recipient_access inline:{"
            f"{{{REMOTE} = 550 5.1.2 Domain not found}}}}, reject_unauth_destination",
        },
    }
    PARAMETERS = {
        "mydestination": NAME,
        "myorigin": NAME,
        "smtpd_reject_unlisted_recipient": "yes",
        "local_recipient_maps": "inline:{postmaster=x}",
        "smtpd_tls_cert_file": "$config_directory/server.pem",
        "smtpd_sasl_auth_enable": "yes",
        "smtpd_sasl_type": "dovecot",
        "smtpd_sasl_path": "private/auth",
        "smtpd_tls_auth_only": "yes",
    }

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        scratch = cls.postfix.scratch
        make_certificate(scratch.join("conf", "server.pem"))
        cls.password = scratch.write("password", PASSWORD + "\n")
        cls.dovecot = Dovecot(scratch, {LOGIN: PASSWORD}, cls.postfix.socket_path("auth"))
        cls.dovecot.start()
        cls.addClassCleanup(cls.dovecot.stop)

    def run_json(self, service, *options, status=0, **others):
        others.setdefault("leaks", service not in TLS_SERVICES)
        found = relay_test(self.postfix.port[service], "--json", *options, **others)
        self.assertEqual(found[0], status, f"{found[1][-3000:]}{found[2]}")
        return json.loads(found[1])

    def login(self, service, *options, **others):
        return self.run_json(
            service, "--login", LOGIN, "--password-file", self.password, *options, **others
        )

    def verdicts(self, report, stage="plain"):
        """The verdict of each (sender, recipient) that was tried."""
        return {
            (row["sender"], row["recipient"]): row["verdict"]
            for row in report["tries"]
            if row["stage"] == stage and row["form"]
        }

    def relaying(self, report, stage="plain"):
        found = self.verdicts(report, stage)
        return {recipient for (_, recipient), verdict in found.items() if verdict == "relays"}

    def test_naive(self):
        report = self.run_json("naive", status=1)
        self.assertEqual(report["verdict"], "relays")
        plain = f"relaytest@{REMOTE}"
        for recipient in (
            f"relaytest%{REMOTE}@{NAME}",
            f"relaytest%{REMOTE}@[127.0.0.1]",
            f"relaytest%{REMOTE}%{NAME}@{NAME}",
            f"{REMOTE}!relaytest@{NAME}",
            f'"{plain}"@{NAME}',
            f'"{plain}"@[127.0.0.1]',
            f'"relaytest%{REMOTE}"@{NAME}',
            f"{plain}@{NAME}",
            f"@{NAME}:relaytest%{REMOTE}@{NAME}",
        ):
            with self.subTest(recipient):
                self.assertIn(f"<{recipient}>", self.relaying(report))
        self.assertNotIn(f"<{plain}>", self.relaying(report))
        self.assertEqual(report["unknown"], 0)

    def test_ours(self):
        report = self.run_json("ours")
        self.assertEqual(report["verdict"], "refused")
        self.assertGreater(report["refused"], 50)
        self.assertEqual((report["relays"], report["unknown"]), (0, 0))
        self.assertEqual(set(self.verdicts(report).values()), {"refused", "control"})
        self.assertEqual(report["notes"], [])
        self.assertNoComplaint("warning: TLS.*|.*SASL.*")

    def test_same_as_nmap(self):
        for service, count in (("naive", 7), ("ours", 0)):
            with self.subTest(service):
                theirs = nmap(self.postfix.port[service])
                ours = self.verdicts(self.run_json(service, status=1 if count else 0))
                self.assertEqual(len(theirs), count)
                for pair in nmap_forms():
                    with self.subTest(service, form=pair):
                        verdict = "relays" if pair in theirs else "refused"
                        self.assertEqual(ours.get(pair), verdict)
                self.assertLessEqual(theirs, set(nmap_forms()))

    def test_trusted_client(self):
        report = self.run_json("ours", "--source", TRUSTED, status=1)
        found = set(self.verdicts(report).values())
        self.assertEqual(found - {"refused"}, {"relays", "control"})
        self.assertIn("--source", report["notes"][0])

    def test_starttls(self):
        report = self.run_json("tls")
        stages = {row["stage"] for row in report["tries"]}
        self.assertEqual(stages, {"plain", "starttls"})
        self.assertEqual(
            self.verdicts(report, "plain").keys(), self.verdicts(report, "starttls").keys()
        )
        encrypted = self.asked(encryption_protocol="TLSv1.3", client_address="127.0.0.1")
        self.assertTrue(encrypted)

    def test_without_tls_module(self):
        """What GLib can't do is not taken for done."""
        without = {"environment": {"GIO_MODULE_DIR": self.postfix.scratch.path}}
        report = self.run_json("tls", status=1, **without)
        last = report["tries"][-1]
        self.assertEqual((last["stage"], last["verdict"]), ("starttls", "unknown"))
        self.assertIn("install glib-networking", last["reason"])
        self.assertEqual((report["verdict"], report["relays"]), ("unknown", 0))
        status, _, said = relay_test(self.postfix.port["smtps"], "--tls", **without)
        self.assertEqual(status, 2)
        self.assertIn("install glib-networking", said)

    def test_wrapped(self):
        report = self.run_json("smtps", "--tls", status=1)
        self.assertEqual({row["stage"] for row in report["tries"]}, {"tls"})
        self.assertIn(f"<relaytest%{REMOTE}@{NAME}>", self.relaying(report, "tls"))

    def test_login(self):
        """The login may relay as itself, and as nobody else."""
        report = self.login("tls")
        found = self.verdicts(report, "login")
        plain = f"<relaytest@{REMOTE}>"
        self.assertEqual(found[f"<{LOGIN}>", plain], "permitted")
        self.assertEqual(found[f"<postmaster@{REMOTE}>", plain], "refused")
        self.assertEqual(found["<>", plain], "refused")
        self.assertEqual(self.relaying(report, "login"), set())
        self.assertTrue(self.asked(sasl_username=LOGIN))

    def test_login_with_any_sender(self):
        report = self.login("any")
        found = self.verdicts(report, "login")
        self.assertEqual(found[f"<postmaster@{REMOTE}>", f"<relaytest@{REMOTE}>"], "permitted")
        self.assertEqual(report["relays"], 0)

    def test_login_in_the_clear(self):
        """To this machine it is sent; what relays is told, by the rules of the service."""
        report = self.login("clear")
        answers = {r["answer"] for r in report["tries"] if r["stage"] == "login" and r["form"]}
        self.assertTrue(any("Encryption required" in answer for answer in answers))
        self.assertEqual(report["permitted"], 0)

    def test_wrong_password(self):
        wrong = self.postfix.scratch.write("wrong", "wrong\n")
        report = self.login("tls", "--password-file", wrong, status=1)
        last = report["tries"][-1]
        self.assertEqual((last["stage"], last["form"], last["verdict"]), ("login", None, "unknown"))
        self.assertRegex(last["reason"], "^the login is refused: 535 5.7.8 ")

    def test_no_auth_offered(self):
        report = self.login("ours", status=1)  # smtpd_tls_auth_only, and no TLS
        self.assertRegex(report["tries"][-1]["reason"], "neither AUTH PLAIN nor AUTH LOGIN")

    def test_temporary(self):
        report = self.run_json("later", status=1)
        self.assertEqual(report["verdict"], "unknown")
        self.assertEqual(report["relays"], 0)

    def test_unknown_mailboxes_accepted(self):
        """Tricks can't be told where any mailbox is taken."""
        report = self.run_json("catchall", status=1)
        found = self.verdicts(report)
        self.assertEqual(found["<>", f"<relaytest@{REMOTE}>"], "refused")
        trick = f"<relaytest%{REMOTE}@{NAME}>"
        self.assertEqual(found["<postmaster@[127.0.0.1]>", trick], "unknown")
        self.assertEqual(report["verdict"], "unknown")

    def test_unknown_domain(self):
        report = self.run_json("unknown", status=1)
        self.assertEqual(report["verdict"], "unknown")
        self.assertTrue(any("--remote-domain" in note for note in report["notes"]))

    def test_error_limits(self):
        """It reconnects before it is slowed down, or closed out, and again where it is."""
        before = len(re.findall(r"smtpd\[\d+\]: connect from", self.postfix.log()))
        self.run_json("strict")
        connections = len(re.findall(r"smtpd\[\d+\]: connect from", self.postfix.log())) - before
        self.assertLess(connections, 12)
        self.assertEqual(self.run_json("stressed")["unknown"], 0)

    def test_table(self):
        status, table, _ = relay_test(self.postfix.port["naive"], "--verbose")
        self.assertEqual(status, 1)
        self.assertRegex(table, rf"(?m)^  RELAYS +percent +<.*> +<relaytest%{REMOTE}@{NAME}> +250 ")
        self.assertRegex(table, rf"(?m)^  refused +plain +<.*> +<relaytest@{REMOTE}> +554 5\.7\.1 ")
        self.assertRegex(table, r"\d+ relay, 0 can't be told, .*: it RELAYS\n$")
        self.assertNotIn(b"DATA", self.commands_logged())

    def commands_logged(self):
        _, _, dialogue = relay_test(self.postfix.port["ours"], "--verbose")
        self.assertIn("> RCPT TO:<", dialogue)
        return {line[2:].split(" ")[0].encode() for line in dialogue.splitlines() if line[0] == ">"}

    def test_no_message(self):
        """Nothing was ever in the queue."""
        self.run_json("naive", status=1)
        self.assertNotIn("qmgr", re.sub(".*daemon started.*", "", self.postfix.log()))
        self.assertEqual(self.asked(protocol_state="DATA"), [])
        self.assertEqual(self.asked(client_address=OUTSIDER), [])


if __name__ == "__main__":
    unittest.main()
