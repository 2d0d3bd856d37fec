"""Monitoring: what Prometheus gets, by promtool's judgement, and the units and alerts of examples/
that build on it."""

import os
import re
import subprocess
import unittest

from lib_case import ScratchCase
from lib_policyd import DENIED, program

EXAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "examples")
SECONDS = 20


def run(*command, **options):
    return subprocess.run(
        command, capture_output=True, text=True, timeout=SECONDS, check=False, **options
    )


class Metrics(ScratchCase):
    def setUp(self):
        super().setUp()
        self.control = "unix:" + self.scratch.join("control")
        self.daemon = self.policyd(options=["--control", self.control])
        with self.daemon.client() as client:
            self.assertEqual(client.ask(), "DUNNO")
            self.assertEqual(client.ask(recipient="a@else.example"), DENIED)

    def metrics(self):
        printed = run(program("policyctl"), "metrics", "--control", self.control)
        self.assertEqual(printed.returncode, 0, printed)
        return printed.stdout

    def test_promtool_accepts_them(self):
        judged = run("promtool", "check", "metrics", input=self.metrics())
        self.assertEqual((judged.returncode, judged.stdout, judged.stderr), (0, "", ""))

    def test_they_count(self):
        metrics = self.metrics()
        for line in (
            'policyd_decisions_total{action="dunno"} 1',
            'policyd_decisions_total{action="reject"} 1',
            "policyd_reload_success 1",
        ):
            self.assertIn(f"\n{line}\n", metrics)

    def test_alerts_name_them(self):
        known = set(re.findall(r"^policyd_\w+", self.metrics(), re.M))
        with open(os.path.join(EXAMPLES, "prometheus-alerts.yml"), encoding="utf-8") as file:
            named = set(re.findall(r"\bpolicyd_[a-z_]+", file.read()))
        self.assertGreater(len(named), 3)
        self.assertEqual(named - known, set())

    def test_textfile(self):
        with open(
            os.path.join(EXAMPLES, "systemd", "policyd-metrics.service"), encoding="utf-8"
        ) as file:
            command = re.search(r"^ExecStart=/bin/sh -c '(.*)'$", file.read(), re.M)[1]
        here = f"{program('policyctl')} metrics --control {self.control}"
        command = command.replace("/usr/bin/policyctl metrics", here)
        self.assertIn(here, command)
        folder = self.scratch.join("textfile")
        os.mkdir(folder)
        written = run("sh", "-c", command, cwd=folder)
        self.assertEqual(written.returncode, 0, written)
        self.assertEqual(os.listdir(folder), ["policyd.prom"])
        with open(os.path.join(folder, "policyd.prom"), encoding="utf-8") as file:
            whole = file.read()
        self.assertIn("policyd_info{", whole)

        self.daemon.stop()
        self.assertNotEqual(run("sh", "-c", command, cwd=folder).returncode, 0)
        with open(os.path.join(folder, "policyd.prom"), encoding="utf-8") as file:
            self.assertEqual(file.read(), whole, "the last good one is gone")


if __name__ == "__main__":
    unittest.main()
