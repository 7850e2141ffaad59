# SPDX-License-Identifier: Apache-2.0
"""A daemon without a free descriptor, called on the bus: whatever sd-bus cannot do then must not be the end of the
connection, and with it of the daemon. Nobody but root, with a plan, needs to send descriptors: the policies that we ship
keep them out."""
import contextlib
import os
import pathlib
import random
import resource
import unittest

import raw_bus
from bus_fuzz_story import MESSAGES, SEED, Fuzzer
from harness import NAMES, SYSTEM_BUS_CONFIG, Story, main, sanitized_by, stacd_conf, stafd_conf
from raw_bus import Client

SENT = 16  # in one message: as many as the bus allows
DENIED = "org.freedesktop.DBus.Error.AccessDenied"


@unittest.skipIf(sanitized_by("ubsan"), "UBSan itself needs descriptors and takes their want for a fault")
@unittest.skipUnless(os.geteuid() == 0, "needs root, whom the policies let own the names")
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

    @staticmethod
    @contextlib.contextmanager
    def without_any(daemon):
        """Meanwhile it has no descriptor that is free."""
        _, hard = resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE, (len(os.listdir(f"/proc/{daemon.pid}/fd")), hard))
        yield
        resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE, (hard, hard))

    def test_a_daemon_gets_none_and_goes_on(self):
        for daemon in self.daemons:
            self.assertEqual(self.call(daemon), "")
            with self.without_any(daemon), open(os.devnull, "rb") as null:
                self.assertEqual(self.call(daemon, [null.fileno()] * SENT), DENIED)
                self.assertEqual(self.call(daemon), "")

    def machine_id(self, daemon):
        name = NAMES[daemon.name]
        what = (name, "/" + name.replace(".", "/"), "org.freedesktop.DBus.Peer", "GetMachineId")
        error, _, text = self.client.answer(self.client.send(*what))
        return error or text

    def test_what_sd_bus_answers_itself_needs_none(self):
        for daemon in self.daemons:
            with self.without_any(daemon):
                self.assertEqual(self.machine_id(daemon), "org.freedesktop.DBus.Error.Failed")
                self.assertEqual(self.call(daemon), "")
            if pathlib.Path("/etc/machine-id").exists():
                self.assertEqual(self.machine_id(daemon), pathlib.Path("/etc/machine-id").read_text().strip())

    def test_nor_does_whatever_else_comes(self):
        for daemon in self.daemons:
            fuzzer = Fuzzer(self.client, NAMES[daemon.name], [("tcp", "", "", "", "", "", "")], random.Random(SEED))
            print(f"STAS_BUS_FUZZ_SEED={SEED}")
            with self.without_any(daemon):
                for _ in range(MESSAGES // 4):
                    fuzzer.step()
            self.assertEqual(self.call(daemon), "")


if __name__ == "__main__":
    main()
