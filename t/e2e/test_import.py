"""Import: for each sample of t/postfix, what policyctl import writes decides as that Postfix does.

The sample's Postfix is started with every service twice: as it is, and with the list that the
imported file's commands give it, which asks a policyd that has the file. Both get the same
recipients from the same clients. What Postfix refuses, the other must refuse; what Postfix takes,
it may refuse only where the file's comments say so.
"""

import collections
import os
import random
import re
import shlex
import shutil
import socket
import subprocess
import threading
import unittest

from lib_policyd import Policyd, as_bytes
from lib_policyd import program as our_program
from lib_postfix import MASTER, PARAMETERS, Postfix
from lib_postfix import program as postfix_program
from lib_scratch import Scratch
from lib_smtp import Smtp
from lib_tls import make_certificate, start_tls
from test_routing import PLAIN, WITH_SPACES, stricter_form

SAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "postfix")
SEED = int(os.environ.get("SEED", "20261122"))
RECIPIENTS = 300
ELSEWHERE = ["c.example", "C.Example", "example.invalid", "[192.0.2.1]", "com", "notlocal"]

# What a sample's Postfix needs to run here, on loopback and without delivering anything.
NEEDED = [
    *("default_transport", "relay_transport", "local_transport", "virtual_transport"),
    *("smtp_dns_support_level", "disable_dns_lookups", "smtpd_peername_lookup"),
    *("alias_maps", "alias_database", "local_recipient_maps", "smtpd_reject_unlisted_recipient"),
    *("in_flow_delay", "smtpd_error_sleep_time", "smtpd_soft_error_limit"),
    *("smtpd_hard_error_limit", "smtpd_recipient_limit", "smtpd_recipient_overshoot_limit"),
    *("smtpd_client_connection_count_limit", "smtpd_authorized_xclient_hosts"),
]
# Logins come by XCLIENT; smtpd wants a service that would take others.
LOGINS = {
    "smtpd_sasl_type": "dovecot",
    "smtpd_sasl_path": "private/auth",
    "smtpd_tls_cert_file": "$config_directory/server.pem",
}
PORTS = {"smtp": 25, "submission": 587, "smtps": 465, "127.0.0.1:10025": 10025}
COMMAND = re.compile(r"^#     (postconf .*)$", re.MULTILINE)
STRICT_FORMS = "`user` without a domain, `user%local@local`, `local!user`"


