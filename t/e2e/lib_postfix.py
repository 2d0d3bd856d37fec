"""Postfix: a mail system of our own, Debian's programs with a configuration and a queue of their
own, on loopback ports of their own. Nothing is delivered: every transport is `discard:`, which
logs the recipient. Neither /etc/postfix nor a running Postfix is touched or needed.

Raises if it can't be started: a test that needs Postfix fails without it.
"""

import os
import re
import shutil
import socket
import subprocess
import time

START_SECONDS = 60

# Clients bind to these, so that Postfix and the rules see who they are.
TRUSTED = "127.0.0.2"
OUTSIDER = "127.0.0.9"

# The domains of reference/postfix-protocol.md, section 5, for main.cf and for a rule file.
DOMAINS = {
    "mydestination": "local.example",
    "relay_domains": "relay.example",
    "virtual_alias_domains": "valias.example",
    "virtual_mailbox_domains": "vmbox.example, xn--bcher-kva.example",
}
LOCAL = (
    "local.example, relay.example, .relay.example, valias.example, vmbox.example,"
    " xn--bcher-kva.example, [127.0.0.1], [IPv6:::1]"
)

PARAMETERS = {
    "compatibility_level": "3.6",
    "myhostname": "mx.policyd.example",
    "myorigin": "local.example",
    "mynetworks": TRUSTED + "/32",
    "inet_protocols": "all",
    "inet_interfaces": "127.0.0.1",
    "proxy_interfaces": "::1",  # an address of its own even where the machine has no IPv6
    "default_transport": "discard:",
    "relay_transport": "discard:",
    "local_transport": "discard:",
    "virtual_transport": "discard:",
    "smtp_dns_support_level": "disabled",
    "disable_dns_lookups": "yes",
    "smtpd_peername_lookup": "no",
    "alias_maps": "",
    "alias_database": "",
    "local_recipient_maps": "",
    "smtpd_reject_unlisted_recipient": "no",
    # A table of recipients is one long dialogue of messages begun and of errors.
    "in_flow_delay": "0",
    "smtpd_error_sleep_time": "0",
    "smtpd_soft_error_limit": "100000",
    "smtpd_hard_error_limit": "100000",
    "smtpd_recipient_limit": "100000",
    "smtpd_recipient_overshoot_limit": "100000",
    "smtpd_client_connection_count_limit": "0",
    "smtpd_authorized_xclient_hosts": "127.0.0.0/8",
}

# As Debian's master.cf has them; `chroot` is y where Debian's is.
MASTER = """\
pickup unix n - y 60 1 pickup
cleanup unix n - y - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - y - - trivial-rewrite
bounce unix - - y - 0 bounce
defer unix - - y - 0 bounce
trace unix - - y - 0 bounce
verify unix - - y - 1 verify
proxymap unix - - n - - proxymap
error unix - - y - - error
retry unix - - y - - error
discard unix - - y - - discard
anvil unix - - y - 1 anvil
tlsmgr unix - - y 1000? 1 tlsmgr
postlog unix-dgram n - n - 1 postlogd
"""


def program(name, package="postfix"):
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not path:
        raise RuntimeError(f"no {name} here: install Debian's package '{package}'")
    return path


def has_ipv6():
    """Whether ::1 is an address of this machine."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def hold_port(scratch):
    """A free port that stays ours. Postfix listens with SO_REUSEPORT: two on one port would share the
    clients, and neither would say so."""
    held = scratch.hold(socket.socket())
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    held.bind(("127.0.0.1", 0))
    return held.getsockname()[1]


def wait_text(read, pattern, seconds):
    """The match of a regex in what read() answers, once it is there, or None."""
    deadline = time.monotonic() + seconds
    while True:
        found = re.search(pattern, read(), re.MULTILINE)
        if found or time.monotonic() > deadline:
            return found
        time.sleep(0.02)


class Postfix:
    """`services` names the smtpd services and gives each its own parameters; port[name] is where
    it listens, on inet_interfaces. `parameters` are added to main.cf."""

    def __init__(self, scratch, services, parameters=()):
        if os.geteuid() != 0:
            raise RuntimeError("Postfix is started by root only: run the tests as root")
        self.command = program("postfix")
        self.scratch = scratch
        self.conf = scratch.join("conf")
        self.queue = scratch.join("queue")
        self.maillog = scratch.join("maillog")
        self.port = {name: hold_port(scratch) for name in services}
        for name in ("conf", "queue", "data"):
            os.mkdir(scratch.join(name), 0o755)
        shutil.chown(scratch.join("data"), "postfix")
        self.write_main({**PARAMETERS, **DOMAINS, **dict(parameters)})
        self.write_master(services)

    def write_main(self, parameters):
        own = {
            "queue_directory": self.queue,
            "data_directory": self.scratch.join("data"),
            "maillog_file": self.maillog,
            "maillog_file_prefixes": self.scratch.path,
        }
        lines = [f"{name} = {value}\n" for name, value in {**own, **parameters}.items()]
        self.scratch.write("conf/main.cf", "".join(lines))

    def write_master(self, services):
        lines = [MASTER]
        for name, parameters in services.items():
            lines.append(f"{self.port[name]} inet n - y - - smtpd\n")
            lines += [f"  -o {{ {key} = {value} }}\n" for key, value in parameters.items()]
        self.scratch.write("conf/master.cf", "".join(lines))

    def start(self):
        self.scratch.at_end([self.command, "-c", self.conf, "abort"])
        self.scratch.at_end([self.command, "-c", self.conf, "stop"])
        said = self.scratch.join("postfix-start")
        with open(said, "wb") as output:  # the daemons keep it: a pipe would never end
            status = subprocess.run(
                [self.command, "-c", self.conf, "start"],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                timeout=START_SECONDS,
                check=False,
            ).returncode
        if status != 0:
            with open(said, encoding="utf-8", errors="replace") as file:
                raise RuntimeError(f"postfix start: exit {status}\n{file.read()}{self.log()}")

    def socket_path(self, name="policyd"):
        """A path in private/, where smtpd finds it as unix:private/NAME though chrooted."""
        return os.path.join(self.queue, "private", name)

    def log(self):
        try:
            with open(self.maillog, encoding="utf-8", errors="surrogateescape") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def wait_log(self, pattern, seconds=15):
        """The match of a regex in the log, once it is there, or None."""
        return wait_text(self.log, pattern, seconds)

    def log_tail(self):
        return "".join(self.log().splitlines(keepends=True)[-20:])

    def postcat(self, queue_id):
        """A message in the queue, envelope and content."""
        return subprocess.run(
            [program("postcat"), "-c", self.conf, "-q", queue_id],
            capture_output=True,
            timeout=30,
            check=True,
        ).stdout.decode("utf-8", "replace")
