# SPDX-License-Identifier: Apache-2.0
"""A discovery service moves to another address, while the array that it lists stays where it is: no path is lost."""
import signal
import time

from harness import SOAK, Story, main, nqn, stafd_conf


class Migration(Story):
    """What refers to the service is asked all the time; who lists the array changes. (By mDNS: mdns_migration_story.py.)"""

    def setUp(self):
        super().setUp()
        self.array = self.world.target("one", "two", name="array")
        self.old = self.service("old")
        self.top = self.world.target(name="top", referrals=[self.place(self.old)])
        self.stafd = self.world.stafd(stafd_conf(self.top.controller()))
        self.stacd = self.world.stacd()
        self.connects(self.stacd, "one", "two")
        self.held = {name: self.array.held(name) for name in ("one", "two")}

    def service(self, name, *subsystems, **more):
        """A discovery controller that lists the array's subsystems, and has none of its own."""
        entries = [{"traddr": self.array.traddr, "trsvcid": str(self.array.port), "subnqn": nqn(subsystem)}
                   for subsystem in subsystems or ("one", "two")]
        return self.world.target(name=name, raw_entries=entries, **more)

    @staticmethod
    def place(target):
        return {"transport": "tcp", "traddr": target.traddr, "trsvcid": str(target.port)}

    def is_moved_to(self, new):
        self.eventually("the old one is gone, the new one connected",
                        lambda: self.stafd.connected() == {f"{t.traddr}:{t.port}" for t in (self.top, new)}
                        and len(self.stafd.ls()) == 2)
        time.sleep(SOAK + 0.3)  # nothing may happen in this time
        self.connects(self.stacd, "one", "two")
        self.assertEqual({name: self.array.held(name) for name in self.held}, self.held)
        self.assertEqual(self.stacd.count("Disconnect initiated"), 0)

    def test_old_and_new_at_once(self):
        new = self.service("new")
        self.top.rpc("referral.add", **self.place(new))
        self.eventually("both are connected", lambda: len(self.stafd.connected()) == 3)
        self.top.rpc("referral.remove", traddr=self.old.traddr, trsvcid=self.old.port)
        self.old.stop()
        self.is_moved_to(new)

    def test_the_old_one_is_gone_first(self):
        self.old.stop(signal.SIGKILL)
        self.stafd.line(f"{self.old.port}.*Connection lost")
        time.sleep(SOAK + 0.3)  # nothing may happen in this time
        self.assertEqual({name: self.array.held(name) for name in self.held}, self.held)
        new = self.service("new")
        self.top.rpc("referral.add", **self.place(new))
        self.top.rpc("referral.remove", traddr=self.old.traddr, trsvcid=self.old.port)
        self.is_moved_to(new)

    def test_the_new_one_is_late(self):
        new = self.service("new")
        new.stop()
        self.top.rpc("referral.add", **self.place(new))
        self.top.rpc("referral.remove", traddr=self.old.traddr, trsvcid=self.old.port)
        self.stafd.line(f"{new.port}.*Failed to connect to controller")
        time.sleep(SOAK + 0.3)  # nothing may happen in this time
        self.assertEqual({name: self.array.held(name) for name in self.held}, self.held)
        self.assertEqual(len(self.stafd.connected()), 2, "the old one is kept for it")
        self.is_moved_to(self.service("new", port=new.port))

    def test_what_the_new_one_does_not_list_any_more_goes(self):
        new = self.service("new", "two")
        self.top.rpc("referral.add", **self.place(new))
        self.top.rpc("referral.remove", traddr=self.old.traddr, trsvcid=self.old.port)
        self.stacd.line(nqn("one") + r"\).*Disconnect initiated")
        self.connects(self.stacd, "two")
        self.assertEqual(self.array.held("two"), self.held["two"])
        self.assertEqual(self.stacd.count("Disconnect initiated"), 1)


if __name__ == "__main__":
    main()
