"""Dovecot: an authentication service of our own for Postfix, Debian's program with a configuration
and a directory of its own, no protocols and no ports. It dies with the test that started it.
Neither /etc/dovecot nor a running Dovecot is touched or needed.

Raises if it can't be started: a test that needs Dovecot fails without it.
"""

import os
import socket
import subprocess
import time

from lib_postfix import program, wait_text

START_SECONDS = 20
STOP_SECONDS = 20

CONFIGURATION = """\
base_dir = {base}
state_dir = {base}
log_path = {log}
protocols =
ssl = no
default_internal_user = dovecot
default_login_user = dovenull

auth_mechanisms = plain login
auth_verbose = yes
disable_plaintext_auth = no
passdb {{
  driver = passwd-file
  args = {users}
}}
userdb {{
  driver = passwd-file
  args = {users}
}}
service auth {{
  unix_listener {listener} {{
    mode = 0600
    user = postfix
  }}
}}
"""

# A wrong password is answered at once, however many came before.
HASTE = """\
auth_failure_delay = 0
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
"""


class Dovecot:
    """`passwords` are those of the users; Postfix finds it at the Unix socket `path`."""

    def __init__(self, scratch, passwords, path):
        self.path = path
        self.maillog = scratch.join("dovecot.log")
        self.process = None
        users = "".join(f"{user}:{{PLAIN}}{secret}::::::\n" for user, secret in passwords.items())
        names = {
            "base": scratch.join("dovecot"),
            "log": self.maillog,
            "users": scratch.write("dovecot.users", users),
            "listener": path,
        }
        self.conf = scratch.write("dovecot.conf", CONFIGURATION.format(**names) + HASTE)

    def start(self):
        """Returns once it accepts connections."""
        command = [program("dovecot", "dovecot-core"), "-F", "-c", self.conf]
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,  # it says all in its log too
            start_new_session=True,
        )
        deadline = time.monotonic() + START_SECONDS
        while not self.accepts():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"dovecot does not start\n{self.log()}")
            time.sleep(0.01)

    def accepts(self):
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(self.path)
            except (FileNotFoundError, ConnectionRefusedError):
                return False
            return True

    def stop(self):
        """The master ends its processes and itself."""
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def wait_log(self, pattern, seconds=15):
        """The match of a regex in the log, once it is there, or None."""
        return wait_text(self.log, pattern, seconds)

    def log(self):
        if not os.path.exists(self.maillog):
            return ""
        with open(self.maillog, encoding="utf-8", errors="replace") as file:
            return file.read()
