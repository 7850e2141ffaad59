# SPDX-License-Identifier: Apache-2.0
"""Many subsystems, and the quiet when there is nothing to do."""
import time
import unittest

from harness import Story, main, nqn, sanitized_by, stacd_conf, stafd_conf

MANY = 300


class Scale(Story):
    def test_hundreds_of_subsystems(self):
        names = [f"s{number}" for number in range(MANY)]
        target = self.world.target(*names)
        stafd = self.world.stafd(stafd_conf(target.controller()))
        stacd = self.world.stacd(stacd_conf(nr_io_queues=1))
        begin = time.monotonic()
        self.eventually("all connected", lambda: stacd.count("Connection established!") == MANY, limit=60)
        print(f"{MANY} subsystems connected after {time.monotonic() - begin:.2f} s")
        self.assertEqual(stacd.connected(), {nqn(name) for name in names})
        self.assertEqual(len(self.world.ctl("stafctl", "dlp", "-a", "127.0.0.1", "-s", target.port)), MANY + 1)
        self.assertEqual(stafd.count("[Ff]ailed") + stacd.count("[Ff]ailed"), 0)
        target.rpc("subsystem.remove", nqn=nqn("s7"))
        self.eventually("one is gone", lambda: len(stacd.connected()) == MANY - 1)
        begin = time.monotonic()
        self.assertEqual(stacd.stop(), 0)
        self.assertLess(time.monotonic() - begin, 6)


class Idle(Story):
    @unittest.skipIf(sanitized_by("tsan"), "ThreadSanitizer has a thread that wakes up; the plain build shows it")
    def test_idle_daemons_sleep(self):
        target = self.world.target("one", "two")
        stafd = self.world.stafd(stafd_conf(target.controller(), kato=30))
        stacd = self.world.stacd(stacd_conf(kato=30))
        self.connects(stacd, "one", "two")
        watched = (stafd, stacd, target)
        # The first second after the last event still has work: the state file, a worker that ends.
        time.sleep(1)
        before = [process.wakeups() for process in watched]
        time.sleep(4)
        counts = {process.name: process.wakeups() - count for process, count in zip(watched, before)}
        print(f"wakeups in 4 s: {counts}")
        for name, count in counts.items():
            self.assertLessEqual(count, 2, name)


if __name__ == "__main__":
    main()
