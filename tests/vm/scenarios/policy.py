# SPDX-License-Identifier: Apache-2.0
"""Who is wanted, as whom we come, and what a central discovery controller says about it."""
from lab import *  # pylint: disable=wildcard-import,unused-wildcard-import

OTHER_NQN = "nqn.2014-08.org.nvmexpress:uuid:7b3f0d52-61c4-4f0e-9a4e-0c5d1f2e3a4b"
OTHER_ID = "7b3f0d52-61c4-4f0e-9a4e-0c5d1f2e3a4b"


def sys_conf(host_nqn=HOST_NQN, host_id=HOST_ID, **more):
    return f"[Host]\nnqn={host_nqn}\nid={host_id}\n" + "".join(f"{key}={value}\n" for key, value in more.items())


def compact(uuid):
    return uuid.replace("-", "").lower()


class Policy(Scenario):
    def watch(self):
        events = Uevents()
        self.addCleanup(events.close)
        return events

    def set_conf(self, daemon, text):
        write_conf(daemon, text)
        reload(daemon)


class PlanOfAStart(Policy):
    def test_what_is_told_without_a_daemon_is_what_the_start_does(self):
        self.port_with("line", "page", "spare")
        write_conf("stafd", stafd_conf(dc()))
        write_conf("stacd", stacd_conf(ioc("line"), ioc("spare")))
        start(*DAEMONS)
        self.connects("line", "page", "spare")
        stop(*DAEMONS)
        other = pathlib.Path("/tmp/other.conf")
        self.addCleanup(other.unlink, missing_ok=True)

        def plan(daemon, text):
            """Exit status, {NQN: the words of its line}."""
            other.write_text(text, encoding="utf-8")
            done = run(daemon, "--plan", other, check=False)
            self.assertEqual(done.stderr, "")
            return done.returncode, {word: line.split() for line in done.stdout.splitlines()
                                     for word in line.split() if word.startswith("nqn.")}

        status, lines = plan("stacd", stacd_conf(ioc("line"), ioc("spare")))
        self.assertEqual((status, {line[0] for line in lines.values()}), (0, {"keep"}))
        self.assertEqual(plan("stafd", stafd_conf(dc()))[0], 0)
        self.assertEqual(plan("stafd", stafd_conf())[0], 3)
        text = stacd_conf(ioc("line"), exclude=[f"nqn={nqn('page')}"])
        status, lines = plan("stacd", text)
        self.assertEqual((status, {name: lines[nqn(name)][0] for name in ("line", "page", "spare")}),
                         (3, {"line": "keep", "page": "disconnect", "spare": "keep"}))
        self.connects("line", "page", "spare")
        write_conf("stacd", text)
        start(*DAEMONS)
        self.connects("line", "spare")


class ConfiguredControllers(Policy):
    def test_lines_come_and_go_by_reload(self):
        self.port_with("one", "two", "three")
        write_conf("stacd", stacd_conf(ioc("one"), ioc("two")))
        start(*DAEMONS)
        self.connects("one", "two")
        kept = [c.name for c in io_controllers(subsysnqn=nqn("two"), state="live")]
        self.set_conf("stacd", stacd_conf(ioc("two"), ioc("three")))
        self.connects("two", "three")
        self.assertEqual([c.name for c in io_controllers(subsysnqn=nqn("two"), state="live")], kept)
        # An option that changed is for connections to come, not for this one.
        self.set_conf("stacd", stacd_conf(ioc("two", kato=77)))
        self.connects("two")
        self.assertEqual([(c.name, c.kato) for c in io_controllers(state="live")], [(kept[0], "5")])

    def test_two_source_addresses_are_two_controllers(self):
        run("ip", "address", "add", "10.0.0.3/24", "dev", "h0")
        self.undo_later("ip", "address", "del", "10.0.0.3/24", "dev", "h0")
        self.port_with("one")
        first, second = ioc("one", host_traddr="10.0.0.1"), ioc("one", host_traddr="10.0.0.3")
        write_conf("stacd", stacd_conf(first, second))
        start(*DAEMONS)
        self.connects("one", "one")
        names = {c.address_field("host_traddr"): c.name for c in io_controllers(state="live")}
        self.assertEqual(sorted(names), ["10.0.0.1", "10.0.0.3"])
        # The end of one line is the end of that connection only.
        self.set_conf("stacd", stacd_conf(second))
        self.connects("one")
        self.assertEqual([c.name for c in io_controllers(state="live")], [names["10.0.0.3"]])

    def test_a_bad_line_is_named_and_hurts_no_other(self):
        """The journal has the place; the lines around it count."""
        self.port_with("one", "two", "three")
        text = stacd_conf(ioc("one"), "transport=tpc;traddr=10.0.0.2;nqn=x", "traddr", ioc("two") + "   # the archive")
        write_conf("stacd", "# of this machine\n" + text + "exclude=\nexclud=traddr=10.0.0.2\n")
        lines = ("# of this machine\n" + text).splitlines()
        start(*DAEMONS)
        self.connects("one", "two")
        number = next(n for n, line in enumerate(lines, 1) if "tpc" in line)
        for pattern in (rf"stacd\.conf:{number}: .*Invalid transport tpc.*tcp", rf"stacd\.conf:{number + 1}: ",
                        rf"stacd\.conf:{len(lines) + 1}: .*excludes nothing", rf"stacd\.conf:{len(lines) + 2}: "):
            self.says(pattern, "stacd")
        # A reload refuses what is no configuration file at all; the old one stays in force.
        write_conf("stacd", "nonsense\n" + stacd_conf(ioc("three")))
        systemctl("reload", "stacd")
        self.says("the previous configuration stays in force", "stacd")
        self.connects("one", "two")
        self.set_conf("stacd", stacd_conf(ioc("three")))
        self.connects("three")


