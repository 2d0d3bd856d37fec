"""Domains and clients: which recipients Postfix and policyd together take from whom, where the
rules' lists are Postfix's own parameters (`postconf mynetworks`, ...), and where the mail goes.

`Domains` has Postfix's default parent_domain_matches_subdomains, so that relay_domains stands for
its subdomains too; `ExactDomains` has it empty.
"""

import unittest

from lib_postfix import OUTSIDER, TRUSTED, has_ipv6
from lib_server import LISTS, PARAMETERS, PASSWORDS, ServerCase, asking

RULES = LISTS + """
dunno if policy_context == "done"  # asked for the log's sake
permit if client_address in trusted
permit if authenticated and encrypted
dunno if recipient in local
reject "5.7.1 Relaying denied by policy"
"""
USER = "user@local.example"
REMOTE = "user@c.example"
BOX = "box@vmbox.example"

MAPS = {
    "smtpd_reject_unlisted_recipient": "yes",
    "local_recipient_maps": "inline:{ user=x }",
    "virtual_mailbox_maps": "inline:{ box@vmbox.example=x }",
    "virtual_alias_maps": "inline:{ info@valias.example=user@local.example,"
    " away@valias.example=user@c.example, team@local.example=box@vmbox.example }",
}

# Replies
TAKEN = (250, "")
DENIED = (554, "Relaying denied by policy")
UNKNOWN = (550, "User unknown in ")  # Postfix's own, of a domain that is local

ALICE = next(iter(PASSWORDS))
LOGIN = ["--tls", "--auth", "PLAIN", "--auth-user", ALICE, "--auth-password", PASSWORDS[ALICE]]


class DomainsCase(ServerCase):
    RULES = RULES
    SERVICES = {"smtp": asking("relay")}

    def check_classes(self, table):
        """Rows: case, recipient, reply to an outsider, next hop, and who gets it if not the
        recipient. A trusted client is refused only what is UNKNOWN."""
        for case, recipient, outsider, hop, *others in table:
            trusted = TAKEN if outsider is DENIED else outsider
            for source, (code, text) in ((OUTSIDER, outsider), (TRUSTED, trusted)):
                with self.subTest(case, recipient=recipient, source=source):
                    reply = self.smtp("smtp", source).send(recipient)
                    self.assertReply(reply, code, text)
                    if code == 250:
                        queue_id = self.queue_id(reply)
                        self.assertAgree(queue_id, [recipient], client=source)
                        arrives = others[0] if others else recipient
                        self.assertEqual(self.delivered(queue_id), [(arrives, hop)])

    def check_clients(self, table):
        """Rows: case, source, XCLIENT, login, recipient, reply, client_address in both logs."""
        for number, row in enumerate(table):
            case, source, xclient, login, recipient, (code, text), client = row
            with self.subTest(case, recipient=recipient):
                sender = f"{number}@clients.example"
                options = [*login, *(["--xclient", xclient] if xclient else [])]
                envelope = ["--from", sender, "--to", recipient]
                server = "::1" if source == "::1" else "127.0.0.1"
                dialogue = self.swaks("smtp", *options, *envelope, server=server, source=source)
                self.assertReply(dialogue.reply("RCPT"), code, text)
                (line,) = self.asked(sender=sender, protocol_state="RCPT")
                self.assertEqual(line["client_address"].decode(), client)
                if code == 250:
                    queue_id = self.queue_id(dialogue.reply("."))
                    self.assertAgree(queue_id, [recipient], ALICE if login else None, client)
                else:
                    self.assertLogged(rf"reject: RCPT from .*\[{client}\]: .* from=<{sender}> ")


def ipv6_loopback():
    """Source and XCLIENT of a client at ::1, where the machine has it or not."""
    return ("::1", None) if has_ipv6() else (OUTSIDER, "ADDR=IPV6:::1")


