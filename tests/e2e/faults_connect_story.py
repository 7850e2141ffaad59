# SPDX-License-Identifier: Apache-2.0
"""Targets that cannot be connected to: one clear message each, and nobody else is disturbed."""
import time

from harness import CONNECTED, Story, main, nqn, stacd_conf, stafd_conf

# What is wrong, the fault at the target (for ever), and the message.
ON_CONNECT = {
    "refuses": ({"what": "refuse_accept"}, r"reset|closed|refused"),
    "never answers": ({"what": "no_icresp"}, r"within \d+ s|closed"),
    "closes early": ({"what": "close"}, r"closed|reset"),
    "sends garbage": ({"what": "garbage"}, r"PDU|type|invalid|unexpected"),
    "answers another protocol": ({"what": "bad_icresp"}, r"PFV|version|ICResp"),
    "closes at Connect": ({"what": "close", "opcode": "connect"}, r"closed|reset"),
    "garbage at Identify": ({"what": "garbage", "opcode": "identify"}, r"PDU|type|invalid|unexpected"),
    "says no": ({"what": "status", "opcode": "connect", "status": 0x184}, r"[Cc]onnect"),
    "never ready": ({"what": "drop", "opcode": "property_get"}, r"Property Get|closed"),
}


class Connecting(Story):
    def test_faults_while_connecting(self):
        well = self.world.target("well", name="well")
        ill = {kind: self.world.target("ill", name=kind.replace(" ", "-")) for kind in ON_CONNECT}
        for kind, (fault, _) in ON_CONNECT.items():
            ill[kind].rpc("fault.add", count=0, **fault)
        stafd = self.world.stafd(stafd_conf(*(t.controller() for t in ill.values()), well.controller()))
        stacd = self.world.stacd(stacd_conf(*(t.controller(nqn("ill")) for t in ill.values())))
        begin = time.monotonic()
        at, _ = stacd.line(rf"{nqn('well')}\).*{CONNECTED}", limit=5)
        print(f"connected beside {len(ill)} ill targets after {(at - begin) * 1000:.0f} ms")
        for kind, (_, message) in ON_CONNECT.items():
            for daemon in (stafd, stacd):
                with self.subTest(kind, daemon=daemon.name):
                    where = rf"127\.0\.0\.1, {ill[kind].port}, .*Failed to connect"
                    _, text = daemon.line(where)
                    self.assertRegex(text.split("Failed to connect")[1], message)
                    self.assertEqual(daemon.count(where), 1, "repeats are debug")
        self.assertEqual(stacd.connected(), {nqn("well")})
        for kind, target in ill.items():  # and all is well once they are
            target.rpc("fault.clear")

    def test_a_stop_does_not_wait_for_a_connect_that_hangs(self):
        target = self.world.target("one")
        target.rpc("fault.add", what="no_icresp", count=0)
        stafd = self.world.stafd(stafd_conf(target.controller()))
        stacd = self.world.stacd(stacd_conf(target.controller(nqn("one"))))
        for daemon in (stafd, stacd):
            self.eventually("connecting", lambda d=daemon: "connect operation" in d.ls()[0] or d.ls()[0][
                "connect attempts"] == "1")
        for daemon in (stafd, stacd):
            begin = time.monotonic()
            self.assertEqual(daemon.stop(limit=8), 0)
            self.assertLess(time.monotonic() - begin, 6)


if __name__ == "__main__":
    main()
