# SPDX-License-Identifier: Apache-2.0
"""Which of the controllers that are offered may be used: address families, exclusion by each key."""
import re

from lab import *  # pylint: disable=wildcard-import,unused-wildcard-import

TARGET_6 = "fd00::2"


class IpFamily(Configured):
    def setUp(self):
        super().setUp()
        self.stas_target("one", listeners=[{"traddr": TARGET, "trsvcid": "8009"},
                                           {"traddr": TARGET_6, "trsvcid": "8009"}])
        self.v4, self.v6 = ("one", TARGET), ("one", TARGET_6)

    def dcs(self):
        return sorted(c.traddr for c in discovery_controllers(state="live"))

    def test_of_log_page_entries(self):
        """Both families are listed; PLEO would leave the other listener out."""
        self.begin(stafd_conf(dc(), pleo="disabled"), stacd_conf(ip_family="ipv4"))
        self.goes(self.v4)
        self.set_conf("stacd", stacd_conf(ip_family="ipv6"))
        self.goes(self.v6)
        self.set_conf("stacd", stacd_conf(ip_family="ipv4+ipv6"))
        self.goes(self.v4, self.v6)

    def test_of_controller_lines_of_stacd(self):
        lines = (ioc("one"), ioc("one", TARGET_6))
        self.begin(stacd=stacd_conf(*lines, ip_family="ipv6"))
        self.goes(self.v6)
        self.set_conf("stacd", stacd_conf(*lines))
        self.goes(self.v4, self.v6)
        self.set_conf("stacd", stacd_conf(*lines, ip_family="ipv4"))
        self.goes(self.v4)

    def test_of_discovery_controllers(self):
        lines = (dc(), dc(TARGET_6))
        self.begin(stafd_conf(*lines, ip_family="ipv4"))
        self.goes(self.v4)
        self.assertEqual(self.dcs(), [TARGET])
        self.set_conf("stafd", stafd_conf(*lines, ip_family="ipv4+ipv6"))
        self.goes(self.v4, self.v6)
        self.assertEqual(self.dcs(), [TARGET, TARGET_6])
        self.set_conf("stafd", stafd_conf(*lines, ip_family="ipv6"))
        # The other DC is ended deliberately, and with it what only it listed.
        self.goes(self.v6)
        self.eventually("one DC", lambda: self.dcs() == [TARGET_6])


class Exclude(Configured):
    """The world: four portals with a DC each, and one subsystem behind each of them."""

    PORTALS = {"a": (TARGET, 8009), "b": (TARGET, 8010), "c": (TARGET_2, 8009), "d": (TARGET_6, 8009)}
    # rule -> what is left of a, b, c, d; nqn differs between the daemons
    RULES = {
        "transport=tcp": "",
        "traddr=10.0.0.2": "cd",
        "traddr=FD00:0::2": "abc",
        "trsvcid=8010": "acd",
        "host-iface=h1": "abd",
        f"host-nqn={HOST_NQN}": "",
        "traddr=10.0.0.2;trsvcid=8009": "bcd",
        "traddr=10.0.1.2;trsvcid=8010": "abcd",
        "transport=rdma": "abcd",
    }

    def setUp(self):
        super().setUp()
        for number, (name, (traddr, port)) in enumerate(self.PORTALS.items(), 1):
            self.port_with(name, number=number, traddr=traddr, trsvcid=port)
        self.dcs = [dc(traddr, port, **({"host_iface": "h1"} if name == "c" else {}))
                    for name, (traddr, port) in self.PORTALS.items()]

    def dcs_are(self, names):
        wanted = sorted(f"{traddr} {port}" for traddr, port in (self.PORTALS[name] for name in names))
        self.eventually(f"DCs of {names or 'none'}", lambda: wanted == sorted(
            f"{c.traddr} {c.address_field('trsvcid')}" for c in discovery_controllers(state="live")))

    def test_by_each_key_in_stacd_conf(self):
        self.begin(stafd_conf(*self.dcs))
        self.connects(*"abcd")
        for rule, left in {**self.RULES, f"nqn={nqn('a')}": "bcd"}.items():
            with self.subTest(rule):
                self.set_conf("stacd", stacd_conf(exclude=[rule]))
                self.connects(*left)
        self.dcs_are("abcd")
        self.set_conf("stacd", stacd_conf(exclude=[f"nqn={nqn('a')}", "trsvcid=8010"]))
        self.connects(*"cd")

    def test_by_each_key_in_stafd_conf(self):
        self.begin(stafd_conf(*self.dcs))
        self.connects(*"abcd")
        for rule, left in {**self.RULES, f"nqn={DISCOVERY_NQN}": "", f"nqn={nqn('a')}": "abcd"}.items():
            with self.subTest(rule):
                self.set_conf("stafd", stafd_conf(*self.dcs, exclude=[rule]))
                self.dcs_are(left)
        # What an excluded DC listed goes with it: the administrator has ended it.
        self.set_conf("stafd", stafd_conf(*self.dcs, exclude=["trsvcid=8009"]))
        self.connects("b")

    def test_a_rule_with_host_traddr_only_excludes_nothing(self):
        """It would mean everything."""
        self.begin(stafd_conf(*self.dcs), stacd_conf(exclude=["host-traddr=10.0.0.1"]))
        self.connects(*"abcd")
        self.says(r"stacd\.conf:\d+: .*host-traddr alone is no rule", "stacd")

    def test_what_is_excluded_at_start_is_never_connected(self):
        events = Uevents()
        self.addCleanup(events.close)
        self.begin(stafd_conf(*self.dcs, exclude=["host-iface=h1"]),
                   stacd_conf(ioc("c", TARGET_2), exclude=["traddr=fd00::2", f"nqn={nqn('a')}", "traddr=10.0.1.2"]))
        self.connects("b")
        self.dcs_are("abd")
        self.never(1, "more controllers", lambda: len(controllers()) != 4)
        self.assertEqual(sorted(name for _, name in events.came_and_went() if re.fullmatch(r"nvme\d+", name)),
                         ["nvme0", "nvme1", "nvme2", "nvme3"])


if __name__ == "__main__":
    main()
