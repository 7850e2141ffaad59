# SPDX-License-Identifier: Apache-2.0
"""Disks that hang, perhaps because they are the ones that are to be connected: the daemons' configuration, and their
runtime directory. In namespaces of its own, because of the mounts. Skipped (77) where the machine forbids them."""
import json
import os
import signal
import sys

import namespaces
from harness import DEFAULT_LIMIT, NAMES, Story, main, nqn, program, stacd_conf, stafd_conf
from slow_disk import SlowDisk


class HangingDisk(Story):
    def setUp(self):
        super().setUp()
        self.target = self.world.target("one")

    def disk(self, name):
        """At this place in the world."""
        path = self.world.path / name
        path.mkdir()
        disk = SlowDisk(path)
        self.addCleanup(disk.close)
        return disk

    def start(self):
        self.stafd = self.world.stafd(stafd_conf(self.target.controller()))
        self.stacd = self.world.stacd(stacd_conf())
        self.daemons = (self.stafd, self.stacd)
        self.connects("one")

    def start_configured_from_disks(self):
        files = {"stafd": stafd_conf(self.target.controller()), "stacd": stacd_conf()}
        self.disks = {name: self.disk(f"conf-{name}") for name in NAMES}
        for name, text in files.items():
            self.conf(name).write_text(text)
        self.stafd = self.world.stafd(files["stafd"], "-f", self.conf("stafd"))
        self.stacd = self.world.stacd(files["stacd"], "-f", self.conf("stacd"))
        self.daemons = (self.stafd, self.stacd)
        self.connects("one")

    def conf(self, name):
        return self.world.path / f"conf-{name}" / f"{name}.conf"

    def connects(self, *names):
        wanted = {nqn(name) for name in names}
        self.eventually(f"connected to {names}", lambda: self.stacd.connected() == wanted)

    def reload_hangs(self, daemon):
        disk = self.disks[daemon.name]
        disk.hang()
        daemon.kill(signal.SIGHUP)
        self.assertTrue(disk.wait_until_somebody_waits(DEFAULT_LIMIT))

    def nobody_has(self, name):
        answer = self.world.busctl("call", "org.freedesktop.DBus", "/", "org.freedesktop.DBus", "NameHasOwner", "s", name)
        return answer.stdout.strip() == "b false"

    def test_a_reload_waits_for_its_files_and_nothing_else_does(self):
        self.start_configured_from_disks()
        self.conf("stacd").write_text(stacd_conf(exclude=[f"nqn={nqn('two')}"]))
        for daemon in self.daemons:
            self.reload_hangs(daemon)
            self.assertTrue(daemon.ls())
        self.target.rpc("subsystem.add", nqn=nqn("two"))
        self.connects("one", "two")
        self.target.rpc("subsystem.remove", nqn=nqn("one"))
        self.connects("two")
        self.stacd.line("Reading .*stacd.conf and .*sys.conf takes long; the previous configuration stays in force")
        for daemon in self.daemons:
            self.assertEqual(daemon.notify.count("READY=1"), 1)
            self.disks[daemon.name].go_on()
            daemon.notify.wait("READY=1", 2)
        self.connects()

    def test_a_plan_waits_for_the_daemons_file_and_nothing_else_does(self):
        self.start_configured_from_disks()
        disk = self.disks["stacd"]
        disk.hang()
        with self.world.background(program("stacctl"), "plan") as plan:
            self.assertTrue(disk.wait_until_somebody_waits(DEFAULT_LIMIT))
            self.assertTrue(self.stacd.ls())
            self.target.rpc("subsystem.add", nqn=nqn("two"))
            self.connects("one", "two")
            second = self.world.run(program("stacctl"), "plan")
            self.assertEqual(second.returncode, 1)
            self.assertIn("another plan are being read", second.stderr)
            disk.go_on()
            out, _ = plan.communicate(timeout=DEFAULT_LIMIT)
        self.assertEqual(plan.returncode, 0)
        self.assertIn("2 keep", out)

    def test_who_waits_for_a_disk_can_be_stopped(self):
        """A process is there for as long as the kernel keeps one of its threads; but its name is free by then."""
        self.start_configured_from_disks()
        for daemon in self.daemons:
            self.reload_hangs(daemon)
            daemon.kill(signal.SIGTERM)
            self.eventually("the name is free", lambda: self.nobody_has(NAMES[daemon.name]))
            self.disks[daemon.name].go_on()
            self.assertEqual(daemon.wait(), 0)

    def test_who_makes_a_plan_from_such_a_disk_can_be_stopped(self):
        self.start_configured_from_disks()
        disk = self.disks["stacd"]
        disk.hang()
        with self.world.background(program("stacctl"), "plan") as plan:
            self.assertTrue(disk.wait_until_somebody_waits(DEFAULT_LIMIT))
            self.stacd.kill(signal.SIGTERM)
            self.eventually("the name is free", lambda: self.nobody_has(NAMES["stacd"]))
            plan.communicate(timeout=DEFAULT_LIMIT)
            disk.go_on()
            self.assertEqual(self.stacd.wait(), 0)
        self.assertEqual(plan.returncode, 1)

    def test_a_state_that_cannot_be_written_holds_nobody_up(self):
        self.disks = {name: self.disk(f"run-{name}") for name in NAMES}
        self.start()
        for disk in self.disks.values():
            disk.hang()
        self.target.rpc("subsystem.add", nqn=nqn("two"))
        self.connects("one", "two")
        for disk in self.disks.values():
            self.assertTrue(disk.wait_until_somebody_waits(DEFAULT_LIMIT))
        self.target.rpc("subsystem.add", nqn=nqn("three"))
        self.connects("one", "two", "three")
        for daemon in self.daemons:
            daemon.kill(signal.SIGTERM)
            daemon.notify.wait("STOPPING=1")
            self.disks[daemon.name].go_on()
            self.assertEqual(daemon.wait(), 0)
            state = daemon.state_file.read_text()
            json.loads(state)
            for name in ("one", "two", "three"):
                self.assertIn(nqn(name), state)


def why_not():
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        return "there is no /dev/fuse for us"
    return namespaces.enter()


if __name__ == "__main__":
    if WHY_NOT := why_not():
        print(f"SKIP: {WHY_NOT}")
        sys.exit(77)
    main()
