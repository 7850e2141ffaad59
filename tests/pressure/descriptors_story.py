# SPDX-License-Identifier: Apache-2.0
"""Descriptors sent along with messages on the bus. Nobody needs to send any; a daemon that has no room for them would
lose its connection to the bus, and end. The policies that we ship keep them out, whoever sends them."""
import os
import resource

import raw_bus
from harness import NAMES, SYSTEM_BUS_CONFIG, Story, main, stacd_conf, stafd_conf
from raw_bus import Client

SENT = 16  # in one message: as many as the bus allows
DENIED = "org.freedesktop.DBus.Error.AccessDenied"


class Descriptors(Story):
    bus = False

    def setUp(self):
        super().setUp()
        self.world.start_bus(SYSTEM_BUS_CONFIG)
        self.daemons = (self.world.stafd(stafd_conf()), self.world.stacd(stacd_conf()))
        self.client = Client(self.world.env["DBUS_SYSTEM_BUS_ADDRESS"])
        self.addCleanup(self.client.close)

    def call(self, daemon, descriptors=()):
        """The name of the error that list_controllers is answered with."""
        name = NAMES[daemon.name]
        fields = {raw_bus.PATH: "/" + name.replace(".", "/"), raw_bus.INTERFACE: name,
                  raw_bus.MEMBER: "list_controllers", raw_bus.DESTINATION: name, raw_bus.SIGNATURE: "b"}
        body = raw_bus.Buffer()
        body.u32(0)
        return self.client.answer(self.client.send_message(raw_bus.METHOD_CALL, fields, body, 0, descriptors))[0]

    def test_a_daemon_gets_none_and_goes_on(self):
        for daemon in self.daemons:
            self.assertEqual(self.call(daemon), "")
            _, hard = resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE)
            resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE, (len(os.listdir(f"/proc/{daemon.pid}/fd")), hard))
            with open(os.devnull, "rb") as null:
                self.assertEqual(self.call(daemon, [null.fileno()] * SENT), DENIED)
            self.assertEqual(self.call(daemon), "")
            resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE, (hard, hard))


if __name__ == "__main__":
    main()
