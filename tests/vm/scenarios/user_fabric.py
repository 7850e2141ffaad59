# SPDX-License-Identifier: Apache-2.0
"""stafd and stacd with --fabric=user against the kernel's target: our own NVMe/TCP host, somebody else's target."""
from lab import *  # pylint: disable=wildcard-import,unused-wildcard-import
from wire import Wire


class UserFabric(Scenario):
    def setUp(self):
        super().setUp()
        self._drop_ins = []
        for daemon in DAEMONS:
            drop_in = pathlib.Path(f"/run/systemd/system/{daemon}.service.d/scenario.conf")
            drop_in.parent.mkdir(parents=True, exist_ok=True)
            drop_in.write_text(f"[Service]\nExecStart=\nExecStart=/usr/sbin/{daemon} --syslog --fabric=user\n",
                               encoding="ascii")
            self._drop_ins.append(drop_in)
        systemctl("daemon-reload")
        self.uevents = Uevents()
        self.addCleanup(self.uevents.close)

    def _end(self):
        made = self.uevents.came_and_went()
        super()._end()
        for drop_in in self._drop_ins:
            drop_in.unlink()
        systemctl("daemon-reload")
        self.assertEqual(made, [], "the kernel's NVMe host has nothing to do with it")

    def connected(self, daemon="stacd"):
        return sorted(row["subsysnqn"] for row in ctl(daemon, "ls", "-d") if row["connected"] == "True")

    def user_connects(self, *names):
        wanted = sorted(nqn(name) for name in names)
        try:
            wait_for("", lambda: self.connected() == wanted, LIMIT)
        except Unexpected:
            self.fail(f"connected: {self.connected()}, wanted: {wanted}")
        self.assertEqual(controllers(), [])

    def finds(self, *names, **listener):
        """Both daemons up, all subsystems of port 1 found and connected."""
        self.port_with(*names, **listener)
        write_conf("stafd", stafd_conf(dc(listener.get("traddr", TARGET))))
        start(*DAEMONS)
        self.user_connects(*names)

    def listed(self):
        page, = ctl("stafd", "adlp")
        return sorted(entry["subnqn"] for entry in page["log-pages"] if "example" in entry["subnqn"])

    def test_discovery_and_connect(self):
        self.finds("one")
        self.assertEqual(self.connected("stafd"), [DISCOVERY_NQN])
        self.assertEqual(self.listed(), [nqn("one")])

    def test_64_subsystems(self):
        names = [f"s{n}" for n in range(64)]
        self.finds(*names)
        self.assertEqual(self.listed(), sorted(nqn(name) for name in names))

    def test_identify(self):
        self.target.port(1)
        self.target.subsystem(nqn("one"), 1, serial="SERIAL0123456789")
        write_conf("stacd", stacd_conf(ioc("one")))
        start("stacd")
        self.user_connects("one")
        row, = ctl("stacd", "ls", "-d")
        self.assertEqual((row["model"].strip(), row["serial"].strip()), ("Linux", "SERIAL0123456789"))
        self.assertEqual((row["cntrltype"], row["hostnqn"], row["hostid"]), ("io", HOST_NQN, HOST_ID))

    def test_added_and_removed_at_the_target(self):
        self.finds("one", "two")
        self.target.subsystem(nqn("three"), 1)
        self.user_connects("one", "two", "three")
        self.target.unlink(1, nqn("two"))
        self.user_connects("one", "three")
        self.assertGreaterEqual(self.journal("stafd").count("Received AEN: 0x70f002"), 2)

    def test_digests(self):
        wire = Wire()
        self.addCleanup(wire.close)
        write_conf("stacd", stacd_conf(hdr_digest="true", data_digest="true"))
        self.port_with("one")
        write_conf("stafd", stafd_conf(dc(), hdr_digest="true", data_digest="true"))
        start(*DAEMONS)
        self.user_connects("one")
        self.eventually("both connections on the wire", lambda: len(wire.queues()) >= 3)
        queues = wire.queues()
        self.assertEqual({(q["hdr_digest"], q["data_digest"]) for q in queues}, {(True, True)})

    def test_authentication_is_demanded(self):
        key = nvme("gen-dhchap-key", "-n", HOST_NQN).stdout.strip()
        self.target.host(HOST_NQN, key)
        self.target.port(1)
        self.target.subsystem(nqn("one"), 1, hosts=[HOST_NQN])
        self.target.subsystem(nqn("open"), 1)
        write_conf("stacd", stacd_conf(ioc("one", dhchap_secret=key), ioc("open")))
        start("stacd")
        self.user_connects("open")
        self.says("example:one.*authentication", "stacd")
        told = [line for line in self.journal("stacd").splitlines() if "authentication" in line]
        print("      " + told[0], file=sys.stderr)
        self.assertEqual(len(told), 1)

    def test_connections_outlive_their_keep_alive_timeout(self):
        write_conf("stacd", stacd_conf(kato=2))
        self.port_with("one")
        write_conf("stafd", stafd_conf(dc(), kato=2))
        start(*DAEMONS)
        self.user_connects("one")
        before = self.journal()
        time.sleep(7)  # nothing can be awaited: nothing must happen
        self.user_connects("one")
        self.assertEqual(self.journal(), before)
        self.assertEqual([line for line in self.kernel_messages() if "keep-alive timer" in line], [])

    def test_a_reset_connection_comes_back(self):
        write_conf("stacd", stacd_conf(reconnect_delay=1))
        self.finds("one")
        run("ip", "netns", "exec", NAMESPACE, "ss", "-K", "dst", "10.0.0.1")
        self.says("Connection lost", "stacd")
        self.says("Connection restored", "stacd")
        self.user_connects("one")

    def test_ipv6(self):
        self.finds("one", traddr="fd00::2")

    def test_a_restart_leaves_nothing_behind_at_the_target(self):
        """Controllers of this fabric live in the daemon: they end with it in order, and come back."""
        self.finds("one")
        restart(*DAEMONS)
        self.user_connects("one")
        stop(*DAEMONS)
        self.eventually("the target has no connection left", lambda: not run(
            "ip", "netns", "exec", NAMESPACE, "ss", "-Htn", "state", "established").stdout.strip())


if __name__ == "__main__":
    main()
