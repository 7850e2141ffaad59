# SPDX-License-Identifier: Apache-2.0
"""What stacd keeps in spite of the evidence, and stacctl release. What is in use needs a kernel: tests/vm has that."""
import json
import os
import unittest

from harness import SYSTEM_BUS_CONFIG, Story, main, nqn, program, stacd_conf, stafd_conf

LET_GO, NOTHING = 0, 1


class Guard(Story):
    def ctl(self, *args):
        done = self.world.run(program("stacctl"), "--output=json", *args)
        return done.returncode, json.loads(done.stdout)

    def start(self, names, **options):
        self.target = self.world.target(*names)
        self.world.stafd(stafd_conf())  # an answer of it is awaited for longer than a soak
        self.stacd = self.world.stacd(self.conf(*names, **options))
        self.connects(self.stacd, *names)

    def conf(self, *names, **options):
        iocs = {name.replace("_", "-"): value for name, value in options.items()}
        return stacd_conf(*[self.target.controller(nqn(name)) for name in names], iocs=iocs)

    def set_conf(self, *names, **options):
        self.world.write_conf("stacd", self.conf(*names, **options))
        self.stacd.reload()

    def verdicts(self):
        return {c["subsysnqn"]: c["verdict"] for c in self.ctl("ls")[1]}


class Budget(Guard):
    def test_the_rest_is_kept_and_shown_until_it_is_let_go(self):
        names = ("one", "two", "three")
        self.start(names)
        self.assertEqual(set(self.verdicts().values()), {"wanted"})
        self.set_conf(max_disconnects_per_minute=1)
        self.stacd.line("max-disconnects-per-minute=1 is used up. Connections that should be cut, and are kept for now: 2")
        self.eventually("one is gone", lambda: len(self.stacd.ls()) == 2)
        kept = self.verdicts()
        self.assertEqual(list(kept.values()), ["held", "held"])
        last = list(kept)[-1]
        # Each view says the same.
        why = "no longer configured, but max-disconnects-per-minute=1 is used up"
        one, = self.ctl("explain", last)[1]["controllers"]
        self.assertEqual((one["verdict"], one["reason"]), ("held", why))
        health = {s["subsysnqn"]: s["held"] for s in self.ctl("health")[1]["subsystems"]}
        self.assertEqual(health, {name: 1 for name in kept})
        steps = {s["subsysnqn"]: s for s in self.ctl("plan")[1]["steps"]}
        self.assertEqual({s["action"] for s in steps.values()}, {"disconnect"})
        self.assertGreater(min(s["after"] for s in steps.values()), 10)
        device = next(c["device"] for c in self.stacd.ls() if c["subsysnqn"] == last)
        done = self.world.run(program("stacctl"), "release", last)
        self.assertEqual((done.returncode, done.stdout), (LET_GO, f"Let go of {device} ({why})\n"))
        self.eventually("it is gone", lambda: list(self.verdicts()) == list(kept)[:1])
        self.assertEqual(sum("is used up. Connections" in line for line in self.stacd.text().splitlines()), 1)


class Release(Guard):
    def test_nothing_to_let_go_of(self):
        self.start(("one",), disconnect_guard="hold")
        done = self.world.run(program("stacctl"), "release", nqn("one"))
        self.assertEqual((done.returncode, done.stdout), (NOTHING, ""))
        self.assertIn(f"stacd keeps nothing of {nqn('one')} that it should disconnect", done.stderr)
        self.assertEqual(self.ctl("release", nqn("one")), (NOTHING, {"released": [], "question": nqn("one")}))
        self.connects(self.stacd, "one")

    def test_what_has_no_block_device_is_not_in_use(self):
        self.start(("one", "two"), disconnect_guard="hold")
        self.set_conf("two", disconnect_guard="hold")
        self.connects(self.stacd, "two")
        self.assertNotIn("kept: ", self.stacd.text())


class Policy(Guard):
    bus = False

    @unittest.skipIf(os.geteuid() != 0, "needs root to own the name and to become somebody else")
    def test_only_root_lets_go(self):
        self.world.start_bus(SYSTEM_BUS_CONFIG)
        self.world.path.chmod(0o755)
        (self.world.path / "bus").chmod(0o777)
        self.start(("one", "two"))
        self.set_conf(max_disconnects_per_minute=1)
        self.eventually("one is kept", lambda: list(self.verdicts().values()) == ["held"])
        kept, = self.verdicts()
        nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
        if self.world.run(*nobody, program("stacctl"), "--version").returncode != 0:
            self.skipTest("others cannot reach the build directory")
        done = self.world.run(*nobody, program("stacctl"), "release", kept)
        self.assertEqual((done.returncode, done.stdout), (NOTHING, ""))
        self.assertIn("(only root lets go)", done.stderr)
        self.assertEqual(self.verdicts(), {kept: "held"})
        self.assertEqual(self.world.run(program("stacctl"), "release", kept).returncode, LET_GO)


if __name__ == "__main__":
    main()
