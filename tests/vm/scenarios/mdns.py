# SPDX-License-Identifier: Apache-2.0
"""mDNS from end to end: avahi-daemon of the namespace announces, the guest's own avahi-daemon hears, we connect."""
import signal

from lab import *  # pylint: disable=wildcard-import,unused-wildcard-import

_CONFIG = """[server]
host-name=array
use-ipv4={ipv4}
use-ipv6={ipv6}
allow-interfaces={interfaces}
ratelimit-interval-usec=0
enable-dbus=no
[publish]
publish-hinfo=no
publish-workstation=no
"""

_SERVICE = """<?xml version="1.0" standalone='no'?>
<!DOCTYPE service-group SYSTEM "avahi-service.dtd">
<service-group><name>{name}</name><service><type>_nvme-disc._tcp</type><port>{port}</port>
<txt-record>p=tcp</txt-record><txt-record>nqn={nqn}</txt-record></service></service-group>
"""


class Announcer(Process):
    """An avahi-daemon where the targets are, without a bus: it announces the service files of its own directory."""

    def __init__(self, scenario, interfaces="t0", ipv6=False):
        self._files = scenario.path / "services"
        self._files.mkdir()
        config = scenario.path / "avahi.conf"
        config.write_text(_CONFIG.format(ipv4="no" if ipv6 else "yes", ipv6="yes" if ipv6 else "no",
                                         interfaces=interfaces))
        # ip-netns(8) gives it a mount namespace as well, so these mounts are nobody else's.
        mounts = ("mkdir -p /run/avahi-daemon && mount -t tmpfs tmpfs /run/avahi-daemon && "
                  "chown avahi:avahi /run/avahi-daemon && mount --bind $0 /etc/avahi/services && "
                  "exec avahi-daemon -f $1 --no-drop-root --no-chroot --no-rlimits --no-proc-title")
        super().__init__("avahi of the storage", ["ip", "netns", "exec", NAMESPACE, "sh", "-c", mounts, self._files,
                                                  config], scenario.env)
        scenario.addCleanup(self.stop)
        self.line("Server startup complete")

    def announce(self, name="array", port=8009, subsystem=DISCOVERY_NQN):
        since = self.mark()
        (self._files / f"{name}.service").write_text(_SERVICE.format(name=name, port=port, nqn=subsystem))
        self.kill(signal.SIGHUP)
        self.line(f'"{name}" .*successfully established', since)

    def withdraw(self, name="array"):
        (self._files / f"{name}.service").unlink()
        self.kill(signal.SIGHUP)


def services():
    return ctl("stafd", "status")["avahi"]["services"]


