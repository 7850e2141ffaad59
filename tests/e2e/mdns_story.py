# SPDX-License-Identifier: Apache-2.0
"""mDNS with a real avahi-daemon, in namespaces of its own. Skipped (77) where the machine forbids them."""
import signal
import sys
import time

import namespaces
from harness import DISCOVERY_NQN, SOAK, Story, main, stafd_conf


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
        held = self.target.held("one")
        for publisher in publishers:
            publisher.stop()
        self.eventually("the service is gone", lambda: not self.world.ctl("stafctl", "status")["avahi"]["services"])
        time.sleep(SOAK + 0.3)
        self.assertEqual(self.target.held("one"), held)
        self.assertEqual(len(self.stafd.connected()), 1)

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

    def test_a_name_excluded_by_its_address_is_not_connected(self):
        self.world.write_conf("stafd", stafd_conf(zeroconf="enabled", exclude=[f"traddr={self.target.traddr}"]))
        self.stafd.reload()
        self.announce()
        self.eventually("the service is seen", lambda: self.world.ctl("stafctl", "status")["avahi"]["services"])
        time.sleep(0.5)
        self.assertEqual(self.stafd.ls(), [])
        self.assertEqual(self.target.held("one"), [])


if __name__ == "__main__":
    WHY_NOT = namespaces.enter(*namespaces.AVAHI)
    if WHY_NOT is not None:
        print(f"SKIP: no namespaces here: {WHY_NOT}")
        sys.exit(77)
    main()
