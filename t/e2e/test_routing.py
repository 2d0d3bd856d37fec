"""Routing tricks: what `recipient in local` lets through is never more than what Postfix's own
reject_unauth_destination does, and less only in the forms that are named here.

Each recipient goes to three services: `postfix` has reject_unauth_destination and no policy;
`permit` and `dunno` ask policyd, whose rule file has `permit if recipient in local` and `dunno if
recipient in local`, and have nothing behind it that would refuse what policyd lets through.
"""

import re
import unittest

from lib_case import PostfixCase
from lib_postfix import LOCAL

RULES = f"""\
domains local = {LOCAL}

permit if policy_context == "permit" and recipient in local
dunno if policy_context == "dunno" and recipient in local
reject "5.7.1 Not ours"
"""

ASKED = "check_policy_service {{ unix:private/policyd, policy_context={} }}"

# The table of reference/postfix-protocol.md, section 5: RCPT TO, `recipient=` (None: policyd is
# not asked), Postfix's own verdict.
SAME = "same"
REFERENCE = [
    ("user@c.example", SAME, 554),
    ("user@local.example", SAME, 250),
    ("user@relay.example", SAME, 250),
    ("user@valias.example", SAME, 250),
    ("user@vmbox.example", SAME, 250),
    ("user@sub.relay.example", SAME, 250),
    ("user@sub.local.example", SAME, 554),
    ("@a.example,@b.example:user@c.example", "user@c.example", 554),
    ("@a.example:user@local.example", "user@local.example", 250),
    ("user%c.example@local.example", SAME, 554),
    ("user%local.example@local.example", SAME, 250),
    ('"user%c.example"', "user%c.example", 554),
    ("c.example!user@local.example", SAME, 554),
    ("c.example!user", SAME, 554),
    ("local.example!user", SAME, 250),
    ('"user@c.example"@relay.example', "user@c.example@relay.example", 554),
    ("user@local.example@c.example", SAME, 554),
    ("relaytest@c.example@", SAME, 554),
    ("user@[127.0.0.1]", SAME, 250),
    ("user@[IPv6:::1]", SAME, 250),
    ("user@[192.0.2.1]", SAME, 554),
    ("postmaster", None, 250),
    ("double-bounce@local.example", None, 250),
    ("user", SAME, 250),
    ("@local.example", SAME, 250),
    ("user@LOCAL.Example", SAME, 250),
    ("User@Local.Example.", SAME, 250),
    ('"a b"@local.example', "a b@local.example", 250),
    ('"a\\"b"@local.example', 'a"b@local.example', 250),
    ("a=b@local.example", SAME, 250),
    ("user@bücher.example", SAME, 554),
    ("user@xn--bcher-kva.example", SAME, 250),
    ("user@local。example", SAME, 554),
    ("user@ｌｏｃａｌ.example", SAME, 554),
    ("user@local\u200b.example", SAME, 554),
]

# H is a domain of ours, T one elsewhere: every way to route that Postfix opens, alone, quoted, in
# mixtures, and near misses of each.
OURS = ["local.example", "LOCAL.Example", "relay.example", "Sub.RELAY.example", "valias.example"]
OURS += ["vmbox.example", "[127.0.0.1]", "[IPv6:::1]"]
ELSEWHERE = "c.example"
PLAIN = r"""
u@H u@T u@HH u@H@H u@H@T u@T@H u@T@H@H u@H@T@H u@T@T@H @H @T H T u u@ u@@ u@@H u@@T @@H
u@H. u@H.. u@.H u@H.T u@T.H u@H@ u@T@ u@H.@ u@T.@ u@H@. u@T@. u@. u@T@.@H u@T.@H u@T@H. u@T@H..
u%T u%H u%T@H u%H@H u%H@T u%T%H u%H%T u%T%H@H u%T@H@H u%T@T@H u%T%T@H u%H%H@H u%T.@H u%T@H. %T@H
%@H u%@H u%%T@H u%T%@H %u@H
T!u H!u T!u@H H!u@H H!u@T T!H!u H!T!u T!H!u@H H!T!u@H H!H!u@H T!u%H T!u%H@H H!u%T@H H!u%T H!u%H
T.!u@H !u@H !u H!@T T!@H T!!u@H u!@H T!u%T@H T!u@H. u%T@H!T T!u@H@H T!u@T@H u@T%H@H u@T!H@H u@H%T
u@H%T@H
"u"@H "u"@T "u@T" "u@H" "u@T"@H "u@H"@H "u@H"@T "u%T" "u%H" "u%T"@H "u%H"@H "u%T@H" "u@T%H" "T!u"
"H!u" "T!u"@H "H!u"@H "H!u"@T "T!u@H" "@T:u"@H "@T:u@T"@H "@H:u@T" "u@T@H" "u@T@H"@H "u@T."@H
"u@T"."v"@H "u"@T@H "u"%T@H u."%T"@H u"%T"@H "u%T".v@H ""@H "\"u@T\""@H "\"u@T\"@H"@H
"\"u%T\""@H "u\@T"@H "u\%T"@H u\@T@H u\%T@H u\!T@H "T\!u"@H
@T:u@H @H:u@T @H:u@H @T,@T:u@H @H,@T:u@T @T:u%T@H @T:T!u@H @T:"u@T"@H @H:u%T @H:T!u @T:u @H:u
@T:@H @T:u@T@H @T:u%H@H
u@[T] u@[H] u@[] u%[192.0.2.1]@H u@[192.0.2.1]@H [192.0.2.1]!u@H u%[127.0.0.1]@H u+ext@H u+T@H
u=T@H u#T@H u:T@H u;T@H u,T@H u/T@H u|T@H u@T,v@H <u@T>@H (c)u@H u@H(c) u@T(c)@H u@T>,<u@H u..v@H
.u@H u.@H -u@H u@-H u@H- u@H: u@H:25 u@H/ u@H% u@H! u@H%T. ~u@H $u@H `u@H
"""
WITH_SPACES = ['"u T"@H', '"u\t%T"@H', '"u, v@T"@H', "u @H", "u@ H", "u@H T", "u %T@H", '" "@H']
LITERALS = """
u@[127.0.0.1 u@127.0.0.1 u@[127.0.0.1]. u@[127.0.0.1].local.example u@[[127.0.0.1]] u@[127.0.0.9]
u@[127.0.0.001] u@[127.0.0.010] u@[IPv6:::127.0.0.1] u@[IPv6:0::01] u@[127.1] u@[0x7f.0.0.1]
u@[2130706433] u@[::1] u@[ipv6:::1] u@[IPV6:0:0:0:0:0:0:0:1] u@[IPv6:::ffff:127.0.0.1] u@[IPv6:::2]
u@[IPv6:::1%lo] u@[IPv6:127.0.0.1] u@[IPv4:127.0.0.1] u@[127.0.0.1@c.example]
u@[c.example@127.0.0.1] u@c.example@127.0.0.1 u%c.example@127.0.0.1
"""


