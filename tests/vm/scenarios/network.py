# SPDX-License-Identifier: Apache-2.0
"""Interfaces, IPv6, several portals: which way a connection goes."""
import re

from lab import *  # pylint: disable=wildcard-import,unused-wildcard-import

HOST, HOST_2 = "10.0.0.1", "10.0.1.1"
TARGET_6 = "fd00::2"


def link_local(device, *prefix):
    """The link-local address of an interface, once it may be used."""
    def look():
        for interface in json.loads(run("ip", *prefix, "-j", "address", "show", "dev", device).stdout):
            for address in interface.get("addr_info", ()):
                if address.get("scope") == "link" and address["family"] == "inet6" and not address.get("tentative"):
                    return address["local"]
        return None
    return wait_for(f"a link-local address of {device}", look)


def over(controller):
    """What the kernel was told and what came of it: traddr, host_traddr, host_iface, src_addr."""
    return tuple(controller.address_field(key) for key in ("traddr", "host_traddr", "host_iface", "src_addr"))


class Network(Configured):
    def detour(self):
        """10.0.0.2 can be reached through h1 as well, for whoever insists on that interface."""
        run("ip", "route", "add", "10.0.0.0/24", "via", TARGET_2, "dev", "h1", "metric", "500")
        self.undo_later("ip", "route", "del", "10.0.0.0/24", "via", TARGET_2, "dev", "h1", "metric", "500")


