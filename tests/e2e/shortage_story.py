# SPDX-License-Identifier: Apache-2.0
"""Few descriptors. At start: an end with status 1 and one line, or a daemon. Later: what cannot be done is done when there
are some again; nobody crashes, nothing is lost."""
import os
import resource
import unittest

from harness import Daemon, Story, main, nqn, sanitized_by, stacd_conf, stafd_conf

FEWEST = 5  # descriptors; with fewer a process may not find its libraries
ENOUGH = 24  # for a daemon that has nothing to do
SUBSYSTEMS = 20
WATCHDOG_USEC = 200_000


def limit(process, number):
    """The soft limit of a running process: all that its own kind may change."""
    _, hard = resource.prlimit(process.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (number, hard))


# It looks at an object's type through a pipe of its own, and takes one that it cannot make for an object that is not
# there.
without_ubsan = unittest.skipIf(
    sanitized_by("ubsan"),
    "UBSan itself needs descriptors and takes their want for a fault; the plain build shows it")


class Start(Story):
    def start(self, name, descriptors):
        """The daemon, when it has ended or runs."""
        daemon = self.world.add(Daemon(self.world, name, ready=False, prefix=["prlimit", f"--nofile={descriptors}"]))
        self.eventually(f"{name} with {descriptors} descriptors ends or is ready",
                        lambda: not daemon.alive() or daemon.notify.count("READY=1"))
        return daemon

    @without_ubsan
    def test_an_end_with_one_line_or_a_daemon(self):
        self.world.write_conf("stafd", stafd_conf(zeroconf="enabled"))
        self.world.write_conf("stacd", stacd_conf())
        for name in ("stafd", "stacd"):
            ready = ended = 0
            for descriptors in range(FEWEST, ENOUGH):
                daemon = self.start(name, descriptors)
                was_ready = daemon.alive()
                if was_ready:
                    ready += 1
                    self.assertEqual(daemon.stop(), 0)
                else:
                    ended += 1
                    self.assertEqual((daemon.wait(), len(daemon.lines)), (1, 1), daemon.text())
                    self.assertRegex(daemon.text(), "Too many open files")
            # In between, which are free at a time is a matter of luck: the bus is connected beside the rest.
            self.assertTrue(was_ready, f"{name} with {ENOUGH - 1} descriptors: {daemon.text()}")
            self.assertGreater(min(ready, ended), 0, f"{name}: {FEWEST} to {ENOUGH} descriptors show nothing")

    def test_the_soft_limit_is_the_hard_one(self):
        self.world.write_conf("stacd", stacd_conf())
        stacd = self.world.add(Daemon(self.world, "stacd", prefix=["prlimit", "--nofile=64:512"]))
        self.assertEqual(resource.prlimit(stacd.pid, resource.RLIMIT_NOFILE), (512, 512))


class Later(Story):
    @without_ubsan
    def test_what_was_not_possible_is_made_up_for(self):
        target = self.world.target("one")
        stafd = self.world.stafd(stafd_conf(target.controller()))
        stacd = self.world.stacd(stacd_conf())
        self.connects(stacd, "one")
        held = target.held("one")
        names = [f"s{number}" for number in range(SUBSYSTEMS)]
        for daemon in (stafd, stacd):
            limit(daemon, len(os.listdir(f"/proc/{daemon.pid}/fd")) + 3)  # one more connection, not two
        for name in names:
            target.rpc("subsystem.add", nqn=nqn(name))
        stacd.line("Too many open files")
        # Both answer, and what works goes on working.
        self.assertIn(nqn("one"), stacd.connected())
        self.assertEqual(len(stafd.connected()), 1)
        self.assertLess(len(stacd.connected()), SUBSYSTEMS)
        for daemon in (stafd, stacd):
            limit(daemon, resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE)[1])
        self.connects(stacd, "one", *names)
        self.assertEqual(target.held("one"), held, "nothing was cut meanwhile")

    @without_ubsan
    def test_the_service_manager_is_told_all_the_same(self):
        """Else its watchdog kills the daemon while the shortage lasts."""
        self.world.write_conf("stafd", stafd_conf())
        self.world.write_conf("stacd", stacd_conf())
        for name in ("stafd", "stacd"):
            daemon = self.world.add(Daemon(self.world, name, env={"WATCHDOG_USEC": str(WATCHDOG_USEC)}))
            limit(daemon, 0)
            daemon.notify.wait("WATCHDOG=1", daemon.notify.count("WATCHDOG=1") + 3)
            daemon.reload()
            self.assertEqual(daemon.stop(), 0)
            daemon.notify.wait("STOPPING=1")


if __name__ == "__main__":
    main()