def recipients():
    """Every template with every domain of ours, each address once."""
    found = dict.fromkeys(LITERALS.split())
    for template in PLAIN.split() + WITH_SPACES:
        for ours in OURS:
            found[template.replace("T", ELSEWHERE).replace("H", ours)] = None
    return list(found)


def stricter_form(seen):
    """The named form of an address that Postfix takes and `recipient in local` does not."""
    local, at, domain = seen.rpartition("@")
    if not at:
        return "local!user" if "!" in seen else "user%local" if "%" in seen else "user"
    if re.search(r"^\[(.*\.)?0\d", domain):
        return "a literal with leading zeros"
    return "user%local@local" if re.search("[@%!]", local) else None


class Routing(PostfixCase):
    RULES = RULES
    SERVICES = {
        "postfix": {"smtpd_relay_restrictions": "reject_unauth_destination"},
        "permit": {"smtpd_relay_restrictions": ASKED.format("permit") + ", reject"},
        # smtpd insists on a reject somewhere; this one is never reached
        "dunno": {
            "smtpd_relay_restrictions": ASKED.format("dunno"),
            "smtpd_recipient_restrictions": "check_recipient_access static:OK, reject",
        },
    }

    def try_all(self, service, table):
        """The reply to each recipient; the sender's number joins it with the audit line."""
        smtp = self.smtp(service)
        replies = []
        for number, recipient in enumerate(table):
            utf8 = "" if recipient.isascii() else " SMTPUTF8"
            self.assertReply(smtp.mail(f"{number}@{self.id()}", utf8), 250)
            replies.append(smtp.rcpt(recipient))
            smtp.command("RSET")
        smtp.close()
        return replies

    def seen(self, service):
        """`recipient=` as policyd had it, and its decision, by number."""
        found = {}
        for entry in self.policyd.entries():
            number, _, test = entry["sender"].decode().partition("@")
            if test == self.id() and entry["policy_context"].decode() == service:
                recipient = entry.get("recipient", b"").decode("utf-8", "surrogateescape")
                found[int(number)] = (recipient, entry["decision"].decode())
        return found

    def test_reference_table(self):
        table = [row[0] for row in REFERENCE]
        postfix = self.try_all("postfix", table)
        for service in ("permit", "dunno"):
            replies = self.try_all(service, table)
            seen = self.seen(service)
            for number, (recipient, expected, code) in enumerate(REFERENCE):
                with self.subTest(recipient, service=service):
                    self.assertEqual(postfix[number].code, code, "Postfix's own verdict")
                    expected = recipient if expected is SAME else expected
                    self.assertEqual(seen.get(number, (None,))[0], expected, "recipient=")
                    self.compare(postfix[number], replies[number], seen.get(number))

    def test_never_more_than_postfix(self):
        table = recipients()
        postfix = self.try_all("postfix", table)
        for service in ("permit", "dunno"):
            replies = self.try_all(service, table)
            seen = self.seen(service)
            for number, recipient in enumerate(table):
                with self.subTest(recipient, service=service):
                    self.compare(postfix[number], replies[number], seen.get(number))

    def compare(self, postfix, asked, seen):
        """`postfix` and `asked` are replies to one recipient, without policyd and with it."""
        if asked.code == 250:
            self.assertEqual(postfix.code, 250, f"more than Postfix: {postfix}")
        if seen and postfix.code != 250:
            self.assertTrue(seen[1].startswith("REJECT"), f"Postfix refuses, policyd: {seen}")
        if asked.code != 250 and postfix.code == 250:
            self.assertIsNotNone(seen, f"refused, but policyd was not asked: {asked}")
            self.assertIsNotNone(stricter_form(seen[0]), f"less than Postfix: {asked}, {seen}")


if __name__ == "__main__":
    unittest.main()
