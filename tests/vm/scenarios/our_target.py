# SPDX-License-Identifier: Apache-2.0
"""Our bundled target against hosts that are not ours: nvme-cli and the kernel alone, none of our daemons."""
import os
import re

from lab import *  # pylint: disable=wildcard-import,unused-wildcard-import

MIB = 1 << 20
RULES = pathlib.Path("/run/udev/rules.d/70-nvmf-autoconnect.rules")


def block_device(name):
    """The path of a subsystem's first namespace, '' while there is none."""
    for subsystem in pathlib.Path("/sys/class/nvme-subsystem").glob("nvme-subsys*"):
        if (subsystem / "subsysnqn").read_text(encoding="ascii").strip() == nqn(name):
            # Below the subsystem if it may have several paths, else below its controller.
            for path in (*subsystem.glob("nvme*n1"), *subsystem.glob("nvme*/nvme*n1")):
                if os.path.exists(f"/dev/{path.name}"):
                    return f"/dev/{path.name}"
    return ""


def with_namespace(name, lba=512, size="4MiB"):
    return {"nqn": nqn(name), "serial": "SERIAL7", "model": "witness", "firmware": "9.1",
            "namespaces": [{"ram": size, "lba": lba}]}


class OurTarget(Scenario):
    def serve(self, *subsystems, listener=None, **discovery):
        """The bundled target with options of its listener."""
        config = {"discovery": discovery, "subsystems": list(subsystems),
                  "listeners": [{"traddr": TARGET, "trsvcid": "8009", **(listener or {})}]}
        target = harness.Target(self, "target", config, prefix=("ip", "netns", "exec", NAMESPACE))
        self._processes.append(target)
        return target

    def connect(self, name, *options):
        """By nvme-cli; returns the live controller."""
        nvme_connect(name, TARGET, 8009, *options)
        return self.eventually(f"{name} is live", lambda: io_controllers(subsysnqn=nqn(name), state="live"), LIMIT)[0]


