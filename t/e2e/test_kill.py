"""The audit promise: kill -9 at random instants under load, a restart after each, and every reply
that a client read has its audit line, which reads back whole."""

import os
import random
import time
import unittest

import lib_audit
from lib_case import ScratchCase
from lib_load import Load

ROUNDS = 20
SECONDS = (0.02, 0.8)  # a round, at least and at most


class Kill(ScratchCase):
    def test_every_reply_was_logged(self):
        seed = int(os.environ.get("SEED", time.time_ns() % 1000000))
        with self.subTest("set SEED to repeat it", SEED=seed):
            self.run_rounds(seed)

    def run_rounds(self, seed):
        dice = random.Random(seed)
        daemon = self.policyd(options=["--workers", "3"])
        load = Load(daemon.path, "kill", seed).start()
        answered = []
        for _ in range(ROUNDS):
            before = load.count()
            time.sleep(dice.uniform(*SECONDS))
            daemon.kill()
            answered.append(load.count() - before)
            daemon.start()
        load.stop()
        daemon.stop()
        busy = sum(1 for count in answered if count > 0)
        self.assertGreater(busy, ROUNDS // 2, f"hardly any load: {answered}")
        self.check_log(lib_audit.read_lines(daemon.audit), load)

    def check_log(self, lines, load):
        logged = {}
        torn = []
        for line in lines:
            entry = self.whole_entry(line)
            if entry:
                instance = entry["instance"].decode()
                self.assertNotIn(instance, logged, "logged twice")
                logged[instance] = entry["decision"].decode()
            else:
                torn.append(line)
        answered = load.answered()
        lost = [instance for instance in answered if instance not in logged]
        self.assertEqual(lost[:5], [], f"{len(lost)} of {len(answered)} replies have no audit line")
        wrong = [i for i, action in answered.items() if logged[i] != action]
        self.assertEqual(wrong[:5], [], "logged otherwise than answered")
        self.assertLessEqual(len(torn), ROUNDS, "more torn lines than kills")
        for line in torn:
            self.assertRegex(line + b" ", rb"^(time=\"|t?i?m?e?=? $)", "not the start of a line")

    def whole_entry(self, line):
        """The fields of a line, or None if it was torn, be it between two fields."""
        try:
            entry = lib_audit.parse_line(line)
        except lib_audit.AuditError:
            return None
        return entry if "policy_context" in entry else None


if __name__ == "__main__":
    unittest.main()
