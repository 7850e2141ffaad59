# SPDX-License-Identifier: Apache-2.0
"""Daemons that stop, crash, come back, or find a strange state file: no connection suffers."""
import json
import signal
import time

from harness import SOAK, Story, main, nqn, program, stacd_conf, stafd_conf


class Restart(Story):
    def setUp(self):
        super().setUp()
        self.target = self.world.target("one", "two")
        self.conf = stafd_conf(self.target.controller())
        self.stafd = self.world.stafd(self.conf)

    def held(self):
        return self.target.held("one", "two")

    def check_restart_of_stafd(self, number):
        stacd = self.world.stacd()
        self.connects(stacd, "one", "two")
        before = self.held()
        self.stafd.stop(number)
        stacd_calm = time.monotonic() + SOAK + 0.3
        while time.monotonic() < stacd_calm:  # an absent stafd is no information
            self.assertEqual(self.held(), before)
            time.sleep(0.1)
        stafd = self.world.stafd()
        stafd.line("Received discovery log pages")
        time.sleep(SOAK + 0.3)  # nor is a young one
        self.assertEqual(self.held(), before)
        self.assertEqual(stacd.count("Disconnect initiated"), 0)
        self.target.rpc("subsystem.add", nqn=nqn("three"))
        self.connects(stacd, "one", "two", "three")

    def test_stafd_restarted(self):
        self.check_restart_of_stafd(signal.SIGTERM)

    def test_stafd_killed(self):
        self.check_restart_of_stafd(signal.SIGKILL)

    def test_stacd_reloaded_while_stafd_is_away(self):
        stacd = self.world.stacd()
        self.connects(stacd, "one", "two")
        before = self.held()
        self.stafd.stop()
        stacd.reload()
        time.sleep(SOAK + 0.3)
        self.assertEqual(self.held(), before)
        self.assertEqual(stacd.count("Disconnect initiated"), 0)

    def test_what_was_removed_while_stafd_was_away_is_cut_when_it_is_back(self):
        stacd = self.world.stacd()
        self.connects(stacd, "one", "two")
        self.stafd.stop()
        self.target.rpc("host.deny", nqn=nqn("two"), host="nqn.2024-01.org.example:nobody")
        self.world.stafd()
        self.connects(stacd, "one")

    def test_stacd_killed_and_started_again_connects_again(self):
        stacd = self.world.stacd()
        self.connects(stacd, "one", "two")
        self.eventually("the history is saved", lambda: self.saved_history(stacd).count(nqn("two")) == 1)
        stacd.stop(signal.SIGKILL)
        stacd = self.world.stacd()
        self.connects(stacd, "one", "two")
        self.assertEqual(len(self.held()), 2)
        for name in ("one", "two"):
            self.assertEqual(self.history(nqn(name)), ["connected", "connected"])
        self.assertEqual(len(self.history()), 4)
        self.target.rpc("subsystem.remove", nqn=nqn("two"))
        self.connects(stacd, "one")
        self.eventually("told", lambda: self.history(nqn("two"))[-1] == "removed")
        self.assertIn("disconnecting", self.history(nqn("two")))
        table = self.world.run(program("stacctl"), "history", nqn("two"))
        self.assertIn("no longer listed by any discovery controller", table.stdout)
        nobody = self.world.run(program("stacctl"), "history", nqn("nobody"))
        self.assertEqual((nobody.returncode, nobody.stdout), (1, ""))
        self.assertIn("stacd knows nothing of", nobody.stderr)
        self.assertEqual(self.world.ctl("stafctl", "history")["transitions"][0]["event"], "connected")

    @staticmethod
    def saved_history(daemon):
        file = daemon.state_file.with_name("history.json")
        return file.read_text() if file.exists() else ""

    def history(self, *question):
        """The events, in their order."""
        return [t["event"] for t in self.world.ctl("stacctl", "history", *question)["transitions"]]

    def test_a_strange_state_file_is_one_complaint_and_an_empty_state(self):
        stacd = self.world.stacd(stacd_conf())
        self.connects(stacd, "one", "two")
        stacd.stop()
        self.stafd.stop()
        good = self.stafd.state_file.read_bytes()
        self.assertEqual(json.loads(good)["version"], 1)
        self.assertEqual(self.stafd.state_file.stat().st_mode & 0o777, 0o600)
        strange = {"truncated": good[:len(good) // 2],
                   "another version": good.replace(b'"version": 1', b'"version": 9'),
                   "a pickle": b"\x80\x04]\x94.", "empty": b""}
        for kind, content in strange.items():
            with self.subTest(kind):
                self.stafd.state_file.write_bytes(content)
                stacd.state_file.write_bytes(content)
                stafd = self.world.stafd()
                again = self.world.stacd()
                self.connects(again, "one", "two")
                for daemon in (stafd, again):
                    self.assertEqual(daemon.count("last-known-config.json"), 0 if kind == "empty" else 1)
                    self.assertEqual(daemon.stop(), 0)


if __name__ == "__main__":
    main()