class Commands(OurTarget):
    def test_discover_lists_what_is_configured(self):
        self.serve({"nqn": nqn("one")}, {"nqn": nqn("two")})
        for options in ((), ("--hdr-digest", "--data-digest")):
            page = json.loads(nvme("discover", "-t", "tcp", "-a", TARGET, "-s", 8009, "-o", "json", *options).stdout)
            self.assertEqual(sorted((record["subnqn"], record["subtype"]) for record in page["records"]),
                             [(DISCOVERY_NQN, "current discovery subsystem"), (nqn("one"), "nvme subsystem"),
                              (nqn("two"), "nvme subsystem")], options)
            for record in page["records"]:
                self.assertEqual((record["trtype"], record["adrfam"], record["traddr"], record["trsvcid"]),
                                 ("tcp", "ipv4", TARGET, "8009"))
        self.assertEqual(controllers(), [], "nothing stays connected")

    def test_connect_all_and_list_subsys(self):
        target = self.serve({"nqn": nqn("one")}, {"nqn": nqn("two")})
        nvme("connect-all", "-t", "tcp", "-a", TARGET, "-s", 8009)
        self.connects("one", "two")
        subsystems = {}
        for host in json.loads(nvme("list-subsys", "-o", "json").stdout):
            self.assertEqual(host["HostNQN"], HOST_NQN)
            subsystems.update({row["NQN"]: row["Paths"] for row in host["Subsystems"]})
        self.assertEqual(sorted(subsystems), [nqn("one"), nqn("two")])
        for paths in subsystems.values():
            self.assertEqual([(path["Transport"], path["State"]) for path in paths], [("tcp", "live")])
            self.assertIn(f"traddr={TARGET},trsvcid=8009", paths[0]["Address"])
        self.assertEqual(len(target.held("one", "two")), 2)
        self.assertEqual({row["hostnqn"] for row in target.rpc("controllers.list")}, {HOST_NQN})

    def test_disconnect_ends_it_on_both_sides(self):
        target = self.serve({"nqn": nqn("one")}, {"nqn": nqn("two")})
        self.connect("one")
        self.connect("two")
        nvme("disconnect", "-n", nqn("one"))
        self.connects("two")
        self.eventually("the target has let it go", lambda: not target.hosts_of(nqn("one")), LIMIT)
        nvme("disconnect-all")
        self.eventually("all are gone", lambda: not controllers() and not target.rpc("controllers.list"), LIMIT)

    def test_identify(self):
        self.serve(with_namespace("one"))
        controller = self.connect("one", "--nr-io-queues=2")
        self.assertEqual(controller.queue_count, "3")
        device = self.eventually("the namespace is there", lambda: block_device("one"), LIMIT)
        found = json.loads(nvme("id-ctrl", f"/dev/{controller.name}", "-o", "json").stdout)
        self.assertEqual([found[key].strip() for key in ("sn", "mn", "fr", "subnqn")],
                         ["SERIAL7", "witness", "9.1", nqn("one")])
        self.assertEqual((found["cntrltype"], found["cntlid"], found["nn"] >= 1), (1, int(controller.cntlid), True))
        space = json.loads(nvme("id-ns", device, "-o", "json").stdout)
        self.assertEqual((space["nsze"], space["ncap"]), (4 * MIB // 512,) * 2)
        self.assertEqual(space["lbafs"][space["flbas"] & 15]["ds"], 9)

    def test_wrong_nqn_is_refused(self):
        self.serve({"nqn": nqn("one")})
        done = nvme_connect("other", check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(controllers(), [])
        self.assertTrue(any("Invalid" in line for line in self.kernel_messages()), self.kernel_messages())


class InputOutput(OurTarget):
    """Random data written and read back through the kernel, in pieces that fit into a capsule and ones that do not."""

    def verify(self, *options, lba=512, listener=None):
        target = self.serve(with_namespace("one", lba), listener=listener)
        self.connect("one", "--nr-io-queues=2", *options)
        device = self.eventually("the namespace is there", lambda: block_device("one"), LIMIT)
        data = self.path / "data"
        data.write_bytes(os.urandom(4 * MIB))
        self.copy(data, device, "64K", "oflag=direct")
        self.copy(data, device, "4K", "oflag=direct", "count=64", "conv=notrunc")
        back = self.path / "back"
        self.copy(device, back, "256K", "iflag=direct")
        self.assertTrue(data.read_bytes() == back.read_bytes(), "what was read is not what was written")
        connections = target.rpc("target.stats")["connections"]
        self.assertEqual((connections["protocol_errors"], connections["digest_errors"]), (0, 0))
        self.assertEqual([line for line in self.kernel_messages() if re.search("I/O error|digest error", line)], [])
        return target, device

    def copy(self, source, sink, size, *options, check=True):
        return run("dd", f"if={source}", f"of={sink}", f"bs={size}", "status=none", *options, check=check)

    def test_in_capsule_data(self):
        self.verify()

    def test_r2t(self):
        """Without room in the capsule each write waits for the target's request."""
        self.verify(listener={"in_capsule": 0, "maxh2cdata": 16384})

    def test_4096_byte_blocks(self):
        _, device = self.verify(lba=4096)
        self.assertEqual(run("blockdev", "--getss", device).stdout.strip(), "4096")

    def test_digests(self):
        """They are really on: the kernel notices a wrong one."""
        target, device = self.verify("--hdr-digest", "--data-digest", "--reconnect-delay=1")
        target.rpc("fault.add", what="bad_ddgst", opcode="read", queue="io")
        self.copy(device, self.path / "back", "4K", "iflag=direct", "count=1", check=False)
        self.eventually("the kernel saw the wrong digest",
                        lambda: any("digest" in line for line in self.kernel_messages()), LIMIT)

    def test_digests_with_r2t(self):
        self.verify("--hdr-digest", "--data-digest", listener={"in_capsule": 0})


class PersistentDiscovery(OurTarget):
    def setUp(self):
        super().setUp()
        # nvme-cli's rule would read the log page behind our back.
        RULES.parent.mkdir(parents=True, exist_ok=True)
        RULES.symlink_to("/dev/null")
        self.addCleanup(self._unmask)
        run("udevadm", "control", "--reload")
        self.uevents = Uevents()

    def _unmask(self):
        RULES.unlink()
        run("udevadm", "control", "--reload")
        self.uevents.close()

    def discover(self):
        nvme("discover", "-t", "tcp", "-a", TARGET, "-s", 8009, "--persistent", "--keep-alive-tmo=30")
        return discovery_controllers()[0]

    def notices(self, controller):
        return self.uevents.count(NVME_AEN="0x70f002", DEVNAME=controller.name)

    def test_change_is_notified_once_per_read(self):
        target = self.serve({"nqn": nqn("one")})
        controller = self.discover()
        target.rpc("subsystem.add", nqn=nqn("two"))
        self.eventually("a notice", lambda: self.notices(controller) == 1, LIMIT)
        target.rpc("subsystem.add", nqn=nqn("three"))
        self.never(1, "a second notice before the page was read", lambda: self.notices(controller) > 1)
        page = nvme("discover", "--device", controller.name, "-t", "tcp", "-a", TARGET, "-s", 8009, "-o", "json")
        self.assertEqual(len(json.loads(page.stdout)["records"]), 4, "three subsystems and the DC itself")
        target.rpc("subsystem.remove", nqn=nqn("two"))
        self.eventually("a notice after the read", lambda: self.notices(controller) == 2, LIMIT)

    def test_dim_register(self):
        target = self.serve({"nqn": nqn("one")}, dctype="cdc")
        controller = self.discover()
        self.assertEqual(controller.dctype, "cdc")
        self.assertEqual(target.rpc("dim.list"), [])
        nvme("dim", "-d", controller.name, "--task", "register")
        self.assertEqual([(row["hostnqn"], row["traddr"]) for row in target.rpc("dim.list")],
                         [(HOST_NQN, "10.0.0.1")])
        nvme("dim", "-d", controller.name, "--task", "deregister")
        self.assertEqual(target.rpc("dim.list"), [])


class KeepAlive(OurTarget):
    KATO = 2

    def connect_with_kato(self):
        target = self.serve({"nqn": nqn("one")})
        controller = self.connect("one", f"--keep-alive-tmo={self.KATO}", "--reconnect-delay=1", "--nr-io-queues=1")
        self.assertEqual(controller.kato, str(self.KATO))
        return target, target.held("one")

    def test_connection_stays_up_beyond_its_timeout(self):
        target, held = self.connect_with_kato()
        self.never(3 * self.KATO, "a lost connection", lambda: live_nqns() != [nqn("one")])
        stats = target.rpc("target.stats")
        self.assertEqual(target.held("one"), held)
        self.assertGreaterEqual(stats["keep_alives"], 3)
        self.assertEqual(stats["kato_expired"], 0)

    def test_host_that_vanishes_is_dropped_and_comes_back(self):
        target, _ = self.connect_with_kato()
        run("ip", "-n", NAMESPACE, "link", "set", "t0", "down")
        self.undo_later("ip", "-n", NAMESPACE, "link", "set", "t0", "up")
        self.eventually("the timeout at the target", lambda: target.rpc("target.stats")["kato_expired"] == 1, LIMIT)
        self.eventually("its controller is gone", lambda: target.held("one") == [], LIMIT)
        run("ip", "-n", NAMESPACE, "link", "set", "t0", "up")
        self.eventually("the host is back", lambda: len(target.held("one")) == 1 and live_nqns(), LIMIT)
        self.assertEqual(target.rpc("target.stats")["connects"]["admin"], 2)


if __name__ == "__main__":
    main()
