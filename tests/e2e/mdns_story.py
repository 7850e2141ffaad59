# SPDX-License-Identifier: Apache-2.0
"""mDNS with a real avahi-daemon, in namespaces of its own. Skipped (77) where the machine forbids them."""
import os
import signal
import sys
import time

import namespaces
from harness import DISCOVERY_NQN, SOAK, Story, main, nqn, stafd_conf


class Mdns(Story):
    def setUp(self):
        super().setUp()
        self.target = self.world.target("one", traddr=namespaces.ADDRESSES[0], port=8009)
        self.avahi = self.world.add(namespaces.Avahi(self.world))
        self.stafd = self.world.stafd(stafd_conf(zeroconf="enabled"))
        self.stacd = self.world.stacd()

    def announce(self):
        return (self.avahi.publish_address("array", self.target.traddr),
                self.avahi.publish_service("array", 8009, "p=tcp", f"nqn={DISCOVERY_NQN}"))

    def test_announced_and_withdrawn(self):
        publishers = self.announce()
        self.connects(self.stacd, "one")
        self.assertEqual([c["origin"] for c in self.stafd.ls()], ["discovered"])
        self.assertEqual(self.reachable(), ["True"])
        held = self.target.held("one")
        for publisher in publishers:
            publisher.stop()
        self.eventually("the service is gone", lambda: not self.world.ctl("stafctl", "status")["avahi"]["services"])
        time.sleep(SOAK + 0.3)
        self.assertEqual(self.target.held("one"), held)
        self.assertEqual(len(self.stafd.connected()), 1)

    def test_the_target_announces_and_withdraws_itself(self):
        self.target.rpc("discovery.set", dctype="ddc")
        self.target.rpc("mdns.set", publish=True, name="array")
        self.eventually("established", lambda: self.target.rpc("mdns.state")["state"] == "established")
        self.connects(self.stacd, "one")
        service, = self.services()
        self.assertIn("array 1", str(service))
        self.avahi.stop(signal.SIGKILL)
        self.avahi = self.world.add(namespaces.Avahi(self.world))
        self.eventually("established again", lambda: self.target.rpc("mdns.state")["state"] == "established")
        self.eventually("found again", self.services)
        self.target.rpc("mdns.set", publish=False)
        self.eventually("the service is gone", lambda: not self.services())

    def test_a_crash_and_restart_of_avahi_loses_nothing(self):
        self.announce()
        self.connects(self.stacd, "one")
        held = self.target.held("one")
        self.avahi.stop(signal.SIGKILL)
        self.stafd.line("avahi-daemon not available")
        self.stafd.stop()  # not even together with a restart of stafd
        self.stafd = self.world.stafd()
        time.sleep(SOAK + 0.3)
        self.avahi = self.world.add(namespaces.Avahi(self.world))
        self.announce()
        self.stafd.line("avahi-daemon service available")
        self.eventually("found again", lambda: self.world.ctl("stafctl", "status")["avahi"]["services"])
        time.sleep(SOAK + 0.3)
        self.assertEqual(self.target.held("one"), held)
        self.assertEqual(len(self.stafd.connected()), 1)

    def reachable(self):
        """Of each service, as people are told."""
        return [service["reachable"] for service in self.services().values()]

    def services(self):
        return self.world.ctl("stafctl", "status")["avahi"]["services"]

    def runs(self, stafd):
        """Its loop does: the watchdog is fed, and the bus answered."""
        stafd.notify.wait("WATCHDOG=1", stafd.notify.count("WATCHDOG=1") + 2)
        self.assertIsInstance(stafd.ls(), list)

    def resume(self):
        if self.avahi.alive():
            self.avahi.kill(signal.SIGCONT)

    def test_an_avahi_that_stands_still_holds_up_nothing(self):
        """It owns its name and answers no call, each of which the library waits for."""
        self.announce()
        self.connects(self.stacd, "one")
        held = self.target.held("one")
        self.addCleanup(self.resume)  # else it could not be ended
        self.stafd.stop()
        self.world.env["WATCHDOG_USEC"] = "200000"
        for how in (signal.SIGTERM, signal.SIGKILL):
            self.avahi.kill(signal.SIGSTOP)
            self.stafd = self.world.stafd()
            self.runs(self.stafd)
            self.stafd.reload()
            self.runs(self.stafd)
            self.assertEqual(len(self.stafd.connected()), 1, "of before, by its state")
            self.stafd.kill(how)
            self.assertEqual(self.stafd.wait(), -signal.SIGKILL if how == signal.SIGKILL else 0)
            self.resume()
        self.avahi.kill(signal.SIGSTOP)
        self.stafd = self.world.stafd()
        self.target.rpc("subsystem.add", nqn=nqn("two"))
        self.connects(self.stacd, "one", "two")
        self.assertFalse(self.services())
        self.resume()
        self.eventually("the service is found", self.services)
        self.assertEqual(self.target.held("one"), held)
        # One that stops while it is in use, and says nothing of what goes meanwhile.
        self.avahi.kill(signal.SIGSTOP)
        self.runs(self.stafd)
        self.stafd.reload()
        self.runs(self.stafd)
        self.resume()
        self.eventually("the service is there", self.services)
        self.assertEqual(self.target.held("one"), held)

    def test_an_avahi_that_comes_and_goes_leaves_nothing_behind(self):
        publishers = self.announce()
        self.connects(self.stacd, "one")
        held = self.target.held("one")
        before = None
        for _ in range(2):
            since = self.stafd.mark()
            self.avahi.stop(signal.SIGKILL)
            self.stafd.line("avahi-daemon not available", since)
            for publisher in publishers:
                publisher.stop()
            self.avahi = self.world.add(namespaces.Avahi(self.world))
            publishers = self.announce()
            self.stafd.line("avahi-daemon service available", since)
            self.eventually("found again", self.services)
            now = (len(os.listdir(f"/proc/{self.stafd.pid}/fd")), len(os.listdir(f"/proc/{self.stafd.pid}/task")))
            self.assertEqual(now, before or now, "descriptors, threads")
            before = now
        self.assertEqual(self.target.held("one"), held)

    def test_a_name_excluded_by_its_address_is_not_connected(self):
        self.world.write_conf("stafd", stafd_conf(zeroconf="enabled", exclude=[f"traddr={self.target.traddr}"]))
        self.stafd.reload()
        self.announce()
        self.eventually("the service is seen", lambda: self.world.ctl("stafctl", "status")["avahi"]["services"])
        time.sleep(0.5)
        self.assertEqual(self.stafd.ls(), [])
        self.assertEqual(self.reachable(), ["False"])
        self.assertEqual(self.target.held("one"), [])


if __name__ == "__main__":
    WHY_NOT = namespaces.enter(*namespaces.AVAHI)
    if WHY_NOT is not None:
        print(f"SKIP: no namespaces here: {WHY_NOT}")
        sys.exit(77)
    main()
