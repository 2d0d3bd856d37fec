"""Doctor: finds each planted mistake by its own finding, and nothing on the sound configuration;
what it prints as a mend, mends; and on a running Postfix the mistakes are what it says they are."""

import json
import os
import pwd
import re
import shutil
import socket
import subprocess
import unittest

from lib_case import PostfixCase, ScratchCase
from lib_control import Control
from lib_policyd import Policyd, program
from lib_postfix import TRUSTED

SECONDS = 60

RULES = """\
networks trusted = 127.0.0.2
domains local = local.example

defer "4.5.3 Too many recipients" if protocol_state == "DATA" and recipient_count > 50
dunno if protocol_state == "DATA"
permit if client_address in trusted
reject "5.7.11 Encryption required" if authenticated and not encrypted
permit if authenticated
dunno if recipient in local
reject "5.7.1 Relay access denied"
"""

ASK = "check_policy_service { unix:private/policyd, timeout=10s }"
MAIN = {
    "compatibility_level": "3.6",
    "myhostname": "mx.policyd.example",
    "mynetworks": "127.0.0.2/32",
    "mydestination": "local.example, localhost",
    "smtpd_relay_restrictions": f"{ASK}, reject_unauth_destination",
    "smtpd_data_restrictions": ASK,
    "smtpd_sasl_auth_enable": "yes",
    "smtpd_tls_security_level": "may",
    "smtpd_tls_auth_only": "yes",
}
MASTER = """\
smtp inet n - y - 20 smtpd
submission inet n - y - 10 smtpd
  -o smtpd_tls_security_level=encrypt
"""
MODE = ",mode=0660,group=postfix"

# name, the finding, its level, what is changed of MAIN, and policyd's socket options and others.
# QUEUE stands for the queue directory.
MISTAKES = [
    ("service after permit_mynetworks", "asked-too-late", "warning",
     {"smtpd_relay_restrictions": f"permit_mynetworks, {ASK}, reject_unauth_destination"}),
    ("no reject_unauth_destination behind", "no-refusal", "danger",
     {"smtpd_relay_restrictions": ASK}),
    ("socket unreachable from the chroot", "socket-chroot", "danger",
     {"smtpd_relay_restrictions": "check_policy_service unix:QUEUE/private/policyd,"
      " reject_unauth_destination", "smtpd_data_restrictions":
      "check_policy_service unix:private/policyd"}),
    ("mode too tight", "socket-mode", "danger", {}, ",mode=0600"),
    ("mynetworks against trusted", "networks-differ", "warning",
     {"mynetworks": "127.0.0.2/32, 10.0.0.0/8"}),
    ("a domain missing", "domain-missing", "warning",
     {"mydestination": "local.example, b.example"}),
    ("AUTH in the clear", "auth-in-the-clear", "danger", {"smtpd_tls_auth_only": "no"}),
    ("default_action=DUNNO", "fails-open", "danger",
     {"smtpd_relay_restrictions": "check_policy_service { unix:private/policyd, timeout=10s,"
      " default_action=DUNNO }, reject_unauth_destination"}),
    ("wrong list for recipient_count", "wrong-list", "warning", {"smtpd_data_restrictions": ""}),
    ("two services, one socket too small", "connections", "warning", {}, MODE,
     ["--max-connections", "29"]),
]

# More of the same, which the issue doesn't name.
OTHERS = [
    ("never asked", "never-asked", "danger",
     {"smtpd_relay_restrictions": "reject_unauth_destination", "smtpd_data_restrictions": ""}),
    ("lone permit before", "asked-too-late", "danger",
     {"smtpd_relay_restrictions": f"permit, {ASK}",
      "smtpd_recipient_restrictions": "reject_unauth_destination"}),
    ("after logins", "asked-too-late", "warning",
     {"smtpd_relay_restrictions":
      f"permit_sasl_authenticated, {ASK}, reject_unauth_destination"}),
    ("everywhere open", "fails-open", "danger",
     {"smtpd_policy_service_default_action": "OK"}),
    ("one try", "one-try", "warning", {"smtpd_policy_service_try_limit": "1"}),
    ("at the end of a long wait", "slow-failure", "warning",
     {"smtpd_relay_restrictions": "check_policy_service unix:private/policyd,"
      " reject_unauth_destination", "smtpd_data_restrictions":
      "check_policy_service unix:private/policyd", "smtpd_policy_service_timeout": "5m"}),
    ("only warned of", "no-refusal", "danger",
     {"smtpd_relay_restrictions": f"{ASK}, warn_if_reject reject_unauth_destination"}),
]


