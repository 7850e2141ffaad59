# SPDX-License-Identifier: Apache-2.0
"""What is a reason to try at once: the host wakes up from sleep. (Interfaces and addresses: tests/vm/scenarios/network.py.)"""
import time

import raw_bus
from harness import CONNECTED, Story, main, nqn, stacd_conf, stafd_conf

DRIVER = {raw_bus.DESTINATION: "org.freedesktop.DBus", raw_bus.PATH: "/org/freedesktop/DBus",
          raw_bus.INTERFACE: "org.freedesktop.DBus"}
LOGIND = "org.freedesktop.login1"


class Logind(raw_bus.Client):
    """Tells of sleep as logind does, under its name or as a stranger."""

    def __init__(self, address, name=LOGIND):
        super().__init__(address)
        body = raw_bus.Buffer()
        body.text(name)
        body.u32(0)
        asked = self.send_message(raw_bus.METHOD_CALL, DRIVER | {raw_bus.MEMBER: "RequestName",
                                                                 raw_bus.SIGNATURE: "su"}, body)
        error, _, text = self.answer(asked)
        if error:
            raise ConnectionError(f"{name}: {error}: {text}")

    def sleeping(self, begins):
        body = raw_bus.Buffer()
        body.u32(begins)
        self.send_message(raw_bus.SIGNAL, {raw_bus.PATH: "/org/freedesktop/login1", raw_bus.SIGNATURE: "b",
                                           raw_bus.INTERFACE: LOGIND + ".Manager",
                                           raw_bus.MEMBER: "PrepareForSleep"}, body)


class Resume(Story):
    def explained(self, tool, what):
        rows = self.world.ctl(tool, "explain", what)["controllers"]
        return rows[0] if rows else {}

    def attempts(self, tool, what):
        return self.explained(tool, what).get("attempts", 0)

    def test_a_host_that_wakes_up_tries_once_at_once(self):
        logind = Logind(self.world.env["DBUS_SYSTEM_BUS_ADDRESS"])
        stranger = Logind(self.world.env["DBUS_SYSTEM_BUS_ADDRESS"], "org.example.stranger")
        self.addCleanup(logind.close)
        self.addCleanup(stranger.close)
        gone = self.world.target("one", name="gone")
        gone.stop()
        stafd = self.world.stafd(stafd_conf(gone.controller()))
        stacd = self.world.stacd(stacd_conf(gone.controller(nqn("one"))))
        tools = {"stafctl": gone.traddr, "stacctl": nqn("one")}
        for tool, what in tools.items():
            self.eventually("the second attempt has failed", lambda t=tool, w=what: self.attempts(t, w) == 2)
        # The next one is due 6 s later, and no sooner than 3 s. Nobody but logind says that it is time, and not that
        # the host goes to sleep.
        failed = time.monotonic()
        target = self.world.target("one", port=gone.port)
        stranger.sleeping(False)
        logind.sleeping(True)
        for tool, what in tools.items():
            self.assertEqual(self.attempts(tool, what), 2)
            self.assertGreater(self.explained(tool, what)["next attempt"], 4)
        logind.sleeping(False)
        for daemon in (stafd, stacd):
            at, _ = daemon.line(CONNECTED)
            self.assertLess(at - failed, 4)
        self.assertEqual(len(target.hosts_of(nqn("one"))), 1)


if __name__ == "__main__":
    main()
