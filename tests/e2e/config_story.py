# SPDX-License-Identifier: Apache-2.0
"""Configuration files: reload, mistakes, exclude=, ip-family=, --check."""
import re
import socket
import time

from harness import HOST_ID, SOAK, SOURCE, Daemon, Story, main, nqn, program, stacd_conf, stafd_conf


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
        return True
    except OSError:
        return False


class Start(Story):
    STAYS = 78  # EX_CONFIG

    def test_what_only_an_editor_cures_has_a_status_that_the_units_know(self):
        self.world.write_conf("stafd", stafd_conf())
        self.world.write_conf("stacd", stacd_conf())
        unit = (SOURCE / "systemd" / "service_common.inc").read_text()
        known = re.search("^RestartPreventExitStatus=(.*)$", unit, re.M)[1].split()
        self.assertIn(str(self.STAYS), known)
        self.assertNotIn("1", known)
        for nqn_line, status in (("iqn.wrong", self.STAYS), ("file:///no/such/file", 1)):
            (self.world.path / "sys.conf").write_text(f"[Host]\nnqn={nqn_line}\nid={HOST_ID}\n")
            for name in ("stafd", "stacd"):
                daemon = self.world.add(Daemon(self.world, name, ready=False))
                self.assertEqual((daemon.wait(), len(daemon.lines)), (status, 1), daemon.text())


class Reload(Story):
    def test_a_broken_file_keeps_the_old_configuration_and_names_file_and_line(self):
        target = self.world.target("one", "two")
        good = stacd_conf(target.controller(nqn("one")))
        stafd = self.world.stafd(stafd_conf(target.controller()))
        stacd = self.world.stacd(good)
        self.connects(stacd, "one", "two")
        for daemon in (stafd, stacd):
            self.world.write_conf(daemon.name, "[Global]\ntron=false\n[Controllers\ncontroller=\n")
            daemon.reload()
            daemon.line(rf"{daemon.name}\.conf:3: ")
            daemon.line("previous configuration stays in force")
        time.sleep(SOAK + 0.3)
        self.connects(stacd, "one", "two")
        self.assertEqual(stacd.count("Disconnect initiated") + stafd.count("Disconnect initiated"), 0)

    def test_a_bad_value_costs_one_line_with_its_place_and_nothing_else(self):
        target = self.world.target("one")
        self.world.stafd(stafd_conf(target.controller()))
        stacd = self.world.stacd("[Global]\nkato=soon\nqueue-size=5\nno-such-option=1\n"
                                 "[Controllers]\ncontroller=transport=tcp\n")
        for line in (2, 3, 4, 6):
            stacd.line(rf"stacd\.conf:{line}: ")
        self.connects(stacd, "one")

    def test_controllers_that_a_reload_removes_are_cut_and_new_ones_connected(self):
        target = self.world.target("one", "two", "three")
        self.world.stafd(stafd_conf())  # without one stacd would give it 10 s to say whether it wants them, too
        stacd = self.world.stacd(stacd_conf(target.controller(nqn("one")), target.controller(nqn("two"))))
        self.connects(stacd, "one", "two")
        kept = target.held("two")
        self.world.write_conf("stacd", stacd_conf(target.controller(nqn("two")), target.controller(nqn("three"))))
        stacd.reload()
        self.connects(stacd, "two", "three")
        self.assertEqual(target.held("two"), kept)

    def test_exclude_by_each_key(self):
        names = ("by-nqn", "by-host-iface", "by-host-nqn", "stays")
        target = self.world.target(*names)
        elsewhere = self.world.target("by-traddr", name="elsewhere", traddr="127.0.0.2")
        port = self.world.target("by-trsvcid", name="port")
        lines = [target.controller(nqn("by-nqn")), target.controller(nqn("by-host-iface"), host_iface="lo"),
                 target.controller(nqn("by-host-nqn"), host_nqn=nqn("another-host")), target.controller(nqn("stays")),
                 elsewhere.controller(nqn("by-traddr")), port.controller(nqn("by-trsvcid"))]
        stacd = self.world.stacd(stacd_conf(*lines))
        self.connects(stacd, *names, "by-traddr", "by-trsvcid")
        kept = target.held("stays")
        rules = [f"nqn={nqn('by-nqn')}", "host-iface=lo", f"host-nqn={nqn('another-host')}", "traddr=::ffff:127.0.0.2",
                 f"transport=tcp;trsvcid={port.port}", "transport=rdma", f"transport=fc;nqn={nqn('stays')}"]
        self.world.write_conf("stacd", stacd_conf(*lines, exclude=rules))
        stacd.reload()
        self.connects(stacd, "stays")
        self.assertEqual(target.held("stays"), kept)

    def test_an_exclude_that_says_nothing_excludes_nothing(self):
        target = self.world.target("one")
        line = target.controller(nqn("one"))
        stacd = self.world.stacd(stacd_conf(line, exclude=["", "colour=red"]))
        self.connects(stacd, "one")
        stacd.line(r"stacd\.conf:5: ")
        stacd.line(r"stacd\.conf:6: ")

    def test_include_lets_in_what_matches_a_line_and_a_broken_one_cuts_nothing(self):
        target = self.world.target("one", "two", "three")
        line = target.controller(nqn("three"))
        self.world.stafd(stafd_conf(target.controller()))
        stacd = self.world.stacd(stacd_conf(line, include=[f"nqn={nqn('one')}", "traddr=192.0.2.0/24"]))
        self.connects(stacd, "one", "three")
        kept = target.held("one")
        self.world.write_conf("stacd", stacd_conf(line, include=[f"nqn={nqn('tw?')}", "colour=red"]))
        stacd.reload()
        stacd.line(r"stacd\.conf:6: .*the rule includes nothing, and no connection that it may mean is cut")
        stacd.line("kept: an include= line that cannot be used may let it in")
        self.connects(stacd, "one", "two", "three")
        self.assertEqual(target.held("one"), kept)
        self.world.write_conf("stacd", stacd_conf(line, include=["traddr=127.0.0.0/8;nqn=*:two"]))
        stacd.reload()
        self.connects(stacd, "two", "three")
        stacd.line("Disconnect initiated.*matches no include= line")

    def test_a_match_section_sets_parameters_of_what_is_listed_when_it_is_connected(self):
        target = self.world.target("one", "two", "three")
        line = target.controller(nqn("three"))
        self.world.stafd(stafd_conf(target.controller()))
        stacd = self.world.stacd(stacd_conf(line, kato=20) + f"[Match first]\nnqn={nqn('on*')}\nkato=30\n"
                                 "[Match rest]\ntraddr=127.0.0.0/8\nkato=40\n[Match broken]\nkato=50\n")
        self.connects(stacd, "one", "two", "three")
        stacd.line(r"stacd\.conf:\d+: \[Match broken\]: .*the section is not used")

        def times():
            return {name: target.hosts_of(nqn(name))[0]["kato_ms"] for name in ("one", "two", "three")}
        self.assertEqual(times(), {"one": 30000, "two": 40000, "three": 20000})
        kept = target.held("one", "two", "three")
        self.world.write_conf("stacd", stacd_conf(line, kato=20))
        stacd.reload()
        time.sleep(SOAK + 0.3)
        self.assertEqual((times(), target.held("one", "two", "three")),
                         ({"one": 30000, "two": 40000, "three": 20000}, kept), "existing connections stay as they are")

    def test_include_in_stafd_is_about_what_others_refer_to(self):
        behind = [self.world.target("x", name=f"behind-{i}", traddr=f"127.0.0.{i}") for i in (2, 3)]
        first = self.world.target("one", name="first", referrals=[
            {"transport": "tcp", "traddr": target.traddr, "trsvcid": target.port} for target in behind])
        addresses = [f"{target.traddr}:{target.port}" for target in (first, *behind)]
        stafd = self.world.stafd(stafd_conf(first.controller(), include=["traddr=127.0.0.2/31"]))
        self.eventually("both are let in", lambda: stafd.connected() == set(addresses))
        self.world.write_conf("stafd", stafd_conf(first.controller(), include=["traddr=127.0.0.2"]))
        stafd.reload()
        self.eventually("one is cut", lambda: stafd.connected() == set(addresses[:2]))
        stafd.line("Disconnect initiated.*matches no include= line")

    def test_an_excluded_discovery_controller_takes_its_io_controllers_with_it(self):
        one = self.world.target("one", name="first")
        two = self.world.target("two", name="second")
        lines = [one.controller(), two.controller()]
        stafd = self.world.stafd(stafd_conf(*lines))
        stacd = self.world.stacd()
        self.connects(stacd, "one", "two")
        self.world.write_conf("stafd", stafd_conf(*lines, exclude=[f"trsvcid={two.port}"]))
        stafd.reload()
        self.connects(stacd, "one")
        self.assertEqual(stafd.connected(), {f"127.0.0.1:{one.port}"})

    def test_ip_family(self):
        if not has_ipv6():
            self.skipTest("no IPv6 on the loopback interface")
        four = self.world.target("four", name="four")
        six = self.world.target("six", name="six", traddr="::1")
        lines = [four.controller(nqn("four")), six.controller(nqn("six"))]
        stacd = self.world.stacd(stacd_conf(*lines, ip_family="ipv4"))
        self.connects(stacd, "four")
        for family, names in (("ipv4+ipv6", ("four", "six")), ("ipv6", ("six",))):
            self.world.write_conf("stacd", stacd_conf(*lines, ip_family=family))
            stacd.reload()
            self.connects(stacd, *names)