def postconf(*arguments):
    done = subprocess.run(
        [postfix_program("postconf"), *arguments], capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()


def read_pairs(lines):
    return dict(re.split(r" = ?", line, maxsplit=1) for line in lines)


def import_rules(folder):
    """(exit status, the file, what it says on standard error)"""
    done = subprocess.run(
        [our_program("policyctl"), "import", "--config-directory", folder],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "G_DEBUG": "fatal-warnings"},
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def read_services(folder):
    """The smtpd services of a folder, each with its own parameters."""
    found = {}
    for line in postconf("-c", folder, "-M"):
        words = line.split()
        if words[7] == "smtpd":
            found[words[0]] = {}
    for line in postconf("-c", folder, "-P"):
        name, value = re.split(r" = ?", line, maxsplit=1)
        service, _, parameter = name.split("/")
        if service in found:
            found[service][parameter] = value
    return found


def without_wrapper(parameters):
    """STARTTLS instead of TLS from the start: policyd can't tell them apart."""
    if parameters.get("smtpd_tls_wrappermode") != "yes":
        return parameters
    return {**parameters, "smtpd_tls_wrappermode": "no", "smtpd_tls_security_level": "encrypt"}


class AuthService(threading.Thread):
    """Dovecot's auth protocol, as far as smtpd speaks it before a login."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.connections = []
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(path)
        os.chmod(path, 0o666)
        self.socket.listen()
        self.start()

    def run(self):
        lines = ["VERSION\t1\t1", "MECH\tPLAIN\tplaintext", "SPID\t1", "CUID\t1", "COOKIE\tx"]
        try:
            while True:
                connection, _ = self.socket.accept()
                connection.sendall("\n".join([*lines, "DONE", ""]).encode())
                self.connections.append(connection)
        except OSError:
            return

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.join()
        for opened in [self.socket, *self.connections]:
            opened.close()


class SamplePostfix(Postfix):
    """With the folder's main.cf and its files, and services as given."""

    def __init__(self, scratch, folder, services):
        self.folder = folder
        super().__init__(scratch, services)

    def write_main(self, parameters):
        for name in os.listdir(self.folder):
            if not name.endswith(".cf"):
                shutil.copy(os.path.join(self.folder, name), self.conf)
        own = read_pairs(postconf("-c", self.folder, "-n"))
        del own["config_directory"]
        needed = {name: PARAMETERS[name] for name in NEEDED}
        super().write_main({**own, **needed, **LOGINS})

    def write_master(self, services):
        lines = [MASTER]
        for name, parameters in services.items():
            lines.append(f"127.0.0.1:{self.port[name]} inet n - y - - smtpd\n")
            for key, value in without_wrapper(parameters).items():
                lines.append(f"  -o {{ {key} = {value} }}\n")
        self.scratch.write("conf/master.cf", "".join(lines))


def recipients(domains, seed, count):
    """Random and trick recipients: every template is likely to come, with domains of both sorts."""
    chance = random.Random(seed)
    templates = PLAIN.split() + WITH_SPACES
    found = dict.fromkeys(f"user@{domain}" for domain in domains)
    while len(found) < count:
        ours = chance.choice(domains)
        ours = chance.choice([ours, ours, ours.upper(), f"sub.{ours}", f"a.b.{ours}", f"not{ours}"])
        template = chance.choice(templates + ["u@H", "u@H", "u@T"] * 20)
        address = template.replace("T", chance.choice(ELSEWHERE)).replace("H", ours)
        found[re.sub(r"^(\W*)u", rf"\1u{chance.randrange(100)}", address)] = None
    return list(found)


class Sample:
    """A sample's Postfix, each service beside one that asks policyd, which is `NAME policyd`."""

    def __init__(self, case, name):
        folder = os.path.join(SAMPLES, name)
        scratch = Scratch()
        case.addCleanup(scratch.close)
        self.status, self.rules, self.said = import_rules(os.path.realpath(folder))
        self.services = read_services(folder)
        self.postfix = SamplePostfix(scratch, folder, self.with_twins(scratch, folder))
        self.certificate = scratch.join("conf", "server.pem")
        make_certificate(self.certificate)
        self.postfix.start()
        case.addCleanup(AuthService(self.postfix.socket_path("auth")).close)
        rules = self.rules.replace(os.path.realpath(folder), self.postfix.conf)
        self.policyd = Policyd(
            scratch, rules, self.postfix.socket_path(), ",mode=0600,owner=postfix"
        )
        self.policyd.start()
        case.addCleanup(lambda: self.policyd.process and self.policyd.stop())

    def with_twins(self, scratch, folder):
        """The services, and what the file's commands make of them in a copy of the folder."""
        copy = scratch.join("commanded")
        shutil.copytree(folder, copy)
        for command in COMMAND.findall(self.rules):
            words = shlex.split(command)
            assert words[:2] == ["postconf", "-c"], words
            postconf("-c", copy, *words[3:])
        relay = postconf("-c", copy, "-h", "smtpd_relay_restrictions")[0]
        parameters = read_pairs(postconf("-c", copy, "-n"))
        twins = {}
        for name, own in read_services(copy).items():
            value = own.get("smtpd_relay_restrictions", relay)
            value = re.sub(r"\$(policyd_\w+)", lambda found: parameters[found[1]], value)
            twins[f"{name} policyd"] = {**own, "smtpd_relay_restrictions": value}
        return {**self.services, **twins}

    def ask(self, service, client, table, sender):
        """The replies to these recipients, several of each connection's in one transaction."""
        port = PORTS[service.partition(" ")[0]]
        replies = []
        with Smtp(self.postfix.port[service]) as smtp:
            if (client.tls or port in (587, 465)) and "STARTTLS" in smtp.command("EHLO us").text:
                start_tls(smtp, self.certificate)
            smtp.command(f"XCLIENT {client.attributes} DESTPORT={port} DESTADDR=127.0.0.1")
            smtp.command("EHLO client.example")
            for start in range(0, len(table), 25):
                smtp.mail(sender)
                replies += [smtp.rcpt(recipient) for recipient in table[start : start + 25]]
                smtp.command("RSET")
        return replies

    def decisions(self, sender):
        """Of each recipient as Postfix sent it."""
        return {
            entry.get("recipient", b""): entry["decision"].decode()
            for entry in self.policyd.entries()
            if entry.get("sender") == as_bytes(sender)
        }


Client = collections.namedtuple("Client", "attributes tls", defaults=(False,))


def at(address):
    return Client("ADDR=" + address)


OUTSIDE = at("203.0.113.99")
LOGIN = Client("ADDR=203.0.113.99 LOGIN=joe", True)
CLEAR_LOGIN = Client("ADDR=203.0.113.99 LOGIN=joe")
UNKNOWN = at("[UNAVAILABLE]")


class Import(unittest.TestCase):
    def setUp(self):
        print(f"SEED={SEED}")

    def check_sample(self, name, domains, clients, senders=("s@outside.example",), **expected):
        """`status` is import's; `announced` the senders whom its notes are about, with words of
        them; `count` the recipients of each client."""
        sample = Sample(self, name)
        self.assertEqual(sample.status, expected.get("status", 0), sample.said)
        self.assertEqual(sample.status == 1, "NOT CARRIED OVER" in sample.rules)
        self.check_rules(sample)
        self.announced = expected.get("announced", {})
        self.counts = {"taken": 0, "refused": 0, "stricter": 0}
        for service in sample.services:
            for number, client in enumerate(clients):
                seed = f"{SEED}.{name}.{service}.{number}"
                table = recipients(domains, seed, expected.get("count", RECIPIENTS))
                for sender in senders:
                    with self.subTest(sample=name, service=service, client=client, sender=sender):
                        self.compare(sample, service, client, table, sender)
        print(name, self.counts)
        self.assertGreater(self.counts["taken"], 100)
        self.assertGreater(self.counts["refused"], 100)
        log = sample.postfix.log()
        for word in ("Server configuration", "fatal:", "panic:"):
            self.assertNotIn(word, log)
        return sample

    def check_rules(self, sample):
        for verb in ("check", "prove"):
            done = subprocess.run(
                [our_program("policyctl"), verb, sample.policyd.rules],
                capture_output=True,
                text=True,
                check=False,
            )
            self.assertEqual(done.returncode, 0, done)

    def compare(self, sample, service, client, table, sender):
        postfix = sample.ask(service, client, table, sender)
        asked = sample.ask(f"{service} policyd", client, table, sender)
        for recipient, theirs, ours in zip(table, postfix, asked):
            with self.subTest(recipient=recipient):
                self.compare_replies(sample, sender, recipient, theirs, ours)

    def compare_replies(self, sample, sender, recipient, theirs, ours):
        taken = theirs.code == 250
        self.counts["taken" if taken else "refused"] += 1
        if not taken:
            self.assertNotEqual(ours.code, 250, f"more than Postfix: {theirs}")
            if sender not in self.announced:
                self.assertEqual(ours.code, theirs.code, f"{ours}, Postfix: {theirs}")
        elif ours.code != 250:
            self.counts["stricter"] += 1
            if sender in self.announced:
                self.assertIn(self.announced[sender], sample.said)
            else:
                self.check_form(sample, recipient, ours)

    def check_form(self, sample, recipient, ours):
        """A refusal where Postfix itself takes the recipient."""
        seen = recipient.rpartition(":")[2] if recipient.startswith("@") else recipient
        seen = re.sub(r'"|\\', "", seen)
        form = stricter_form(seen)
        self.assertIsNotNone(form, f"less than Postfix: {ours}\n{sample.postfix.log_tail()}")
        self.assertIn(STRICT_FORMS, re.sub(r"\n# ", " ", sample.rules))

    def check_decisions(self, sample, sender, words):
        """policyd was asked, and answered with each of these at least."""
        found = {decision.split()[0] for decision in sample.decisions(sender).values()}
        self.assertEqual(found, set(words))

    def test_debian(self):
        domains = ["mail.example.com", "example.com", "localhost", "[127.0.0.1]"]
        clients = [OUTSIDE, at("127.0.0.5"), at("IPV6:::1"), LOGIN, CLEAR_LOGIN, UNKNOWN]
        sample = self.check_sample("debian", domains, clients)
        self.check_decisions(sample, "s@outside.example", ["OK", "DUNNO", "454"])

    def test_tutorial(self):
        domains = ["mx.example.net", "example.net", "localhost", "alias.example", "club.example"]
        domains += ["shop.example", "example.net.mailboxes.example", "[127.0.0.1]", "[IPv6:::1]"]
        clients = [OUTSIDE, at("192.168.7.1"), at("192.168.8.1"), LOGIN, CLEAR_LOGIN]
        sample = self.check_sample("tutorial", domains, clients)
        self.check_decisions(sample, "s@outside.example", ["OK", "DUNNO", "REJECT"])

    def test_virtual(self):
        domains = ["host.example.org", "one.example", "three.example", "box.example"]
        domains += ["mail.box.example", "extra.example", "[127.0.0.1]"]
        clients = [
            OUTSIDE,
            at("10.20.1.2"),
            at("192.0.2.127"),
            at("192.0.2.128"),
            LOGIN,
            CLEAR_LOGIN,
        ]
        sample = self.check_sample("virtual", domains, clients, status=1)
        self.assertIn("mailbox-domains' is not in the file", sample.said)
        self.assertEqual(self.counts["stricter"], 0)
        words = ["OK", "DUNNO", "reject_unauth_destination"]
        self.check_decisions(sample, "s@outside.example", words)

    def test_subdomains(self):
        domains = ["customer.example", "dept.example.org", "partner.example.com", "intern"]
        domains += ["relay.example.net", "example.com", "x.intern"]
        clients = [OUTSIDE, at("198.51.100.7"), at("198.51.100.8"), at("IPV6:2001:db8:25:9::1")]
        self.check_sample("subdomains", domains, clients, status=1)

    def test_submission(self):
        domains = ["mail.example.com", "example.com", "backup.example", "x.backup.example"]
        clients = [OUTSIDE, at("192.0.2.1"), at("198.51.100.25"), LOGIN, CLEAR_LOGIN]
        self.check_sample("submission", domains, clients)

    def test_old_style(self):
        domains = ["old.example.com", "example.com", "localhost", "x.localhost", "[127.0.0.1]"]
        clients = [OUTSIDE, at("172.31.255.255"), at("172.32.0.0"), LOGIN, CLEAR_LOGIN]
        senders = ["s@outside.example", "s@blocked.example", "nodot"]
        self.check_sample("old-style", domains, clients, senders, status=1)

    def test_kept(self):
        """What can't be carried over stays where the file's commands put it."""
        domains = ["mx.example.com", "example.com", "relay.example", "x.relay.example"]
        clients = [OUTSIDE, at("127.0.0.5"), LOGIN, at("203.0.113.5"), at("203.0.113.77")]
        clients += [at("203.0.113.78"), at("198.51.100.9"), at("198.51.100.10")]
        senders = ["s@outside.example", "s@partner.example", "s@nopartner.example", "nodot"]
        announced = {"s@blocked.example": "senders' can't be carried over: it stays in main.cf"}
        options = {"status": 1, "announced": announced, "count": 60}
        self.check_sample("kept", domains, clients, [*senders, *announced], **options)
        self.assertGreater(self.counts["stricter"], 0)


if __name__ == "__main__":
    unittest.main()