class DoctorCase(ScratchCase):
    def setUp(self):
        super().setUp()
        self.control = Control(self.scratch)
        self.conf = self.scratch.join("conf")
        self.queue = self.scratch.join("queue")
        os.mkdir(self.conf)
        os.mkdir(self.queue)
        private = os.path.join(self.queue, "private")
        os.mkdir(private, 0o700)
        shutil.chown(private, "postfix")

    def write(self, changes=(), master=MASTER):
        settings = {**MAIN, "queue_directory": self.queue, **dict(changes)}
        lines = [f"{name} = {value}\n" for name, value in settings.items()]
        self.scratch.write("conf/main.cf", "".join(lines).replace("QUEUE", self.queue))
        self.scratch.write("conf/master.cf", master)
        self.age()

    def age(self):
        """Postfix waits, for two seconds, until nobody can be writing to its files any more."""
        for name in os.listdir(self.conf):
            os.utime(os.path.join(self.conf, name), (1, 1))

    def start(self, mode=MODE, options=(), rules=RULES):
        path = os.path.join(self.queue, "private", "policyd")
        return self.policyd(rules, path, mode, options=self.control.options(*options))

    def doctor(self, *arguments):
        done = self.control.policyctl("doctor", "--config-directory", self.conf, *arguments)
        self.assertEqual(done.stderr, "")
        return done

    def findings(self, *arguments):
        """(exit status, findings)"""
        done = self.doctor("--json", *arguments)
        return done.returncode, json.loads(done.stdout)["findings"]

    def assertSound(self):
        status, findings = self.findings()
        self.assertEqual((status, findings), (0, []))
        done = self.doctor()
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stdout, r"\Anothing is wrong: 2 smtpd services .*\n\Z")

    def run_command(self, command):
        subprocess.run(["sh", "-c", command], timeout=SECONDS, check=True,
                       env={**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin"})
        self.age()


class Planted(DoctorCase):
    def test_sound(self):
        self.write()
        self.start()
        self.assertSound()

    def mend(self, finding, daemon):
        """As the finding says; what is to be done by hand, by hand. The daemon that then runs."""
        option = re.search("--max-connections [0-9]+", finding["advice"] or "")
        if finding["command"]:
            self.run_command(finding["command"])
        elif option:
            daemon.stop()
            return self.start(options=option[0].split())
        elif finding["kind"] == "domain-missing":
            self.scratch.write("test.rules", RULES.replace("local.example\n",
                                                           "local.example, b.example\n", 1))
            self.assertEqual(self.control.policyctl("reload").returncode, 0)
        else:
            self.fail(finding)
        return daemon

    def check(self, kind, level, changes, mode=MODE, options=()):
        self.write(changes)
        daemon = self.start(mode, options)
        try:
            status, findings = self.findings()
            self.assertEqual(status, 1)
            self.assertEqual({f["kind"] for f in findings}, {kind}, findings)
            self.assertEqual(findings[0]["danger"], level)
            text = self.doctor().stdout
            self.assertIn(findings[0]["what"], text)
            while findings:
                daemon = self.mend(findings[0], daemon)
                left = self.findings()[1]
                self.assertNotIn(findings[0], left)
                findings = left
            self.assertSound()
        finally:
            daemon.stop()

    def test_mistakes(self):
        for name, *row in MISTAKES + OTHERS:
            with self.subTest(name):
                self.check(*row)

    def test_in_master(self):
        """A list of master.cf's own is mended there, though -P takes no white space."""
        restrictions = f"permit_sasl_authenticated, {ASK}, reject_unauth_destination"
        self.write(master=MASTER + f"  -o {{ smtpd_relay_restrictions = {restrictions} }}\n")
        self.start()
        status, (finding,) = self.findings()
        self.assertEqual((status, finding["services"]), (1, ["submission/inet"]))
        self.run_command(finding["command"])
        self.assertSound()

    def test_another_socket(self):
        """Also of a service that isn't known to be policyd."""
        for server in ("unix:private/policyd-old", "unix:private/greylist"):
            with self.subTest(server):
                self.write({"smtpd_sender_restrictions": "check_policy_service " + server})
                daemon = self.start()
                status, (finding,) = self.findings()
                self.assertEqual((status, finding["kind"]), (1, "no-socket"))
                self.assertIn(server.rpartition("/")[2], finding["what"])
                daemon.stop()

    def test_without_the_daemon(self):
        """That is a finding; the rest is examined with the rules that were named."""
        self.write({"mynetworks": "127.0.0.2/32, 10.0.0.0/8"})
        rules = self.scratch.write("test.rules", RULES)
        kinds = [f["kind"] for f in self.findings(rules)[1]]
        self.assertEqual(kinds, ["no-socket", "networks-differ", "no-daemon"])
        self.assertEqual([f["kind"] for f in self.findings()[1]], ["no-socket", "no-daemon"])

    def test_rules_that_do_not_load(self):
        self.write()
        rules = self.scratch.write("test.rules", "nonsense\n")
        done = self.control.policyctl("doctor", "--config-directory", self.conf, rules)
        self.assertEqual(done.returncode, 2)
        self.assertIn("test.rules:1:1: error:", done.stderr)

    def test_no_postfix_there(self):
        done = self.control.policyctl("doctor", "--config-directory", self.scratch.join("no"))
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("policyctl doctor: ", done.stderr)


def relay(text):
    return {"smtpd_relay_restrictions": text}


DENIED = "5.7.1 Relay access denied by the rules of this test"


class Real(PostfixCase):
    """What the doctor says of these services is what they do."""

    RULES = f"""\
reject "{DENIED}"
"""
    ASKED = "check_policy_service { unix:private/policyd, timeout=10s }"
    SERVICES = {
        "sound": relay(f"{ASKED}, reject_unauth_destination"),
        "late": relay(f"permit_mynetworks, {ASKED}, reject_unauth_destination"),
        "bare": {**relay(ASKED), "smtpd_recipient_restrictions": ""},
        "warned": relay(f"{ASKED}, warn_if_reject reject_unauth_destination"),
        "open": relay("check_policy_service { unix:private/none, default_action=OK },"
                      " reject_unauth_destination"),
    }

    def rcpt(self, service):
        smtp = self.smtp(service, TRUSTED)
        smtp.mail()
        return smtp.rcpt("user@c.example").code

    def kinds(self, *arguments):
        done = subprocess.run(
            [program("policyctl"), "doctor", "--config-directory", self.postfix.conf, "--control",
             "unix:/nowhere", "--json", *arguments, self.policyd.rules],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS, check=False)
        self.assertEqual((done.returncode, done.stderr), (1, ""))
        return {(f["kind"], service.split("/")[0].rpartition(":")[2])
                for f in json.loads(done.stdout)["findings"] for service in f["services"]}

    def test_they_are_mistakes(self):
        port = {name: str(number) for name, number in self.postfix.port.items()}
        found = self.kinds("--socket", "unix:private/policyd")
        outside = self.kinds("--socket", "unix:private/none")
        for case, service, code, kinds, finding in (
            ("sound", "sound", 554, found, None),
            ("never asked about trusted clients", "late", 250, found, "asked-too-late"),
            ("relays without policyd", "open", 250, outside, "fails-open"),
            ("no socket", "open", 250, outside, "no-socket"),
            ("nothing but policyd", "bare", None, found, "no-refusal"),
            ("reject_unauth_destination is only logged", "warned", None, found, "no-refusal"),
        ):
            with self.subTest(case):
                mine = {kind for kind, at in kinds if at == port[service]}
                if finding:
                    self.assertIn(finding, mine)
                else:
                    self.assertEqual(mine, set())
                if code:
                    self.assertEqual(self.rcpt(service), code, self.postfix.log_tail())
                else:
                    self.check_fatal(self.postfix.port[service])

    def check_fatal(self, port):
        """smtpd ends, and the client waits until master starts another."""
        before = self.postfix.log().count("fatal: in parameter")
        with socket.create_connection(("127.0.0.1", port), SECONDS):
            pattern = "(?:fatal: in parameter smtpd_relay_restrictions(?:.|\n)*){%d}" % (before + 1)
            self.assertTrue(self.postfix.wait_log(pattern), self.postfix.log_tail())


if __name__ == "__main__":
    unittest.main()
