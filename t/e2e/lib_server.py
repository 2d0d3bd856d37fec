"""Server: a whole mail server. Users log in through Dovecot, over TLS; policyd decides who relays,
by Postfix's own mynetworks and domains; Postfix delivers.

Each service asks policyd in its relay list, and once more when a message has come to its end, so
that the audit log has the queue id of every message that is accepted.
"""

import re

from lib_case import PostfixCase, smtpd
from lib_dovecot import Dovecot
from lib_postfix import OUTSIDER, has_ipv6
from lib_swaks import swaks
from lib_tls import make_certificate

PASSWORDS = {
    "alice@local.example": "correct horse, battery",
    "bob@local.example": "staple = {bob}",
}

LISTS = """\
networks trusted = postconf mynetworks
domains local = postconf mydestination, postconf relay_domains, postconf virtual_alias_domains,
    postconf virtual_mailbox_domains, [127.0.0.1], [IPv6:::1]
"""

PARAMETERS = {
    "inet_interfaces": "127.0.0.1, ::1" if has_ipv6() else "127.0.0.1",
    "smtpd_sasl_auth_enable": "yes",
    "smtpd_sasl_type": "dovecot",
    "smtpd_sasl_path": "private/auth",
    "smtpd_sasl_security_options": "noanonymous",
    "smtpd_tls_security_level": "may",
    "smtpd_tls_auth_only": "yes",
    "smtpd_tls_cert_file": "$config_directory/server.pem",
    # The next hop, which the log shows, tells by which class of domain a message left.
    "local_transport": "discard:local",
    "virtual_transport": "discard:virtual",
    "relay_transport": "discard:relay",
    "default_transport": "discard:elsewhere",
}


def asking(context, rest="reject_unauth_destination"):
    """A service's lists; at the end of a message every context is `done`."""
    policy = "check_policy_service {{ unix:private/policyd, policy_context={} }}"
    return {
        "smtpd_relay_restrictions": f"{policy.format(context)}, {rest}",
        "smtpd_end_of_data_restrictions": policy.format("done"),
    }


class ServerCase(PostfixCase):
    PARAMETERS = PARAMETERS

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.certificate = cls.postfix.scratch.join("conf", "server.pem")
        make_certificate(cls.certificate)
        cls.dovecot = Dovecot(cls.postfix.scratch, PASSWORDS, cls.postfix.socket_path("auth"))
        cls.dovecot.start()
        cls.addClassCleanup(cls.dovecot.stop)

    def tearDown(self):
        self.assertNoComplaint("warning: .*: SASL (PLAIN|LOGIN) authentication failed:")

    def swaks(self, service, *options, **others):
        return swaks(self.postfix.port[service], *options, **others)

    def assertAgree(self, queue_id, recipients, user=None, client=OUTSIDER):
        """The audit log and Postfix's tell the same of an accepted message: the queue id is in the
        line of its end, whose `instance` is in the line of each recipient and names the smtpd
        process that logged the message's client and login. Answers the lines."""
        ends = self.asked(queue_id=queue_id, protocol_state="END-OF-MESSAGE")
        self.assertEqual(len(ends), 1, f"ends of {queue_id}")
        lines = self.asked(instance=ends[0]["instance"].decode())
        self.assertEqual(lines[-1], ends[0])
        self.assertEqual([line["recipient"].decode() for line in lines[:-1]], recipients)
        for line in lines:
            self.assertEqual(line.get("queue_id", queue_id.encode()).decode(), queue_id)
            self.assertEqual(line.get("sasl_username", b"").decode(), user or "")
            self.assertEqual(line["client_address"].decode(), client)

        login = rf", sasl_method=(\w+), sasl_username={re.escape(user)}" if user else ""
        logged = self.assertLogged(
            rf"smtpd\[(\d+)\]: {queue_id}: client=unknown\[{re.escape(client)}\]{login}"
            r"(?:, sasl_sender=\S+)?$"
        )
        self.assertEqual(smtpd(ends[0]), int(logged[1]))
        for line in lines if user else []:
            self.assertEqual(line["sasl_method"].decode(), logged[2])
        sender = re.escape(lines[0].get("sender", b"").decode().removesuffix("."))
        self.assertLogged(rf"qmgr.*: {queue_id}: from=<{sender}>, .*nrcpt={len(recipients)} ")
        return lines