class Interfaces(Network):
    def test_host_iface_of_the_dc_is_inherited(self):
        self.port_with("one")
        self.begin(stafd_conf(dc(host_iface="h0")))
        self.connects("one")
        self.assertEqual([over(c) for c in controllers()], [(TARGET, "", "h0", HOST)] * 2)

    def test_host_traddr_of_the_dc_is_inherited(self):
        self.port_with("one")
        self.begin(stafd_conf(dc(host_traddr=HOST)))
        self.connects("one")
        self.assertEqual([over(c) for c in controllers()], [(TARGET, HOST, "", HOST)] * 2)

    def test_ignore_iface_sends_no_interface(self):
        """In stafd.conf it holds for the DC and what that lists, in stacd.conf for I/O controllers."""
        self.port_with("one")
        self.port_with("two", number=2, traddr=TARGET_2)
        self.begin(stafd_conf(dc(host_iface="h0"), ignore_iface="true"),
                   stacd_conf(ioc("two", TARGET_2, host_iface="h1")))
        self.goes(("one", TARGET), ("two", TARGET_2))
        seen = {c.subsysnqn: c.address_field("host_iface") for c in controllers()}
        self.assertEqual(seen, {DISCOVERY_NQN: "", nqn("one"): "", nqn("two"): "h1"})
        stop(*DAEMONS)
        no_controllers()
        self.begin(stafd_conf(dc(host_iface="h0")),
                   stacd_conf(ioc("two", TARGET_2, host_iface="h1"), ignore_iface="true"))
        self.goes(("one", TARGET), ("two", TARGET_2))
        seen = {c.subsysnqn: c.address_field("host_iface") for c in controllers()}
        self.assertEqual(seen, {DISCOVERY_NQN: "h0", nqn("one"): "", nqn("two"): ""})

    def test_the_interface_of_the_dc_beats_the_routing_table(self):
        """The DC was found on h1; the shortest way to what it lists is h0."""
        self.detour()
        self.port_with("one")
        self.begin(stafd_conf(dc(host_iface="h1")))
        self.connects("one")
        self.assertEqual([over(c) for c in controllers()], [(TARGET, "", "h1", HOST_2)] * 2)

    def test_a_connection_from_an_address_of_that_interface_is_adopted(self):
        self.port_with("one", "two", "three")
        for name in ("one", "two", "three"):
            nvme_connect(name)  # names neither interface nor source address
        before = [c.name for c in io_controllers()]
        self.begin(stacd=stacd_conf(ioc("one", host_iface="h0"), ioc("two", host_traddr=HOST),
                                    ioc("three", host_iface="h0", host_traddr=HOST)))
        self.eventually("all are taken over",
                        lambda: [c["connected"] for c in ctl("stacd", "ls", "-d")] == ["True"] * 3)
        self.assertEqual([c.name for c in io_controllers()], before)

    def test_a_connection_over_the_other_interface_is_another_one(self):
        self.detour()
        self.port_with("one")
        nvme_connect("one", TARGET, 8009, "--host-iface=h1")
        self.assertEqual([over(c) for c in io_controllers()], [(TARGET, "", "h1", HOST_2)])
        self.begin(stacd=stacd_conf(ioc("one", host_iface="h0")))
        self.goes(("one", TARGET), ("one", TARGET))
        self.assertEqual([over(c)[2:] for c in io_controllers()], [("h1", HOST_2), ("h0", HOST)])
        # And one that asks for nothing is content with what there is.
        self.set_conf("stacd", stacd_conf(ioc("one", host_iface="h0"), ioc("one")))
        self.eventually("both configured", lambda: len(ctl("stacd", "ls")) == 2)
        self.eventually("both have a device", lambda: "nvme?" not in [c["device"] for c in ctl("stacd", "ls")])
        self.assertEqual(len(io_controllers()), 2)

    def back_with_h1(self, up, failures, limit):
        """h1 does not work yet; both daemons are quiet about it, and connect within `limit` when it does."""
        events = Uevents()
        self.addCleanup(events.close)
        self.port_with("one", number=2, traddr=TARGET_2)
        self.begin(stafd_conf(dc(TARGET_2, host_iface="h1")), stacd_conf(ioc("two", TARGET_2, host_iface="h1")))
        self.target.subsystem(nqn("two"), 2)
        for daemon in DAEMONS:
            self.says("Failed to connect", daemon)
        self.eventually("more attempts", lambda: all(int(ctl(daemon, "ls", "-d")[0]["connect attempts"]) >= failures
                                                     for daemon in DAEMONS))
        self.assertEqual(events.came_and_went(), [], "no write for an interface that cannot work")
        up()
        self.connects("one", "two", limit=limit)
        for daemon in DAEMONS:
            self.assertEqual(len(re.findall("Failed to connect", self.journal(daemon))), 1)
        self.assertEqual({c.address_field("host_iface") for c in controllers()}, {"h1"})

    def test_an_interface_that_comes_up_later(self):
        """It is noticed: the fifth attempt would be 24 s after the fourth."""
        run("ip", "link", "set", "h1", "down")
        self.undo_later("ip", "address", "replace", "fd00:1::1/64", "dev", "h1", "nodad")
        self.undo_later("ip", "link", "set", "h1", "up")
        self.back_with_h1(lambda: run("ip", "link", "set", "h1", "up"), 4, 15)

    def test_an_interface_that_is_made_later(self):
        run("ip", "link", "set", "h1", "down")
        run("ip", "link", "set", "h1", "name", "other")

        def up():
            run("ip", "link", "set", "other", "name", "h1")
            run("ip", "link", "set", "h1", "up")
        self.undo_later("ip", "address", "replace", "fd00:1::1/64", "dev", "h1", "nodad")
        self.undo_later("ip", "link", "set", "h1", "up")
        self.undo_later("ip", "link", "set", "other", "name", "h1")
        self.back_with_h1(up, 2, LIMIT)


