# SPDX-License-Identifier: Apache-2.0
"""Our daemons beside an administrator with nvme-cli, at the kernel's target: what is taken over, left alone, cut."""
from lab import *  # pylint: disable=wildcard-import,unused-wildcard-import

ALL = "all-connections-matching-disconnect-trtypes"
SOAK = 1.5  # seconds


class Beside(Scenario):
    """nothing_doubled() is the end of most stories: no connection was made, cut or tried twice."""

    def setUp(self):
        super().setUp()
        self.uevents = Uevents()
        self.addCleanup(self.uevents.close)

    def loop_port(self, *names):
        self.port_with(*names, number=2, trtype="loop")

    def nothing_doubled(self, since):
        self.assertEqual(self.uevents.came_and_went(since), [])
        said = self.journal() + "\n".join(self.kernel_messages())
        self.assertNotRegex(said, "(?i)EALREADY|already (connected|in progress)|duplicate")

    def adopted(self, daemon, device):
        """Waits until the daemon has the device; returns its entry."""
        return self.eventually(f"{daemon} has {device}",
                               lambda: [c for c in ctl(daemon, "ls", "-d") if c["device"] == device], LIMIT)[0]

    def discover_page(self):
        """stafd has read its page, so that a wrong connect would have been ordered by now."""
        self.says(r"Received discovery log pages", "stafd")


class Adoption(Beside):
    def test_wanted_connection_made_before(self):
        self.port_with("one", "two")
        nvme_connect("one")
        nvme_connect("two")
        since = self.uevents.mark()
        write_conf("stafd", stafd_conf(dc()))
        write_conf("stacd", stacd_conf(ioc("two")))
        start(*DAEMONS)
        self.assertEqual(self.adopted("stacd", "nvme0")["subsysnqn"], nqn("one"), "listed")
        self.assertEqual(self.adopted("stacd", "nvme1")["subsysnqn"], nqn("two"), "configured and listed")
        self.adopted("stafd", "nvme2")
        self.discover_page()
        self.connects("one", "two")
        self.never(SOAK + 1, "a third I/O controller", lambda: len(io_controllers()) != 2)
        self.assertEqual(self.uevents.came_and_went(since), [("add", "nvme2")], "only the discovery controller is new")
        self.assertNotRegex(self.journal() + "\n".join(self.kernel_messages()), "(?i)EALREADY|already connected")

    def test_wanted_loop_connection_made_before(self):
        self.loop_port("one")
        nvme("connect", "-t", "loop", "-n", nqn("one"))
        since = self.uevents.mark()
        write_conf("stacd", stacd_conf(f"transport=loop;nqn={nqn('one')}"))
        start("stacd")
        self.assertEqual(self.adopted("stacd", "nvme0")["transport"], "loop")
        self.nothing_doubled(since)

    def test_connection_to_another_port_is_not_mistaken_for_it(self):
        self.port_with("one")
        self.target.port(3, trsvcid=4420)
        self.target.link(3, nqn("one"))
        nvme_connect("one", TARGET, 4420)
        write_conf("stacd", stacd_conf(ioc("one")))
        start("stacd")
        self.connects("one", "one")
        self.assertEqual(sorted(c.address_field("trsvcid") for c in io_controllers()), ["4420", "8009"])

    def take_over_dc(self):
        since = self.uevents.mark()
        write_conf("stafd", stafd_conf(dc()))
        start(*DAEMONS)
        self.adopted("stafd", discovery_controllers()[0].name)
        self.discover_page()
        self.assertEqual(len(discovery_controllers()), 1)
        return since

    def test_dc_of_discover_persistent(self):
        self.port_with("one")
        nvme("discover", "-t", "tcp", "-a", TARGET, "-s", 8009, "--persistent")
        self.take_over_dc()
        self.connects("one")
        self.target.subsystem(nqn("two"), 1)
        self.connects("one", "two")  # its AENs reach us
        self.assertEqual(len(discovery_controllers()), 1)

    def test_dc_and_iocs_of_connect_all_persistent(self):
        self.port_with("one", "two")
        nvme("connect-all", "-t", "tcp", "-a", TARGET, "-s", 8009, "--persistent")
        self.connects("one", "two")
        devices = [c.name for c in io_controllers()]
        since = self.take_over_dc()
        for device in devices:
            self.adopted("stacd", device)
        self.nothing_doubled(since)

    def test_dc_with_another_host_nqn_is_not_taken_over(self):
        """A DC shows each host its own page (contract 4.5, step 1)."""
        self.port_with("one")
        nvme("discover", "-t", "tcp", "-a", TARGET, "-s", 8009, "--persistent",
             "--hostnqn=nqn.2014-08.org.nvmexpress:uuid:11111111-1111-4111-8111-111111111111",
             "--hostid=11111111-1111-4111-8111-111111111111")
        write_conf("stafd", stafd_conf(dc()))
        start("stafd")
        self.eventually("two DCs", lambda: len(discovery_controllers(state="live")) == 2, LIMIT)
        self.assertEqual(ctl("stafd", "ls", "-d")[0]["device"], discovery_controllers(hostnqn=HOST_NQN)[0].name)


