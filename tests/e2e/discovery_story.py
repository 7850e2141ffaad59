# SPDX-License-Identifier: Apache-2.0
"""From a controller= line to connected I/O controllers, and what the log page changes later."""
from harness import SOAK, Story, main, nqn, stafd_conf


class Discovery(Story):
    def test_controller_line_leads_to_io_controllers(self):
        target = self.world.target("one", "two")
        stafd = self.world.stafd(stafd_conf(target.controller()))
        stacd = self.world.stacd()
        self.connects(stacd, "one", "two")
        self.assertEqual(stafd.connected(), {f"127.0.0.1:{target.port}"})


if __name__ == "__main__":
    main()