class Ipv6(Network):
    def listens(self, traddr):
        self.port_with("one", traddr=traddr)

    def comes_through(self, traddr, *fields):
        """DC and I/O controller are connected to that address, with these host_traddr and host_iface."""
        self.connects("one")
        self.assertEqual([over(c)[:3] for c in controllers(state="live")], [(traddr, *fields)] * 2)

    def test_global_addresses(self):
        self.listens(TARGET_6)
        self.begin(stafd_conf(dc("FD00:0::2", host_iface="h0")))  # the spelling does not matter
        self.comes_through(TARGET_6, "", "h0")

    def test_a_bundled_target(self):
        self.stas_target("one", traddr=TARGET_6)
        self.begin(stafd_conf(dc(TARGET_6, host_traddr="fd00::1")))
        self.comes_through(TARGET_6, "fd00::1", "")

    def test_link_local_with_its_scope_in_traddr(self):
        self.listens("::")
        traddr = link_local("t0", "-n", NAMESPACE) + "%h0"
        self.begin(stafd_conf(dc(traddr)))
        self.comes_through(traddr, "", "")

    def test_link_local_with_host_iface(self):
        self.listens("::")
        traddr = link_local("t0", "-n", NAMESPACE)
        self.begin(stafd_conf(dc(traddr, host_iface="h0")))
        self.comes_through(traddr + "%h0", "", "h0")
        # What there is after a restart is that connection, in other words than the configuration's.
        events = Uevents()
        self.addCleanup(events.close)
        restart(*DAEMONS)
        self.eventually("both are known again", lambda: [c["connected"] for d in DAEMONS for c in ctl(d, "ls", "-d")] ==
                        ["True"] * 2)
        self.never(2, "another connection", events.came_and_went)

    def test_link_local_with_the_scope_of_the_target(self):
        """A target may list the scope that means something there; here it is the name of no interface."""
        address = link_local("t0", "-n", NAMESPACE)
        entry = {"adrfam": 2, "subtype": 2, "traddr": f"{address}%t0", "trsvcid": "8009", "subnqn": nqn("one")}
        self.stas_target("one", traddr=f"{address}%t0", raw_entries=[entry])
        self.begin(stafd_conf(dc(f"{address}%h0")))
        self.comes_through(f"{address}%h0", "", "")
        self.assertEqual([c["device"] for c in ctl("stacd", "ls")], [io_controllers()[0].name])

    def test_link_local_of_the_bundled_target(self):
        address = link_local("t0", "-n", NAMESPACE)
        self.stas_target("one", traddr=f"{address}%t0")
        self.begin(stafd_conf(dc(address, host_iface="h0", host_traddr=link_local("h0"))))
        self.connects("one")
        self.assertEqual({over(c)[0::2] for c in controllers()}, {(f"{address}%h0", "h0")})


class Portals(Network):
    def test_two_portals_of_a_subsystem_are_two_controllers(self):
        """Both are connected, and one that goes down does not hurt the other."""
        self.silence_nvme_cli()
        for number, traddr in ((1, TARGET), (2, TARGET_2)):
            self.target.port(number, traddr)
        self.target.subsystem(nqn("one"), 1)
        self.target.link(2, nqn("one"))
        self.begin(stafd_conf(dc(), dc(TARGET_2), reconnect_delay=2), stacd_conf(reconnect_delay=2))
        both = ("one", TARGET), ("one", TARGET_2)
        self.goes(*both)
        paths = pathlib.Path("/sys/class/nvme-subsystem").glob("*/subsysnqn")
        self.assertEqual([path.read_text().strip() for path in paths].count(nqn("one")), 1, "one subsystem, two paths")
        events = Uevents()
        self.addCleanup(events.close)
        first = io_controllers(state="live")[[c.traddr for c in io_controllers(state="live")].index(TARGET)].name
        self.target.unlink(2, nqn("one"))
        self.eventually("the other is down", lambda: len(io_controllers(state="live")) == 1)
        self.assertEqual(ways(io_controllers(state="live")), [both[0]])
        self.target.link(2, nqn("one"))
        self.goes(*both)
        self.assertEqual([c.name for c in io_controllers(state="live") if c.traddr == TARGET], [first])
        self.assertEqual(events.came_and_went(), [])
        self.assertEqual(events.of(DEVNAME=f"/dev/{first}", NVME_EVENT="connected"), [])

    def test_two_portals_in_one_log_page(self):
        self.stas_target("one", "two", listeners=[{"traddr": TARGET, "trsvcid": "8009"},
                                                  {"traddr": TARGET_2, "trsvcid": "4420", "discovery": False}])
        self.begin(stafd_conf(dc(), pleo="disabled"))
        self.goes(("one", TARGET), ("one", TARGET_2), ("two", TARGET), ("two", TARGET_2))
        stop(*DAEMONS)
        no_controllers()
        # With PLEO it lists the contacted port only.
        self.begin(stafd_conf(dc()))
        self.goes(("one", TARGET), ("two", TARGET))


if __name__ == "__main__":
    main()
