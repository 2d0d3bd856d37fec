"""Guide: examples/guide.txt is followed, command by command, on a Postfix of its own. What the
commands would do to the machine goes to that Postfix and to files of the test: `postconf` and
`postfix` know its folder, and `systemctl` starts and stops a policyd as its unit would."""

import os
import re
import subprocess
import unittest

import lib_audit
from lib_case import ScratchCase
from lib_policyd import program
from lib_postfix import OUTSIDER, TRUSTED, Postfix
from lib_postfix import program as postfix_program
from lib_smtp import Smtp

GUIDE = os.path.join(os.path.dirname(__file__), "../../examples/guide.txt")
COMMAND_SECONDS = 60
OLD = "permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination"
LOCAL, REMOTE = "user@local.example", "user@c.example"

WRAPPERS = {
    "apt": "exit 0",
    "postconf": 'exec {postconf} -c {conf} "$@"',
    # Started anew instead: with a maillog_file, and where few datagrams may wait for their reader, a
    # reload now and then leaves master silent for minutes.
    "postfix": """
[ "$*" = reload ] || exit 1
{postfix} -c {conf} stop && {postfix} -c {conf} start""",
    "policyctl": """
case $1 in
reload | status | doctor) verb=$1; shift; exec {policyctl} "$verb" --control unix:{control} "$@" ;;
relay-test) exec {policyctl} relay-test --pause 0 --local-domain local.example 127.0.0.1:{port} ;;
*) exec {policyctl} "$@" ;;
esac""",
    "systemctl": """
stop() {{
    [ ! -e {pid} ] || {{ kill "$(cat {pid})"; tail --pid="$(cat {pid})" -f /dev/null; rm {pid}; }}
}}
start() {{
    {policyd} --config {etc}/policyd.conf --control unix:{control} \\
        --listen unix:{queue}/private/policyd,mode=0600,owner=postfix \\
        </dev/null >>{log}/stderr 2>&1 &
    echo $! >{pid}
    for _ in $(seq 500); do
        ! {policyctl} status --control unix:{control} >/dev/null 2>&1 || exit 0
        sleep 0.02
    done
    cat {log}/stderr >&2
    exit 1
}}
case $1 in
enable) start ;;
restart) stop; start ;;
disable) stop ;;
*) exit 1 ;;
esac""",
}


def read_guide():
    """By step, its commands: the lines that begin with a root's prompt."""
    steps = {}
    with open(GUIDE, encoding="utf-8") as file:
        for line in file:
            if found := re.match(r"(\d)\. ", line):
                commands = steps[int(found[1])] = []
            elif line.startswith("    # "):
                commands.append(line[6:].rstrip("\n"))
    return steps


class Guide(ScratchCase):
    def setUp(self):
        super().setUp()
        self.postfix = Postfix(self.scratch, {"smtp": {}}, {
            "smtpd_relay_restrictions": OLD,
            "smtpd_reject_unlisted_recipient": "yes",  # or relay-test can't tell
            "local_recipient_maps": "inline:{ user=here, postmaster=here }",
        })
        self.postfix.start()
        names = {name: self.scratch.join(name) for name in ("etc", "log", "bin")}
        for path in names.values():
            os.mkdir(path)
        self.pid = self.scratch.join("pid")
        self.names = {
            **names,
            "conf": self.postfix.conf,
            "queue": self.postfix.queue,
            "control": self.scratch.join("control"),
            "pid": self.pid,
            "port": self.postfix.port["smtp"],
            "policyd": program("policyd"),
            "policyctl": program("policyctl"),
            "postconf": postfix_program("postconf"),
            "postfix": self.postfix.command,
        }
        self.scratch.at_end(["sh", "-c", f"[ ! -e {self.pid} ] || kill $(cat {self.pid})"])
        for name, text in WRAPPERS.items():
            path = self.scratch.write(f"bin/{name}", "#!/bin/bash\n" + text.format(**self.names))
            os.chmod(path, 0o755)
        self.scratch.write("etc/policyd.conf", "[policyd]\nrules={etc}/relay.rules\n"
                           "audit=file:{log}/audit.log\n".format(**self.names))
        self.scratch.write("etc/relay.rules", "dunno\n")
        self.steps = read_guide()
        self.variables = ""  # of the shell

    def follow(self, step):
        """Runs a step's commands as one who types them would; what they print."""
        printed = ""
        for command in self.steps[step]:
            own = command
            for path, name in (("/etc/postfix", "conf"), ("/etc/policyd", "etc"),
                               ("/var/log/policyd", "log")):
                own = own.replace(path, self.names[name])
            path = self.scratch.join("printed")
            with open(path, "w", encoding="utf-8") as output:  # Postfix keeps it: no pipe
                status = subprocess.run(
                    ["bash", "-e", "-c", self.variables + own],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    timeout=COMMAND_SECONDS,
                    env={**os.environ, "PATH": f"{self.names['bin']}:{os.environ['PATH']}"},
                    check=False,
                ).returncode
            with open(path, encoding="utf-8") as file:
                text = file.read()
            self.assertEqual(status, 0, f"{command}\n{text}")
            printed += text
            if re.match(r"\w+=", own):
                self.variables += own + "\n"
        return printed

    def ask(self, recipient, source):
        """The code of a recipient."""
        try:
            with Smtp(self.postfix.port["smtp"], source) as client:
                client.mail()
                return client.rcpt(recipient).code
        except TimeoutError:
            self.fail(f"smtpd is silent\n{self.postfix.log_tail()}")

    def assertDecides(self):
        """As the server always did."""
        for recipient, source, code in (
            (LOCAL, OUTSIDER, 250), (REMOTE, OUTSIDER, 554), (REMOTE, TRUSTED, 250),
            ("user%c.example@local.example", OUTSIDER, 554),
        ):
            with self.subTest(recipient=recipient, source=source):
                self.assertEqual(self.ask(recipient, source), code, self.postfix.log_tail())

    def entries(self):
        with open(self.scratch.join("log", "audit.log"), "rb") as file:
            return [lib_audit.parse_line(line.rstrip(b"\n")) for line in file]

    def test_steps(self):
        self.assertEqual(sorted(self.steps), [1, 2, 3, 4, 5, 6])
        self.assertDecides()
        self.follow(1)
        self.assertIn("PROVED", self.follow(2))
        before = self.main()

        self.follow(3)
        self.assertIn("check_policy_service", self.main())
        self.assertDecides()
        entries = self.entries()
        self.assertEqual({entry["dry_run"] for entry in entries}, {b"yes"})
        self.assertEqual([entry["decision"].split()[0] for entry in entries],
                         [b"DUNNO", b"REJECT", b"OK", b"REJECT"])

        self.assertIn(REMOTE, self.follow(4))
        self.assertDecides()

        self.follow(5)
        self.assertDecides()
        self.assertNotIn("dry_run", self.entries()[-1])
        self.assertIn("Relay access denied", self.postfix.log())

        self.follow(6)
        self.assertEqual(self.main(), before)
        count = len(self.entries())
        self.assertDecides()
        self.assertEqual(len(self.entries()), count)
        self.assertFalse(os.path.exists(self.pid))

    def main(self):
        with open(os.path.join(self.postfix.conf, "main.cf"), encoding="utf-8") as file:
            return file.read()


if __name__ == "__main__":
    unittest.main()
