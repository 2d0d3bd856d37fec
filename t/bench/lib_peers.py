"""Peers: policy servers of Debian on the closest equivalent of reference.rules.

postfwd, which is one process and uses no cache here, gives the same answers to every request, and
they are checked. postgrey has no rules: it is asked the same, and greylists.
"""

import os
import pwd
import subprocess

from lib_server import Server

PACKAGES = ["postfwd", "postgrey"]
STARTER = "/usr/sbin/policy-rc.d"

# What Debian's package scripts ask before they start a service; 101 forbids it.
NO_SERVICES = "#!/bin/sh\nexit 101\n"

DOMAINS = """alder ash aspen beech birch cedar cherry elm fir hazel holly juniper larch lime maple
             pine poplar spruce willow""".split()
PARENTS = ["oak", "rowan", "yew"]

POSTFWD_RULES = """\
id=TRUSTED ; client_address=127.0.0.0/8 ; client_address=::1/128 ; client_address=192.168.0.0/16 ; \
action=OK
id=CLEAR ; sasl_username=~/./ ; encryption_protocol=~/^$/ ; \
action=REJECT 5.7.11 Encryption required to log in and relay
id=LOGIN ; sasl_username=~/./ ; action=OK
id=LOCAL ; {local} ; recipient_localpart=~/^[^@%!]*$/ ; action=DUNNO
id=LAST ; action=REJECT 5.7.1 Relay access denied
"""


def install():
    """Installs what is missing, without starting any service."""
    if all(os.path.exists(f"/usr/sbin/{program}") for program in ("postfwd1", "postgrey")):
        return
    print(f"installing: {' '.join(PACKAGES)}", flush=True)
    guard = not os.path.exists(STARTER)
    if guard:
        with open(STARTER, "w", encoding="ascii") as file:
            file.write(NO_SERVICES)
        os.chmod(STARTER, 0o755)
    try:
        for words in (["update"], ["install", "-y", "--no-install-recommends", *PACKAGES]):
            subprocess.run(
                ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300", "-o", "Dpkg::Use-Pty=0", *words],
                check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})
    finally:
        if guard:
            os.unlink(STARTER)


def postfwd(folder, cpus):
    local = [f"recipient_domain=={name}.example" for name in DOMAINS]
    local += [rf"recipient_domain=~/\.{name}\.example$/" for name in PARENTS]
    rules = os.path.join(folder, "postfwd.rules")
    with open(rules, "w", encoding="ascii") as file:
        file.write(POSTFWD_RULES.format(local=" ; ".join(local)))
    command = ["/usr/sbin/postfwd1", "--daemon", "--proto=unix", "--port={socket}",
               f"--file={rules}", "--nodns", "--cache=0", "--norulelog", "--user=nobody",
               "--group=nogroup", "--pidfile={folder}/pid"]
    return Server("postfwd", folder, command, cpus=cpus, pid_file="pid", user="nobody")


def postgrey(folder, cpus):
    pwd.getpwnam("postgrey")
    command = ["/usr/sbin/postgrey", "--unix={socket}", "--dbdir={folder}", "--quiet",
               "--listen-queue-size=1024"]
    return Server("postgrey", folder, command, expect="any", cpus=cpus, user="postgrey")