class CentralDiscovery(Policy):
    """The bundled target plays a CDC (TP8010)."""

    def setUp(self):
        super().setUp()
        self.silence_nvme_cli()

    def cdc(self, *subsystems, **discovery):
        # I/O controllers have a listener of their own, so that faults can tell them from the DC.
        return self.stas_target(*subsystems, dctype="cdc", **discovery,
                                listeners=[{"id": 1, "traddr": TARGET, "trsvcid": "8009"},
                                           {"id": 2, "traddr": TARGET, "trsvcid": "4420", "discovery": False}])

    @staticmethod
    def subsystem(name, **fields):
        return {"nqn": nqn(name), "listeners": [2], **fields}

    def attempts(self, events):
        """How often the kernel was asked for an I/O controller."""
        return sum(1 for action, name in events.came_and_went() if action == "add" and name.count("-") == 0)

    def failures(self, events):
        """How often that came to nothing."""
        return sum(1 for action, name in events.came_and_went() if action == "remove" and name.count("-") == 0)

    def unreachable(self, attempts_on_ncc):
        """Two are connected; then one is listed that refuses, and of which the CDC says that it cannot reach it."""
        target = self.cdc(self.subsystem("here", ncc=True), self.subsystem("plain"))
        write_conf("stafd", stafd_conf(dc()))
        write_conf("stacd", stacd_conf(iocs={"connect-attempts-on-ncc": attempts_on_ncc}))
        start(*DAEMONS)
        self.connects("here", "plain")  # the bit is about attempts that fail
        target.rpc("fault.add", what="status", opcode="connect", queue="admin", listener=2, status=0x182, count=0)
        events = self.watch()
        target.rpc("subsystem.add", **self.subsystem("away", ncc=True))
        return target, events

    def test_attempts_end_where_the_cdc_reports_no_connectivity(self):
        target, events = self.unreachable(2)
        self.says("No further attempts: the central discovery controller reports no connectivity", "stacd")
        self.assertEqual(self.attempts(events), 2)
        self.never(7, "a third attempt", lambda: self.attempts(events) > 2)  # its time would have been after 6 s
        row, = (c for c in ctl("stacd", "ls", "-d") if c["subsysnqn"] == nqn("away"))
        self.assertEqual((row["connect attempts"], row["dlpe.eflags.ncc"], row["connected"]), ("2", "True", "False"))
        reload("stacd")  # one more try for all
        self.eventually("a third attempt and its end", lambda: self.attempts(events) == self.failures(events) == 3)
        target.rpc("fault.clear")
        target.rpc("subsystem.set", nqn=nqn("away"), ncc=False)
        self.connects("here", "plain", "away")
        self.assertEqual(self.attempts(events), 4)

    def test_attempts_do_not_end_without_that_option(self):
        target, events = self.unreachable(0)
        self.eventually("a third attempt", lambda: self.attempts(events) > 2)
        target.rpc("fault.clear")
        self.connects("here", "plain", "away")

    def test_the_host_is_registered(self):
        """With all that a CDC is to know of it (TP8010), and again when the symbolic name changes."""
        target = self.cdc(self.subsystem("one"))
        write_sys_conf(sys_conf(symname="rack 7, unit 3"))
        write_conf("stafd", stafd_conf(dc()))
        start(*DAEMONS)
        self.connects("one")
        row, = self.eventually("registered", lambda: target.rpc("dim.list"))
        self.assertEqual((row["hostnqn"], compact(row["hostid"]), row["symname"], row["name"]),
                         (HOST_NQN, compact(HOST_ID), "rack 7, unit 3", "guest"))
        self.assertRegex(row["version"], r"^Linux [0-9.]+.* Debian")
        events = self.watch()
        write_sys_conf(sys_conf(symname="rack 8"))
        reload("stafd")
        self.eventually("the new name", lambda: [r["symname"] for r in target.rpc("dim.list")] == ["rack 8"])
        # A host that stops looking is still one of the zone: nothing is deregistered.
        stop("stafd")
        self.assertEqual([r["symname"] for r in target.rpc("dim.list")], ["rack 8"])
        self.assertEqual(events.came_and_went(), [])

    def test_nobody_registers_with_a_dc_that_does_not_ask_for_it(self):
        target = self.stas_target("one")
        write_conf("stafd", stafd_conf(dc()))
        start(*DAEMONS)
        self.connects("one")
        self.assertEqual(target.rpc("dim.list"), [])
        self.assertEqual(discovery_controllers()[0].dctype, "none")


