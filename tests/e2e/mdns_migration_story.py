# SPDX-License-Identifier: Apache-2.0
"""A discovery service that mDNS announces moves to another address; as mdns_story.py, with a real avahi-daemon."""
import signal
import sys
import time

import namespaces
from harness import DISCOVERY_NQN, SOAK, Story, main, nqn, stafd_conf


class Migration(Story):
    def setUp(self):
        super().setUp()
        self.avahi = self.world.add(namespaces.Avahi(self.world))
        self.stafd = self.world.stafd(stafd_conf(zeroconf="enabled"))
        self.stacd = self.world.stacd()

    def moves(self, *steps):
        """The discovery service moves to another address, in these steps, while the array stays where it is."""
        array = self.world.target("moved", name="array")
        entry = {"traddr": array.traddr, "trsvcid": str(array.port), "subnqn": nqn("moved")}
        places = {"old": namespaces.ADDRESSES[1], "new": namespaces.ADDRESSES[2]}
        services, publishers = {}, {}

        def start(name):
            services[name] = self.world.target(name=name, raw_entries=[entry], traddr=places[name], port=8009)

        def announce(name):
            publishers[name] = (self.avahi.publish_address(name, places[name]),
                                self.avahi.publish_service(name, 8009, "p=tcp", f"nqn={DISCOVERY_NQN}"))

        def withdraw(name):
            for publisher in publishers[name]:
                publisher.stop()

        def kill(name):
            services[name].stop(signal.SIGKILL)
            self.stafd.line(f"{places[name]}.*Connection lost")
            time.sleep(SOAK + 0.3)  # nothing may happen in this time

        start("old")
        announce("old")
        self.connects(self.stacd, "moved")
        held = array.held("moved")
        for step, name in steps:
            {"start": start, "announce": announce, "withdraw": withdraw, "kill": kill}[step](name)
        self.eventually("the new one is read", lambda: [row["entries"] for row in self.stafd.ls()
                                                         if row["traddr"] == places["new"]] == ["2"])
        time.sleep(SOAK + 0.3)  # nothing may happen in this time
        self.assertEqual(array.held("moved"), held)
        self.assertEqual(self.stacd.count("Disconnect initiated"), 0)

    def test_a_service_moves_old_and_new_at_once(self):
        self.moves(("start", "new"), ("announce", "new"), ("withdraw", "old"), ("kill", "old"))

    def test_a_service_moves_the_old_one_is_gone_first(self):
        self.moves(("withdraw", "old"), ("kill", "old"), ("start", "new"), ("announce", "new"))

    def test_a_service_moves_the_new_one_is_late(self):
        self.moves(("announce", "new"), ("withdraw", "old"), ("kill", "old"), ("start", "new"))


if __name__ == "__main__":
    WHY_NOT = namespaces.enter(*namespaces.AVAHI)
    if WHY_NOT is not None:
        print(f"SKIP: no namespaces here: {WHY_NOT}")
        sys.exit(77)
    main()
