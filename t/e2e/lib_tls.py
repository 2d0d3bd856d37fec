"""Tls: a certificate for a server of our own, and STARTTLS for a client of lib_smtp."""

import ssl
import subprocess

from lib_postfix import program

NAME = "mx.policyd.example"
SECONDS = 30


def make_certificate(path):
    """A key and a self-signed certificate of NAME, in one new file."""
    subprocess.run(
        [
            *(program("openssl", "openssl"), "req", "-x509", "-nodes", "-days", "2"),
            *("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
            *("-subj", "/CN=" + NAME, "-addext", "subjectAltName=DNS:" + NAME),
            *("-keyout", path, "-out", path),
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=SECONDS,
        check=True,
    )


def start_tls(smtp, certificate):
    """STARTTLS, a handshake that trusts this certificate alone, and EHLO. Answers the cipher:
    name, protocol, bits."""
    reply = smtp.command("STARTTLS")
    assert reply.code == 220, reply
    context = ssl.create_default_context(cafile=certificate)
    smtp.file.close()
    smtp.socket = context.wrap_socket(smtp.socket, server_hostname=NAME)
    smtp.file = smtp.socket.makefile("rb")
    smtp.command("EHLO client.example")
    return smtp.socket.cipher()
