# SPDX-License-Identifier: Apache-2.0
"""Discovery Information Management: who registers, with what, and who does not."""
from harness import HOST_ID, HOST_NQN, Story, main, nqn, stafd_conf


class Registration(Story):
    def setUp(self):
        super().setUp()
        conf = self.world.path / "sys.conf"
        conf.write_text(conf.read_text() + "symname=rack 7\n")

    def test_the_host_registers_with_direct_and_central_discovery_controllers_only(self):
        targets = {kind: self.world.target("one", name=kind, dctype=kind) for kind in ("ddc", "cdc", "none")}
        stafd = self.world.stafd(stafd_conf(*(t.controller() for t in targets.values())))
        for kind in ("ddc", "cdc"):
            rows = self.eventually(f"registered at {kind}", lambda k=kind: targets[k].rpc("dim.list"))
            self.assertEqual(len(rows), 1)
            self.assertEqual((rows[0]["hostnqn"], rows[0]["hostid"].replace("-", ""), rows[0]["symname"]),
                             (HOST_NQN, HOST_ID.replace("-", ""), "rack 7"))
        self.eventually("all pages", lambda: stafd.count("Received discovery log pages") == 3)
        self.assertEqual(targets["none"].rpc("dim.list"), [])
        self.assertNotIn("21h", str(targets["none"].rpc("target.stats")["commands"]["admin"]))

    def test_a_controller_that_is_deliberately_ended_forgets_the_host(self):
        target = self.world.target("one", dctype="cdc")
        stafd = self.world.stafd(stafd_conf(target.controller()))
        self.eventually("registered", lambda: target.rpc("dim.list"))
        self.world.write_conf("stafd", stafd_conf())
        stafd.reload()
        stafd.line("Disconnect initiated: no longer configured")
        self.eventually("forgotten", lambda: not target.rpc("dim.list"))

    def test_a_referred_controller_is_registered_with_under_the_same_host(self):
        behind = self.world.target("behind", name="behind", dctype="ddc", nqn=nqn("behind:discovery"))
        front = self.world.target("front", name="front", dctype="ddc", nqn=nqn("front:discovery"),
                                  referrals=[{"traddr": behind.traddr, "trsvcid": behind.port}])
        other = nqn("other-host")
        self.world.stafd(stafd_conf(front.controller(host_nqn=other)))
        for target in (front, behind):
            rows = self.eventually("registered", lambda t=target: t.rpc("dim.list"))
            self.assertEqual({row["hostnqn"] for row in rows}, {other})

    def test_a_refused_registration_is_told_once_and_hinders_nothing(self):
        target = self.world.target("one", dctype="ddc")
        target.rpc("fault.add", what="status", opcode="dim", status=0x002, count=0)
        stafd = self.world.stafd(stafd_conf(target.controller()))
        self.connects(self.world.stacd(), "one")
        stafd.line("Registration error")
        self.assertEqual(stafd.count("Registration error"), 1)
        self.assertEqual(target.rpc("dim.list"), [])


if __name__ == "__main__":
    main()