class UniqueDiscoveryNqn(Policy):
    """TP8013: a DC that has an NQN of its own beside the well-known one."""

    def setUp(self):
        super().setUp()
        self.unique = nqn("discovery")
        self.stas_target("one", nqn=self.unique)

    def connected_once(self):
        self.connects("one")
        self.assertEqual([(c.subsysnqn, c.queue_count) for c in discovery_controllers()], [(self.unique, "1")])
        self.assertEqual(len(controllers()), 2)

    def no_other_after_a_restart(self, dcs):
        events = self.watch()
        restart(*DAEMONS)
        self.eventually("all known again", lambda: "nvme?" not in [c["device"] for c in ctl("stafd", "ls")])
        self.assertEqual(len(ctl("stafd", "ls")), dcs)
        self.never(2, "another connection", events.came_and_went)

    def test_by_its_own_nqn(self):
        write_conf("stafd", stafd_conf(dc(nqn=self.unique)))
        start(*DAEMONS)
        self.connected_once()
        self.no_other_after_a_restart(1)

    def test_by_the_well_known_nqn(self):
        write_conf("stafd", stafd_conf(dc()))
        start(*DAEMONS)
        self.connected_once()
        self.no_other_after_a_restart(1)

    def test_by_both(self):
        """One controller in two words is one connection."""
        write_conf("stafd", stafd_conf(dc(), dc(nqn=self.unique)))
        start(*DAEMONS)
        self.connected_once()
        self.no_other_after_a_restart(2)
        # It does not matter which of the words goes.
        events = self.watch()
        for line in (dc(nqn=self.unique), dc()):
            self.set_conf("stafd", stafd_conf(line))
            self.eventually("one is left", lambda: len(ctl("stafd", "ls")) == 1)
            self.connected_once()
        self.assertEqual(events.came_and_went(), [])

    def test_the_nqn_of_an_io_subsystem_is_told_from_one(self):
        """The kernel is asked for a discovery controller, and finds that it is none."""
        write_conf("stafd", stafd_conf(dc(nqn=nqn("one"))))
        start("stafd")
        self.says("Failed to connect to controller.*the NQN is not that of a discovery controller", "stafd")
        self.assertEqual(controllers(), [])


class HostIdentity(Policy):
    def test_a_connection_of_another_host_is_not_adopted(self):
        self.port_with("one")
        nvme_connect("one")  # as the host of /etc/nvme
        write_sys_conf(sys_conf(OTHER_NQN, OTHER_ID))
        write_conf("stacd", stacd_conf(ioc("one")))
        start(*DAEMONS)
        self.connects("one", "one")
        self.assertEqual([(c.hostnqn, c.hostid) for c in io_controllers(state="live")],
                         [(HOST_NQN, HOST_ID), (OTHER_NQN, OTHER_ID)])

    def test_half_of_another_identity_is_explained(self):
        """The kernel knows a host NQN with one host ID only (since 6.8 or so); its EINVAL says nothing."""
        self.port_with("one", "two")
        nvme_connect("one")
        write_conf("stacd", stacd_conf(ioc("two")))
        for number, identity in enumerate(((OTHER_NQN, HOST_ID), (HOST_NQN, OTHER_ID))):
            write_sys_conf(sys_conf(*identity))
            start("stacd") if number == 0 else reload("stacd")
            self.eventually("an explanation", lambda n=number: self.journal("stacd").count(
                "the host NQN or host ID is already in use with another partner") == n + 1)
        self.assertEqual([c.subsysnqn for c in io_controllers(state="live")], [nqn("one")])
        write_sys_conf(sys_conf())
        reload("stacd")
        self.connects("one", "two")

    def test_a_new_identity_by_reload(self):
        """What exists stays as it was made, until somebody ends it: then it is made by the new name."""
        self.port_with("one")
        write_conf("stafd", stafd_conf(dc()))
        start(*DAEMONS)
        self.connects("one")
        before = controllers()
        write_sys_conf(sys_conf(OTHER_NQN, OTHER_ID))
        reload("stacd")
        reload("stafd")
        self.says("existing connections keep the one they were made with", "stafd")
        self.says("connections made as .* stay as they are until they end", "stacd")
        self.assertEqual([(c.name, c.hostnqn, c.hostid) for c in controllers()],
                         [(c.name, HOST_NQN, HOST_ID) for c in before])
        for controller in before:
            nvme("disconnect", "-d", controller.name)
        self.eventually("all by the new name", lambda: [(c.hostnqn, c.hostid, c.state) for c in controllers()] ==
                        [(OTHER_NQN, OTHER_ID, "live")] * 2)
        self.connects("one")

    def test_host_nqn_of_a_line_is_inherited(self):
        """What the DC lists for that host is connected as that host."""
        other = nqn("another-host")
        self.target.port(1)
        self.target.subsystem(nqn("one"), 1, hosts=[other])
        write_conf("stafd", stafd_conf(dc(host_nqn=other)))
        start(*DAEMONS)
        self.connects("one")
        self.assertEqual([c.hostnqn for c in controllers()], [other, other])


if __name__ == "__main__":
    main()