class Check(Story):
    bus = False

    def test_check_reports_each_mistake_with_its_place(self):
        path = self.world.path / "some.conf"
        for daemon, text, status, expected in (
                ("stafd", "[Global]\nkato=5\n", 0, "no complaints"),
                ("stafd", "[Global]\nkato=x\n", 1, f"{path}:2: "),
                ("stacd", "[Controllers]\nexclude=traddr=192.0.2.0/24\n", 0, f"info: File:{path}:2: "),
                ("stacd", "[I/O controller connection management]\ndisconnect-scope=all\n", 1, f"{path}:2: "),
                ("stacd", "[Global\n", 1, f"{path}:1: ")):
            path.write_text(text)
            done = self.world.run(program(daemon), "--check", path)
            self.assertEqual((done.returncode, expected in done.stdout), (status, True), done.stdout + done.stderr)
        for text, what in (("--transport=tcp --traddr=192.0.2.1\n", "discovery.conf"),
                           ('[{"hostnqn": "nqn.x", "subsystems": []}]', "config.json")):
            path.write_text(text)
            for daemon in ("stafd", "stacd"):
                done = self.world.run(program(daemon), "--check", path)
                self.assertEqual((done.returncode, len(done.stdout.splitlines())), (1, 1), done.stdout)
                self.assertIn(f"this is a {what} of nvme-cli, which is not read here; `stasadm convert {path}`", done.stdout)
        done = self.world.run(program("stacd"), "--check", self.world.path / "absent")
        self.assertEqual(done.returncode, 1)
        self.assertIn("absent", done.stderr)


if __name__ == "__main__":
    main()