class Mdns(Scenario):
    def setUp(self):
        super().setUp()
        self.undo_later("systemctl", "stop", "avahi-daemon")
        systemctl("start", "avahi-daemon")

    def begin(self, stafd=stafd_conf(zeroconf="enabled"), **announcer):
        """Announced and connected on h0."""
        self.port_with("one")
        self.avahi = Announcer(self, **announcer)
        self.avahi.announce()
        write_conf("stafd", stafd)
        start(*DAEMONS)
        self.connects("one")
        self.assertEqual([c["origin"] for c in ctl("stafd", "ls", "-d")], ["discovered"])
        self.events = Uevents()
        self.addCleanup(self.events.close)

    def withdraw(self):
        self.avahi.withdraw()
        self.eventually("the goodbye came", lambda: not services())

    def nothing_happens(self):
        """For longer than the soak."""
        self.never(2.5, "a connection that came or went", self.events.came_and_went)

    def cut(self):
        """An administrator disconnects the DC."""
        nvme("disconnect", "-d", discovery_controllers()[0].name)

    def test_announced_and_connected_on_that_interface(self):
        self.begin()
        self.assertEqual([c.address_field("host_iface") for c in controllers()], ["h0", "h0"])
        self.assertEqual([c.traddr for c in controllers()], [TARGET, TARGET])
        # A subsystem that comes later comes through that DC.
        self.target.subsystem(nqn("two"), 1)
        self.connects("one", "two")

    def test_a_unique_nqn_in_the_txt_record(self):
        unique = nqn("discovery")
        self.stas_target("one", nqn=unique)
        self.avahi = Announcer(self)
        self.avahi.announce(subsystem=unique)
        write_conf("stafd", stafd_conf(zeroconf="enabled"))
        start(*DAEMONS)
        self.connects("one")
        self.assertEqual([(c.subsysnqn, c.queue_count) for c in discovery_controllers()], [(unique, "1")])

    def test_announced_on_both_interfaces(self):
        """Two ways to one DC: two paths to what it lists."""
        self.target.port(1, "0.0.0.0")
        self.target.subsystem(nqn("one"), 1)
        Announcer(self, "t0,t1").announce()
        write_conf("stafd", stafd_conf(zeroconf="enabled"))
        start(*DAEMONS)
        wanted = [(TARGET, "h0"), (TARGET_2, "h1")]
        for found in (io_controllers, discovery_controllers):
            self.eventually(f"two of {found.__name__}", lambda f=found: wanted == sorted(
                (c.traddr, c.address_field("host_iface")) for c in f(state="live")))

    def test_ipv6(self):
        self.target.port(1, "::")
        self.target.subsystem(nqn("one"), 1)
        Announcer(self, ipv6=True).announce()
        write_conf("stafd", stafd_conf(zeroconf="enabled"))
        start(*DAEMONS)
        self.connects("one")
        self.assertEqual({c.address_field("host_iface") for c in controllers()}, {"h0"})
        self.assertTrue(all(":" in c.traddr for c in controllers()), controllers())

    def test_a_goodbye_cuts_nothing(self):
        self.begin()
        self.withdraw()
        self.nothing_happens()

    def test_gone_when_the_persistence_time_is_over(self):
        """Withdrawn and disconnected: after that time the DC is given up, and with it what it listed."""
        self.begin(stafd_conf(zeroconf="enabled", dcs={"zeroconf-connections-persistence": "2"}))
        self.withdraw()
        self.nothing_happens()  # connected, it stays whatever the time is
        self.cut()
        self.says("Will be removed by ", "stafd")
        self.connects()
        self.eventually("no DC is known", lambda: ctl("stafd", "ls") == [])
        self.assertEqual(controllers(), [])
        # A new announcement is a new beginning.
        self.avahi.announce()
        self.connects("one")

    def test_sought_for_ever_without_a_persistence_time(self):
        self.begin(stafd_conf(zeroconf="enabled", dcs={"zeroconf-connections-persistence": "-1"}))
        self.withdraw()
        self.cut()
        self.eventually("connected again", lambda: discovery_controllers(state="live"))
        self.assertEqual([action for action, name in self.events.came_and_went() if "subsys" not in name],
                         ["remove", "add"])
        self.connects("one")

    def test_a_restart_of_avahi_daemon_removes_nothing(self):
        self.begin()
        systemctl("restart", "avahi-daemon")
        self.says("avahi-daemon not available", "stafd")
        self.eventually("found again", services)
        self.nothing_happens()
        # Not even together with a restart of stafd, which then knows of the DC from before only.
        systemctl("stop", "avahi-daemon", "avahi-daemon.socket")
        restart("stafd")
        self.nothing_happens()
        self.assertEqual([(c["origin"], c["connected"]) for c in ctl("stafd", "ls", "-d")], [("discovered", "True")])
        systemctl("start", "avahi-daemon")
        self.eventually("found once more", services)
        self.nothing_happens()

    def test_zeroconf_disabled_and_enabled_by_a_reload(self):
        """What is connected stays; what is announced from then on is not heard."""
        self.begin()
        write_conf("stafd", stafd_conf(zeroconf="disabled"))
        reload("stafd")
        self.target.port(2, TARGET, 8010)
        self.target.subsystem(nqn("two"), 2)
        self.avahi.announce("second", 8010)
        self.nothing_happens()
        write_conf("stafd", stafd_conf(zeroconf="enabled"))
        reload("stafd")
        self.connects("one", "two")


if __name__ == "__main__":
    main()
