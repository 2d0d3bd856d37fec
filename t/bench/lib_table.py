"""Table: what was measured, as rows of text with the limits beside them."""

import statistics

COLUMNS = ("what", "measured", "ratio", "middle half", "limit", "")
WIDTHS = (46, 11, 9, 17, 8, 6)


class Table:
    def __init__(self):
        self.rows = []

    def heading(self, text):
        self.rows.append(("", "", "", "", "", ""))
        self.rows.append((text, "", "", "", "", ""))

    def row(self, what, measured="", ratios=None, limit=None, value=None, unit=""):
        """`ratios`: of each round; their median is held against the limit, else the value is."""
        held = statistics.median(ratios) if ratios else value
        self.rows.append((
            "  " + what,
            measured,
            f"{held:.2f}" if ratios else "",
            middle_half(ratios) if ratios else "",
            f"{limit:g}{unit}" if limit is not None else "",
            "" if limit is None else "met" if held <= limit else "MISSED",
        ))

    def at_least(self, what, measured, ratios, limit):
        self.row(what, measured, ratios)
        row = list(self.rows[-1])
        row[4:] = f">= {limit:g}", "met" if statistics.median(ratios) >= limit else "MISSED"
        self.rows[-1] = tuple(row)

    def remark(self, text):
        self.rows.append(("  " + text,) + ("",) * 5)

    def __str__(self):
        return "\n".join(format_row(row) for row in (COLUMNS, *self.rows))


def format_row(row):
    first, *rest = zip(row, WIDTHS)
    return (first[0].ljust(first[1]) + "".join(cell.rjust(width) for cell, width in rest[:-1])
            + "  " + rest[-1][0]).rstrip()


def middle_half(values):
    if len(values) < 4:
        return ""
    low, _, high = statistics.quantiles(values, n=4)
    return f"{low:.2f}..{high:.2f}"