class Unwanted(Beside):
    """Made by nvme-cli, and nobody wants it: "stray" over TCP, "local" over loop. "one" is wanted, and ours."""

    def live_with(self, scope, trtypes="tcp"):
        self.port_with("one")
        self.port_with("stray", number=3, trsvcid=4420)
        self.loop_port("local")
        nvme_connect("stray", TARGET, 4420)
        nvme("connect", "-t", "loop", "-n", nqn("local"))
        write_conf("stafd", stafd_conf(dc()))
        write_conf("stacd", stacd_conf(iocs={"disconnect_scope": scope, "disconnect_trtypes": trtypes}))
        start(*DAEMONS)
        self.eventually("one is connected", lambda: nqn("one") in live_nqns(), LIMIT)

    def stays(self, *names):
        self.connects(*names)
        self.never(SOAK + 2, "a disconnect", lambda: len(live_nqns()) != len(names))

    def test_only_stas_connections(self):
        self.live_with("only-stas-connections")
        self.stays("one", "stray", "local")

    def test_all_tcp(self):
        self.live_with(ALL)
        self.connects("one", "local")
        nvme_connect("stray", TARGET, 4420)  # also what comes later
        self.connects("one", "local")
        self.stays("one", "local")

    def test_all_tcp_rdma_fc(self):
        self.live_with(ALL, "tcp+rdma+fc")
        self.connects("one", "local")
        self.stays("one", "local")

    def test_all_rdma_fc_leaves_tcp_alone(self):
        self.live_with(ALL, "rdma+fc")
        self.stays("one", "stray", "local")

    def test_no_disconnect(self):
        self.live_with("no-disconnect")
        self.stays("one", "stray", "local")

    def test_scope_that_comes_by_reload(self):
        self.live_with("only-stas-connections")
        write_conf("stacd", stacd_conf(iocs={"disconnect_scope": ALL}))
        reload("stacd")
        self.connects("one", "local")


