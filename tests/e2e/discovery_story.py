# SPDX-License-Identifier: Apache-2.0
"""From a controller= line to connected I/O controllers, and what changes of the log page lead to."""
import signal
import time

from harness import CONNECTED, SOAK, Story, main, nqn, stacd_conf, stafd_conf


class Discovery(Story):
    def test_a_controller_line_leads_to_io_controllers(self):
        target = self.world.target("one", "two")
        stafd = self.world.stafd(stafd_conf(target.controller()))
        stacd = self.world.stacd()
        self.connects(stacd, "one", "two")
        self.assertEqual(stafd.connected(), {f"127.0.0.1:{target.port}"})
        self.assertEqual(len(target.hosts_of(nqn("one"))), 1)

    def test_an_io_controller_line_needs_no_stafd(self):
        target = self.world.target("one", "two")
        stacd = self.world.stacd(stacd_conf(target.controller(nqn("two"))))
        self.connects(stacd, "two")
        self.assertEqual(target.hosts_of(nqn("one")), [])

    def test_an_added_subsystem_is_connected_at_once_a_removed_one_is_cut_after_the_soak(self):
        target = self.world.target("one")
        self.world.stafd(stafd_conf(target.controller()))
        stacd = self.world.stacd()
        self.connects(stacd, "one")

        begin = time.monotonic()
        target.rpc("subsystem.add", nqn=nqn("two"))
        at, _ = stacd.line(nqn("two") + rf"\).*{CONNECTED}")
        print(f"subsystem added -> connected: {(at - begin) * 1000:.1f} ms")

        kept = target.held("one")
        begin = time.monotonic()
        target.rpc("host.deny", nqn=nqn("two"), host="nqn.2024-01.org.example:nobody")  # now nobody may
        at, _ = stacd.line(nqn("two") + r"\).*Disconnect initiated")
        self.assertGreaterEqual(at - begin, SOAK - 0.01)
        self.connects(stacd, "one")
        self.assertEqual(target.held("one"), kept, "the other connection was not touched")
        self.assertEqual(stacd.count("Disconnect initiated"), 1)

    def test_a_subsystem_that_comes_back_within_the_soak_is_never_cut(self):
        target = self.world.target("one")
        self.world.stafd(stafd_conf(target.controller()))
        stacd = self.world.stacd(stacd_conf(reconnect_delay=1))
        self.connects(stacd, "one")
        target.rpc("subsystem.remove", nqn=nqn("one"))
        time.sleep(SOAK / 3)  # the story is about this time
        target.rpc("subsystem.add", nqn=nqn("one"))
        self.eventually("the target has it again", lambda: target.hosts_of(nqn("one")))
        self.connects(stacd, "one")
        self.assertEqual(stacd.count("Disconnect initiated"), 0)

    def test_one_that_takes_no_persistent_connection_is_parked(self):
        target = self.world.target("one", dctype="ddc", epcsd=False)
        stafd = self.world.stafd(stafd_conf(target.controller()))
        stacd = self.world.stacd()
        stafd.line(r"takes no persistent connections \(EPCSD=0 in its log page\): parked")
        self.connects(stacd, "one")
        row, = self.eventually("parked", lambda: [row for row in stafd.ls() if row["state"] == "parked"])
        self.assertEqual((row["connected"], row["entries"]), ("False", "2"))
        subsystems = {row["subnqn"] for row in target.rpc("controllers.list")}
        self.assertEqual(subsystems, {nqn("one")}, "the discovery controller has nobody connected")
        one, = self.world.ctl("stafctl", "explain", target.traddr)["controllers"]
        self.assertEqual(one["state"], "parked")
        # A reload looks at once.
        target.rpc("subsystem.add", nqn=nqn("two"))
        stafd.reload()
        self.connects(stacd, "one", "two")

    def test_a_referral_leads_to_another_discovery_controller(self):
        second = self.world.target("behind", name="second", nqn=nqn("second:discovery"))
        first = self.world.target("front", name="first", nqn=nqn("first:discovery"),
                                  referrals=[{"transport": "tcp", "traddr": second.traddr, "trsvcid": second.port}])
        second.rpc("referral.add", transport="tcp", traddr=first.traddr, trsvcid=first.port)  # and back: a loop
        stafd = self.world.stafd(stafd_conf(first.controller()))
        stacd = self.world.stacd()
        self.connects(stacd, "front", "behind")
        self.assertEqual({c["trsvcid"]: c["origin"] for c in stafd.ls()},
                         {first.port: "configured", second.port: "referral"})
        first.rpc("referral.remove", traddr=second.traddr, trsvcid=second.port)
        self.connects(stacd, "front")
        self.eventually("stafd lets it go", lambda: len(stafd.ls()) == 1)

    def test_a_crashed_target_loses_nothing_and_the_other_one_sees_nothing(self):
        well = self.world.target("well", name="well")
        ill = self.world.target("ill", name="ill")
        self.world.stafd(stafd_conf(well.controller(), ill.controller(), reconnect_delay=1))
        stacd = self.world.stacd(stacd_conf(reconnect_delay=1))
        self.connects(stacd, "well", "ill")
        before = well.held("well")
        devices = {c["device"] for c in stacd.ls()}
        ill.stop(signal.SIGKILL)
        time.sleep(SOAK + 0.5)  # nothing may happen in this time
        again = self.world.target("ill", name="again", port=ill.port)
        self.eventually("reconnected", lambda: again.hosts_of(nqn("ill")))
        self.assertEqual(well.held("well"), before)
        self.assertEqual({c["device"] for c in stacd.ls()}, devices)
        self.assertEqual(stacd.count("Disconnect initiated"), 0)

    def test_a_page_that_is_empty_because_its_controller_is_young_ends_nothing(self):
        """A shelf after a power cut: for some seconds it does not know its disks, which were there all the time."""
        disks = self.world.target("one", "two", name="disks")
        entries = [{"subnqn": nqn(name), "traddr": disks.traddr, "trsvcid": disks.port} for name in ("one", "two")]
        shelf = self.world.target(name="shelf", raw_entries=entries)
        stafd = self.world.stafd(stafd_conf(shelf.controller(), reconnect_delay=1))
        stacd = self.world.stacd()
        self.connects(stacd, "one", "two")
        held = disks.held("one", "two")
        mark = stafd.mark()
        shelf.stop(signal.SIGKILL)
        stafd.line("Connection lost", mark)
        again = self.world.target(name="again", port=shelf.port)
        stafd.line(r"Received discovery log pages \(num records=1\)", mark)  # its own entry
        time.sleep(SOAK + 0.5)  # nothing may happen in this time
        self.assertEqual(disks.held("one", "two"), held)
        again.rpc("discovery.set", raw_entries=entries)
        stafd.line(r"Received discovery log pages \(num records=3\)", mark)
        self.assertEqual(disks.held("one", "two"), held)
        self.assertEqual(stacd.count("Disconnect initiated"), 0)

    def test_a_name_that_does_not_resolve_disturbs_nobody_and_localhost_does_resolve(self):
        target = self.world.target("one")
        nowhere = "transport=tcp;traddr=no-such-host.invalid"
        stafd = self.world.stafd(stafd_conf(nowhere, target.controller().replace("127.0.0.1", "localhost"),
                                            ip_family="ipv4"))
        stacd = self.world.stacd(stacd_conf(nowhere + f";nqn={nqn('x')}", ip_family="ipv4"))
        self.connects(stacd, "one")
        self.assertIn("127.0.0.1", {c["traddr"] for c in stafd.ls()})
        stafd.line("no-such-host.invalid")
        stacd.line("no-such-host.invalid")
        self.assertEqual(stafd.count("no-such-host.invalid"), 1)


if __name__ == "__main__":
    main()
