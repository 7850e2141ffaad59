# SPDX-License-Identifier: Apache-2.0
"""From nothing to connected: the kernel's target lists subsystems, our daemons connect the kernel's host to them."""
from lab import *  # pylint: disable=wildcard-import,unused-wildcard-import


class FirstConnect(Scenario):
    def connect(self, count):
        names = [f"s{n}" for n in range(count)]
        self.port_with(*names)
        write_conf("stafd", stafd_conf(dc()))
        start(*DAEMONS)
        self.connects(*names, limit=240)
        self.assertEqual(len(discovery_controllers(state="live")), 1)
        self.assertEqual(len(controllers()), count + 1, "one connect each")

    def test_1_subsystem(self):
        self.connect(1)

    def test_16_subsystems(self):
        self.connect(16)

    def test_64_subsystems(self):
        self.connect(64)

    def test_bundled_target(self):
        self.stas_target("one", "two")
        write_conf("stafd", stafd_conf(dc()))
        start(*DAEMONS)
        self.connects("one", "two")


if __name__ == "__main__":
    main()