class Registry(Beside):
    """The ownership registry of nvme-cli 3, which this release's nvme-cli does not know yet: its directory by hand."""

    PLACE = pathlib.Path("/run/nvme/registry")

    def setUp(self):
        super().setUp()
        self.PLACE.mkdir(parents=True)
        self.addCleanup(shutil.rmtree, self.PLACE)

    def owners(self):
        return {path.parent.name: path.read_text(encoding="utf-8").strip() for path in self.PLACE.glob("*/owner")}

    def test_ours_are_entered_and_those_of_others_are_never_cut(self):
        self.port_with("one", "two")
        self.port_with("stray", number=3, trsvcid=4420)
        nvme_connect("stray", TARGET, 4420)
        stray = io_controllers()[0].name
        (self.PLACE / stray).mkdir()
        (self.PLACE / stray / "owner").write_text("nbft\n", encoding="utf-8")
        write_conf("stafd", stafd_conf(dc()))
        write_conf("stacd", stacd_conf(iocs={"disconnect_scope": ALL, "disconnect_trtypes": "tcp"}))
        start(*DAEMONS)
        self.connects("one", "two", "stray")
        made = [c.name for c in controllers() if c.name != stray]
        self.eventually("all that we made are entered", lambda: self.owners() == {stray: "nbft", **dict.fromkeys(
            made, "stas")}, LIMIT)
        write_conf("stacd", stacd_conf(exclude=[f"nqn={nqn('two')}", f"nqn={nqn('stray')}"],
                                       iocs={"disconnect_scope": ALL, "disconnect_trtypes": "tcp"}))
        reload("stacd")
        self.connects("one", "stray")
        self.eventually("the entry of what we cut is gone", lambda: sorted(self.owners()) == sorted(
            c.name for c in controllers()), LIMIT)
        self.never(SOAK + 2, "a cut of what belongs to nbft", lambda: nqn("stray") not in live_nqns())
        self.assertIn("nbft", run("stacctl", "explain", stray).stdout)
        shutil.rmtree(self.PLACE / stray)
        restart("stacd")
        self.connects("one")


class ByHand(Beside):
    def test_disconnect_of_a_wanted_one_is_undone(self):
        self.port_with("one", "two")
        write_conf("stafd", stafd_conf(dc()))
        start(*DAEMONS)
        self.connects("one", "two")
        since = self.uevents.mark()
        nvme("disconnect", "-n", nqn("one"))
        self.eventually("it went and came", lambda: {"add", "remove"} <=
                        {action for action, _ in self.uevents.came_and_went(since)}, LIMIT)
        self.connects("one", "two")
        self.assertEqual(len(discovery_controllers(state="live")), 1)

    def test_disconnect_of_a_dc_is_undone(self):
        self.port_with("one")
        write_conf("stafd", stafd_conf(dc()))
        start(*DAEMONS)
        self.connects("one")
        nvme("disconnect", "-d", discovery_controllers()[0].name)
        self.eventually("the DC is back", lambda: discovery_controllers(state="live"), LIMIT)
        self.target.subsystem(nqn("two"), 1)
        self.connects("one", "two")

    def test_disconnect_of_an_unwanted_one_lasts(self):
        self.port_with("one", "two")
        write_conf("stafd", stafd_conf(dc()))
        write_conf("stacd", stacd_conf(exclude=[f"nqn={nqn('two')}"]))
        start(*DAEMONS)
        self.connects("one")
        nvme_connect("two")
        self.connects("one", "two")
        nvme("disconnect", "-n", nqn("two"))
        self.connects("one")
        self.never(5, "it came back", lambda: nqn("two") in live_nqns())  # a first retry takes 3 s


class Exclude(Beside):
    def excluded_by_reload(self, **options):
        write_conf("stafd", stafd_conf(dc()))
        write_conf("stacd", stacd_conf(**options))
        start(*DAEMONS)
        self.connects("one", "two")
        since = self.uevents.mark()
        write_conf("stacd", stacd_conf(exclude=[f"nqn={nqn('two')}"], **options))
        reload("stacd")
        self.connects("one")
        self.eventually("its remove event", lambda: self.uevents.came_and_went(since), LIMIT)
        self.assertEqual([action for action, _ in self.uevents.came_and_went(since)], ["remove"])

    def test_cuts_our_connection(self):
        self.port_with("one", "two")
        self.excluded_by_reload()

    def test_cuts_our_connection_under_no_disconnect_too(self):
        self.port_with("one", "two")
        self.excluded_by_reload(iocs={"disconnect_scope": "no-disconnect"})

    def test_cuts_one_that_was_taken_over(self):
        self.port_with("one", "two")
        nvme_connect("two")
        self.excluded_by_reload()


if __name__ == "__main__":
    main()
