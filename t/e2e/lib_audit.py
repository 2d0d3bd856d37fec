"""Audit: a strict reader of the audit log, written from its specification alone: fields
`key="value"` with one space between, in a fixed order, each at most once and not empty, in which
`"`, `\\` and the bytes outside 0x20-0x7e, and only those, are \\xHH. All else raises AuditError.
"""

import re

ATTRIBUTES = """\
protocol_state protocol_name client_address client_name client_port reverse_client_name
server_address server_port helo_name sender recipient recipient_count queue_id instance size
etrn_domain stress sasl_method sasl_username sasl_sender ccert_subject ccert_issuer
ccert_fingerprint ccert_pubkey_fingerprint encryption_protocol encryption_cipher
encryption_keysize tls_sni policy_context compatibility_level mail_version""".split()

ESCAPED = r"\\x(?:[01][0-9A-Fa-f]|22|5[Cc]|7[Ff]|[89A-Fa-f][0-9A-Fa-f])"
VALUE = rf"(?:[ !#-\[\]-~]++|{ESCAPED})++"  # nothing is tried twice: logs are long
REQUIRED = {
    "time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d",
    "decision": VALUE,
    "rule": rf'(?=[^"]*:\d+"){VALUE}',
    "ruleset": r"[0-9a-f]{8}",
    "us": r"\d+",
}
OPTIONAL = {"dry_run": "yes", **dict.fromkeys(ATTRIBUTES + ["odd", "truncated"], VALUE)}

LINE = re.compile(
    (
        " ".join(f'{name}="(?P<{name}>{form})"' for name, form in REQUIRED.items())
        + "".join(f'(?: {name}="(?P<{name}>{form})")?' for name, form in OPTIONAL.items())
    ).encode()
)
ESCAPE = re.compile(rb"\\x(..)")


class AuditError(Exception):
    pass


def unescape(match):
    return bytes([int(match[1], 16)])


def parse_line(line):
    """A line without its newline, as a dict of bytes."""
    match = LINE.fullmatch(line)
    if not match:
        begun = LINE.match(line)
        raise AuditError(f"no audit line from byte {begun.end() if begun else 0} on")
    fields = match.groupdict()
    return {name: ESCAPE.sub(unescape, value) for name, value in fields.items() if value}


def read_lines(path):
    """The lines of a log, unparsed, without their newlines. The last must have one."""
    with open(path, "rb") as file:
        data = file.read()
    if data and not data.endswith(b"\n"):
        raise AuditError("the last line has no newline")
    return data.split(b"\n")[:-1]


def read(path):
    """Every line of a log; raises on the first that doesn't parse."""
    entries = []
    for number, line in enumerate(read_lines(path), 1):
        try:
            entries.append(parse_line(line))
        except AuditError as error:
            raise AuditError(f"{path}:{number}: {error}: {line!r}") from None
    return entries
