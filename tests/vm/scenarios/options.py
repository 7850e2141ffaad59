# SPDX-License-Identifier: Apache-2.0
"""Connect options: what stafd.conf and stacd.conf say is what the kernel was told, no more; and what the journal says
when the kernel or a controller refuses."""
import socket
import uuid

from lab import *  # pylint: disable=wildcard-import,unused-wildcard-import
from wire import Wire


class Connected(Scenario):
    """The options of a connection as sysfs and the wire show them."""

    def setUp(self):
        super().setUp()
        self.wire = Wire()
        self.addCleanup(self.wire.close)

    def one(self, name):
        """The only I/O controller of a subsystem."""
        found = io_controllers(subsysnqn=nqn(name))
        self.assertEqual(len(found), 1, found)
        return found[0]

    def queues(self, count):
        """What the wire says, of so many queues."""
        try:
            wait_for("", lambda: len(self.wire.queues()) >= count, 10)
        except Unexpected:
            self.fail(f"not {count} queues on the wire:\n{self.wire}")
        found = self.wire.queues()
        self.assertEqual(len(found), count, self.wire)
        return found

    def expect(self, controller, **wanted):
        """Attributes of a controller in sysfs."""
        self.assertEqual({key: getattr(controller, key) for key in wanted}, wanted)

    def test_what_is_not_configured_is_left_to_the_kernel(self):
        self.port_with("plain")
        write_conf("stacd", stacd_conf(ioc("plain")))
        start("stacd")
        self.connects("plain")
        self.expect(self.one("plain"), kato="5", sqsize="127", reconnect_delay="10", ctrl_loss_tmo="600",
                    fast_io_fail_tmo="off", queue_count=str(1 + os.cpu_count()))
        for queue in self.queues(1 + os.cpu_count()):
            self.assertEqual((queue["hdr_digest"], queue["data_digest"], queue["no_sqflow"]), (False, False, False))

    def test_global_options_of_stacd_conf(self):
        self.port_with("all")
        write_conf("stacd", stacd_conf(ioc("all"), kato=7, queue_size=64, nr_io_queues=1, nr_write_queues=1,
                                       nr_poll_queues=1, reconnect_delay=3, ctrl_loss_tmo=75, disable_sqflow="true",
                                       hdr_digest="true", data_digest="true"))
        start("stacd")
        self.connects("all")
        self.expect(self.one("all"), kato="7", sqsize="63", reconnect_delay="3", ctrl_loss_tmo="75", queue_count="4")
        admin, *io = self.queues(4)
        self.assertEqual(admin["kato"], 7000)
        self.assertEqual([queue["qid"] for queue in io], [1, 2, 3])
        for queue in (admin, *io):
            self.assertEqual((queue["hdr_digest"], queue["data_digest"], queue["no_sqflow"]), (True, True, True))
        self.assertEqual({queue["sqsize"] for queue in io}, {63})

    def test_a_controller_line_overrides_the_global_options(self):
        self.port_with("mine", "theirs")
        write_conf("stacd", stacd_conf(
            ioc("mine", kato=9, queue_size=32, nr_io_queues=2, reconnect_delay=2, ctrl_loss_tmo=-1,
                hdr_digest="false", data_digest="true", disable_sqflow="false"),
            ioc("theirs"), kato=7, queue_size=64, nr_io_queues=1, reconnect_delay=3, ctrl_loss_tmo=75,
            hdr_digest="true", disable_sqflow="true"))
        start("stacd")
        self.connects("mine", "theirs")
        self.expect(self.one("mine"), kato="9", sqsize="31", reconnect_delay="2", ctrl_loss_tmo="off", queue_count="3")
        self.expect(self.one("theirs"), kato="7", sqsize="63", reconnect_delay="3", ctrl_loss_tmo="75", queue_count="2")
        flags = {queue["kato"]: (queue["hdr_digest"], queue["data_digest"], queue["no_sqflow"])
                 for queue in self.queues(5) if queue["qid"] == 0}
        self.assertEqual(flags, {9000: (False, True, False), 7000: (True, False, True)})

    def test_options_of_stafd_conf(self):
        """A discovery connection has no I/O queues, so queue options do not reach it; the others do."""
        self.port_with("listed")
        write_conf("stafd", stafd_conf(dc(ctrl_loss_tmo=-1), kato=17, queue_size=64, reconnect_delay=4,
                                       ctrl_loss_tmo=50, hdr_digest="true", data_digest="true", disable_sqflow="true"))
        start("stafd")
        found = self.eventually("connected", lambda: discovery_controllers(state="live"))[0]
        self.expect(found, kato="17", reconnect_delay="4", ctrl_loss_tmo="off", queue_count="1", sqsize="127")
        queue, = self.queues(1)
        self.assertEqual((queue["kato"], queue["hdr_digest"], queue["data_digest"], queue["no_sqflow"]),
                         (17000, True, True, True))

    def test_a_discovery_controller_gets_a_keep_alive_by_default(self):
        self.port_with("listed")
        write_conf("stafd", stafd_conf(dc()))
        start("stafd")
        found = self.eventually("connected", lambda: discovery_controllers(state="live"))[0]
        self.expect(found, kato="30", ctrl_loss_tmo="600")

    def test_new_options_do_not_touch_an_existing_connection(self):
        self.port_with("kept", "new")
        write_conf("stacd", stacd_conf(ioc("kept"), kato=7))
        start("stacd")
        self.connects("kept")
        before = self.one("kept").name
        write_conf("stacd", stacd_conf(ioc("kept"), ioc("new"), kato=8))
        reload("stacd")
        self.connects("kept", "new")
        self.expect(self.one("kept"), name=before, kato="7")
        self.expect(self.one("new"), kato="8")

    def test_loop_is_not_given_the_options_of_tcp(self):
        """It would answer each of them with EINVAL."""
        self.target.port(2, trtype="loop")
        with open("/sys/kernel/config/nvmet/ports/2/addr_traddr", "w", encoding="ascii") as file:
            file.write("here")
        self.target.subsystem(nqn("near"), 2)
        write_conf("stacd", stacd_conf(f"transport=loop;traddr=here;nqn={nqn('near')}", kato=7, queue_size=64,
                                       nr_io_queues=1, nr_write_queues=1, nr_poll_queues=1, reconnect_delay=3,
                                       ctrl_loss_tmo=77, disable_sqflow="true", hdr_digest="true", data_digest="true"))
        start("stacd")
        self.connects("near")
        self.expect(self.one("near"), transport="loop", kato="7", sqsize="63", queue_count="2")

    def test_values_of_a_log_page_cannot_add_options(self):
        """They would in a connect string, where a comma ends a value."""
        evil = "nqn.2024-01.org.example:evil"
        port = {"trsvcid": "8009"}
        entries = [{"subnqn": f"{evil}1,hostnqn=nqn.2024-01.org.example:other", "traddr": TARGET, **port},
                   {"subnqn": f"{evil}2\nnqn={evil}", "traddr": TARGET, **port},
                   {"subnqn": f"{evil}3", "traddr": f"{TARGET},hostnqn=nqn.2024-01.org.example:other", **port},
                   {"subnqn": f"{evil}4", "traddr": TARGET, "trsvcid": "8009,hdr_digest"},
                   {"subnqn": f"{evil}5", "traddr": "name.example", **port}]
        target = self.stas_target("good", raw_entries=entries)
        write_conf("stafd", stafd_conf(dc()))
        start(*DAEMONS)
        run("udevadm", "control", "--reload")  # udevd looks for stacd's mask every few seconds only
        self.connects("good")
        for _ in range(2):  # the same page again is no news
            before = self.journal("stafd").count("Received discovery log pages")
            target.rpc("discovery.bump")
            self.eventually("the page is read again",
                            lambda n=before: self.journal("stafd").count("Received discovery log pages") > n)
        self.assertEqual([row for row in target.rpc("controllers.list") if "evil" in row["subnqn"]], [])
        self.assertEqual({row["hostnqn"] for row in target.rpc("controllers.list")}, {HOST_NQN})
        self.assertEqual(live_nqns(), [nqn("good")])
        said = [line for line in self.journal().splitlines() if re.search("unusable|invalid|evil", line)]
        self.assertEqual(len([line for line in said if "stafd[" in line]), 1, "\n".join(said))
        self.assertEqual(len([line for line in said if "stacd[" in line]), 1, "the host name\n" + "\n".join(said))
        self.assertEqual([line for line in self.kernel_messages() if "evil" in line], [])

    def test_modules_are_loaded_by_the_units(self):
        run("modprobe", "-r", "nvme-loop", "nvme-tcp", "nvme-fabrics")
        self.assertFalse(os.path.exists("/sys/module/nvme_tcp"))
        self.port_with("late")
        write_conf("stafd", stafd_conf(dc()))
        start(*DAEMONS)
        self.connects("late")