class Domains(DomainsCase):
    PARAMETERS = {**PARAMETERS, **MAPS, "mynetworks": f"{TRUSTED}/32 [::1]/128 [2001:db8:1::]/48"}

    def test_classes(self):
        self.check_classes([
            ("mydestination", USER, TAKEN, "local"),
            ("its case", "User@LOCAL.example", TAKEN, "local"),
            ("no such user", "nobody@local.example", UNKNOWN, None),
            ("no subdomain", "user@sub.local.example", DENIED, "elsewhere"),
            ("an alias in it", "team@local.example", TAKEN, "virtual", BOX),
            ("own address", "user@[127.0.0.1]", TAKEN, "local"),
            ("virtual_alias_domains", "info@valias.example", TAKEN, "local", USER),
            ("alias elsewhere", "away@valias.example", TAKEN, "elsewhere", REMOTE),
            ("no such alias", "nobody@valias.example", UNKNOWN, None),
            ("no subdomain", "info@sub.valias.example", DENIED, "elsewhere"),
            ("virtual_mailbox_domains", BOX, TAKEN, "virtual"),
            ("no such mailbox", "nobody@vmbox.example", UNKNOWN, None),
            ("no subdomain", "box@sub.vmbox.example", DENIED, "elsewhere"),
            ("relay_domains", "user@relay.example", TAKEN, "relay"),
            ("subdomain", "user@sub.relay.example", TAKEN, "relay"),
            ("subdomain of it", "user@a.sub.relay.example", TAKEN, "relay"),
            ("no dot between", "user@norelay.example", DENIED, "elsewhere"),
            ("longer", "user@relay.example.c.example", DENIED, "elsewhere"),
            ("parent", "user@example", DENIED, "elsewhere"),
            ("elsewhere", REMOTE, DENIED, "elsewhere"),
        ])

    def test_clients(self):
        v6, unavailable = "ADDR=IPV6:2001:db8:{}::7", "ADDR=[UNAVAILABLE]"
        self.check_clients([
            ("in mynetworks", TRUSTED, None, [], REMOTE, TAKEN, TRUSTED),
            ("in mynetworks, no need to log in", TRUSTED, None, LOGIN, REMOTE, TAKEN, TRUSTED),
            ("outsider", OUTSIDER, None, [], REMOTE, DENIED, OUTSIDER),
            ("outsider logged in", OUTSIDER, None, LOGIN, REMOTE, TAKEN, OUTSIDER),
            ("IPv6 in mynetworks", *ipv6_loopback(), [], REMOTE, TAKEN, "::1"),
            ("IPv6 net", OUTSIDER, v6.format(1), [], REMOTE, TAKEN, "2001:db8:1::7"),
            ("IPv6 outsider", OUTSIDER, v6.format(2), [], REMOTE, DENIED, "2001:db8:2::7"),
            ("the same to local", OUTSIDER, v6.format(2), [], USER, TAKEN, "2001:db8:2::7"),
            ("the same logged in", OUTSIDER, v6.format(2), LOGIN, REMOTE, TAKEN, "2001:db8:2::7"),
            ("no address", TRUSTED, unavailable, [], REMOTE, DENIED, "unknown"),
            ("no address to local", TRUSTED, unavailable, [], USER, TAKEN, "unknown"),
            ("no address, logged in", TRUSTED, unavailable, LOGIN, REMOTE, TAKEN, "unknown"),
        ])


class ExactDomains(DomainsCase):
    PARAMETERS = {
        **PARAMETERS,
        "parent_domain_matches_subdomains": "",
        "relay_domains": "relay.example, .dotted.example",
    }

    def test_subdomains(self):
        self.check_classes([
            ("relay_domains", "user@relay.example", TAKEN, "relay"),
            ("no subdomain", "user@sub.relay.example", DENIED, "elsewhere"),
            ("dotted", "user@sub.dotted.example", TAKEN, "relay"),
            ("not without the dot", "user@dotted.example", DENIED, "elsewhere"),
        ])

    def test_clients(self):
        self.check_clients([
            ("IPv6 not in mynetworks", *ipv6_loopback(), [], REMOTE, DENIED, "::1"),
            ("the same to local", *ipv6_loopback(), [], USER, TAKEN, "::1"),
            ("the same logged in", *ipv6_loopback(), LOGIN, REMOTE, TAKEN, "::1"),
        ])


if __name__ == "__main__":
    unittest.main()