class Refused(Scenario):
    """One line at priority error for each controller that can't be connected, which says why; repeats are none."""

    def errors(self, daemon="stacd"):
        return run("journalctl", "--no-pager", "-o", "cat", "-p", "err", f"--after-cursor={self._cursor}",
                   f"--unit={daemon}").stdout.splitlines()

    def attempts(self, daemon="stacd"):
        return [int(row["connect attempts"]) for row in ctl(daemon, "ls", "-d") if row["connected"] != "True"]

    def refused(self, cases, attempts=2):
        """`cases`: pattern -> controller line."""
        write_conf("stacd", stacd_conf(*cases.values()))
        start("stacd")
        self.eventually("attempts", lambda: [n for n in self.attempts() if n > attempts] and
                        min(self.attempts()) > attempts)
        errors = self.errors()
        for pattern in cases:
            self.assertEqual(len([line for line in errors if re.search(pattern, line)]), 1,
                             f"/{pattern}/ in:\n" + "\n".join(errors))
        self.assertEqual(len(errors), len(cases), "\n".join(errors))
        for line in errors:
            print("      " + line, file=sys.stderr)

    def test_no_way_to_the_controller(self):
        self.port_with("one")
        self.refused({
            "8888.*[Cc]onnection refused": ioc("a", trsvcid=8888),
            "192.0.2.1:8009 does not answer.*[Nn]etwork is unreachable": ioc("b", "192.0.2.1"),
            "10.0.0.99.*(No route to host|silent)": ioc("c", "10.0.0.99"),
            "10.99.99.99.*[Cc]annot assign requested address": ioc("one", host_traddr="10.99.99.99"),
            "through nope0 does not answer: interface nope0 does not exist": ioc("one", host_iface="nope0"),
        })
        self.assertEqual(controllers(), [])

    def test_the_controller_refuses(self):
        self.port_with("one")
        self.target.subsystem(nqn("closed"), 1, hosts=["nqn.2024-01.org.example:somebody-else"])
        self.refused({
            "example:unknown.*Connect refused: .*NQN": ioc("unknown"),
            "example:closed.*Connect refused: the host .* is not allowed": ioc("closed"),
        })
        self.assertEqual(controllers(), [])

    def test_what_listens_there_speaks_something_else(self):
        def listen():
            server = socket.create_server((TARGET, 8022))
            while True:
                peer, _ = server.accept()
                peer.sendall(b"SSH-2.0-OpenSSH_9.2\r\n" + b" " * 200)
                peer.recv(1000)
                peer.close()
        self.target.in_namespace(listen)
        self.refused({"8022.*does not speak NVMe/TCP": ioc("a", trsvcid=8022)})

    def test_another_host_id_for_the_same_host_nqn(self):
        """The kernel wants one host ID for a host NQN, in all connections of the machine."""
        self.port_with("theirs", "ours")
        nvme_connect("theirs", TARGET, 8009, "--hostid", str(uuid.UUID(int=0xABCDEF)), "--hostnqn", HOST_NQN)
        self.refused({"example:ours.*host NQN or host ID is already in use": ioc("ours")})
        self.assertEqual(live_nqns(), [nqn("theirs")])

    def test_no_kernel_module_for_the_transport(self):
        """The kernel says EINVAL, as for everything else that it does not like."""
        self.port_with("one")
        blocked = pathlib.Path("/run/modprobe.d/scenario.conf")
        blocked.parent.mkdir(exist_ok=True)
        self.addCleanup(run, "modprobe", "-a", "nvme-tcp", "nvme-loop")
        self.addCleanup(blocked.unlink)
        blocked.write_text("install nvme_tcp /bin/false\n", encoding="ascii")
        run("modprobe", "-r", "nvme-tcp")
        self.refused({"example:one.*nvme-tcp.*(not loaded|modprobe)": ioc("one")})

    def test_a_discovery_controller_that_refuses(self):
        """stafd says it once as well; an I/O subsystem is no discovery controller."""
        self.port_with("one")
        lines = {"8888.*[Cc]onnection refused": dc(trsvcid=8888),
                 "example:one.*discovery": dc(nqn=nqn("one"))}
        write_conf("stafd", stafd_conf(*lines.values()))
        start("stafd")
        self.eventually("attempts", lambda: len(self.attempts("stafd")) == 2 and min(self.attempts("stafd")) > 2)
        errors = self.errors("stafd")
        for pattern in lines:
            self.assertEqual(len([line for line in errors if re.search(pattern, line)]), 1, "\n".join(errors))
        self.assertEqual(len(errors), 2, "\n".join(errors))

    def test_a_recovery_is_told(self):
        """And the next trouble is an error again."""
        self.target.port(1)
        write_conf("stacd", stacd_conf(ioc("one")))
        start("stacd")
        self.says("Failed to connect to controller.*[Rr]efused", "stacd")
        self.target.subsystem(nqn("one"), 1)
        self.connects("one")
        self.says("Connection established", "stacd")
        self.target.unlink(1, nqn("one"))
        nvme("disconnect", "-n", nqn("one"))
        self.eventually("told again", lambda: len(self.errors()) == 2)


if __name__ == "__main__":
    main()
