# SPDX-License-Identifier: Apache-2.0
"""The bundled target's harder parts against the kernel's host alone: DH-HMAC-CHAP, ANA with failover under I/O, namespaces
that grow, keep-alive by traffic. What our own host implementation says of them proves little: this does."""
import os
import re
import subprocess

from lab import *  # pylint: disable=wildcard-import,unused-wildcard-import
from our_target import MIB, OurTarget, block_device, with_namespace


def new_key(hmac=0):
    return nvme("gen-dhchap-key", f"--hmac={hmac}", "-n", HOST_NQN).stdout.strip()


class Authentication(OurTarget):
    def setUp(self):
        super().setUp()
        self.key, self.controller_key = new_key(1), new_key(3)

    def secured(self, **auth):
        subsystem = with_namespace("one")
        subsystem["auth"] = [{"host": HOST_NQN, "key": self.key, "controller_key": self.controller_key, **auth}]
        return self.serve(subsystem)

    def outcome(self, target):
        return target.rpc("target.stats")["authentication"]

    def test_every_hash_with_a_group_in_both_directions(self):
        for hash_, group in (("sha256", "null"), ("sha384", "ffdhe2048"), ("sha512", "ffdhe3072")):
            target = self.secured(hash=hash_, dhgroup=group)
            self.connect("one", "--nr-io-queues=1", f"--dhchap-secret={self.key}",
                         f"--dhchap-ctrl-secret={self.controller_key}")
            self.eventually("the namespace is there", lambda: block_device("one"), LIMIT)
            self.assertEqual(self.outcome(target)["failed"], 0, (hash_, group))
            self.assertGreaterEqual(self.outcome(target)["succeeded"], 1)
            self.assertTrue(any(re.search(f"{hash_}.*{group}|{group}.*{hash_}", line)
                                for line in self.kernel_messages()), self.kernel_messages())
            nvme("disconnect-all")
            target.stop()

    def test_wrong_keys_are_refused_on_either_side(self):
        target = self.secured(hash="sha256", dhgroup="null")
        done = nvme_connect("one", TARGET, 8009, f"--dhchap-secret={new_key()}", check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(self.outcome(target)["failed"], 1)
        done = nvme_connect("one", TARGET, 8009, f"--dhchap-secret={self.key}", f"--dhchap-ctrl-secret={new_key()}",
                            check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(controllers(), [])

    def test_re_authentication_with_a_key_changed_at_run_time(self):
        target = self.secured(hash="sha256", dhgroup="null")
        controller = self.connect("one", "--nr-io-queues=1", f"--dhchap-secret={self.key}",
                                  f"--dhchap-ctrl-secret={self.controller_key}")
        before = self.outcome(target)["succeeded"]
        key = new_key()
        target.rpc("host.set_keys", nqn=nqn("one"), host=HOST_NQN, key=key, controller_key=self.controller_key,
                   hash="sha512", dhgroup="null")
        pathlib.Path("/sys/class/nvme", controller.name, "dhchap_secret").write_text(key, encoding="ascii")
        self.eventually("the queue uses sha512 by now", lambda: any(
            "sha512" in line for line in self.kernel_messages()), LIMIT)
        self.assertGreaterEqual(self.outcome(target)["succeeded"], before)
        self.assertEqual(self.outcome(target)["failed"], 0)
        self.assertEqual(io_controllers(subsysnqn=nqn("one"))[0].state, "live")


class Storage(OurTarget):
    def two_paths(self):
        subsystem = dict(with_namespace("one"), ana=True)
        config = {"subsystems": [subsystem],
                  "listeners": [{"id": 1, "traddr": TARGET, "trsvcid": "8009"},
                                {"id": 2, "traddr": TARGET, "trsvcid": "8010",
                                 "ana_groups": [{"id": 1, "state": "inaccessible"}]}]}
        target = harness.Target(self, "target", config, prefix=("ip", "netns", "exec", NAMESPACE))
        self._processes.append(target)
        for port in (8009, 8010):
            nvme_connect("one", TARGET, port, "--nr-io-queues=1")
        self.eventually("both paths are live",
                        lambda: len(io_controllers(subsysnqn=nqn("one"), state="live")) == 2, LIMIT)
        return target

    def states(self):
        """ANA state by port, as the kernel sees it."""
        found = {}
        for controller in io_controllers(subsysnqn=nqn("one")):
            for path in pathlib.Path("/sys/class/nvme", controller.name).glob("nvme*c*n1/ana_state"):
                found[re.search("trsvcid=([0-9]+)", controller.address).group(1)] = path.read_text().strip()
        return found

    def io(self, target):
        """Reads and writes by listener."""
        return {row["listener"]: sum(row["by_opcode"]["io"].get(code, 0) for code in ("0x01", "0x02"))
                for row in target.hosts_of(nqn("one"))}

    def test_failover_by_ana_loses_no_data(self):
        target = self.two_paths()
        self.eventually("the kernel knows both states", lambda: self.states() == {
            "8009": "optimized", "8010": "inaccessible"}, LIMIT)
        device = self.eventually("the namespace is there", lambda: block_device("one"), LIMIT)
        data = self.path / "data"
        data.write_bytes(os.urandom(4 * MIB))
        half = ["bs=64K", "oflag=direct", "conv=notrunc", "status=none", "count=32"]
        run("dd", f"if={data}", f"of={device}", *half)
        self.assertEqual(self.io(target)[2], 0, "nothing goes by an inaccessible path")
        for listener, state in ((1, "inaccessible"), (2, "optimized")):
            target.rpc("ana.set", listener=listener, id=1, state=state)
        self.eventually("the kernel has changed over", lambda: self.states() == {
            "8009": "inaccessible", "8010": "optimized"}, LIMIT)
        before = self.io(target)
        run("dd", f"if={data}", f"of={device}", *half, "skip=32", "seek=32")
        back = self.path / "back"
        run("dd", f"if={device}", f"of={back}", "bs=64K", "iflag=direct", "status=none")
        self.assertTrue(data.read_bytes() == back.read_bytes(), "what was read is not what was written")
        after = self.io(target)
        self.assertEqual(after[1], before[1])
        self.assertGreater(after[2], before[2])
        self.assertEqual([line for line in self.kernel_messages() if "I/O error" in line], [])

    def verifier(self, device, part):
        """Writes a part of 1 MiB again and again, past the page cache, and reads back what it wrote, until told to stop."""
        data = self.path / f"data{part}"
        script = (f"round=0; while [ ! -e {self.path}/stop ]; do head -c 1M /dev/urandom >{data};"
                  f" dd if={data} of={device} bs=16K seek={64 * part} oflag=direct conv=notrunc status=none &&"
                  f" dd if={device} of={data}.back bs=16K skip={64 * part} count=64 iflag=direct status=none &&"
                  f" cmp {data} {data}.back || exit 1; round=$((round + 1)); done; echo $round rounds")
        return subprocess.Popen(["sh", "-c", script], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def test_resets_under_io_lose_no_data(self):
        """As blktests' nvme/040: the kernel's host resets its controller while data is written and verified."""
        target = self.serve(with_namespace("one"))
        name = self.connect("one", "--nr-io-queues=2").name
        device = self.eventually("the namespace is there", lambda: block_device("one"), LIMIT)

        def moved():
            counts = target.rpc("target.stats")["commands"]["io"]
            return sum(counts.get(code, 0) for code in ("0x01", "0x02"))

        verifiers = [self.verifier(device, part) for part in range(4)]
        self.addCleanup(lambda: [one.kill() for one in verifiers if one.poll() is None])
        for _ in range(6):
            enough = moved() + 40
            self.eventually("data moves", lambda least=enough: moved() >= least, LIMIT)
            pathlib.Path("/sys/class/nvme", name, "reset_controller").write_text("1", encoding="ascii")
        self.eventually("it is live again", lambda: [one.name for one in io_controllers(
            subsysnqn=nqn("one"), state="live")] == [name], LIMIT)
        (self.path / "stop").touch()
        for one in verifiers:
            said, _ = one.communicate(timeout=LIMIT)
            self.assertEqual(one.returncode, 0, said)
            self.assertRegex(said, r"^[1-9][0-9]* rounds$")
        self.assertEqual(len(target.held("one")), 1)
        self.assertEqual(target.rpc("target.stats")["connects"]["admin"], 1 + 6)

    def test_a_namespace_grows_while_it_is_used(self):
        target = self.serve(with_namespace("one"))
        self.connect("one", "--nr-io-queues=1")
        device = self.eventually("the namespace is there", lambda: block_device("one"), LIMIT)
        sectors = pathlib.Path("/sys/block", os.path.basename(device), "size")
        self.assertEqual(int(sectors.read_text()), 4 * MIB // 512)
        target.rpc("namespace.resize", nqn=nqn("one"), nsid=1, size="8MiB")
        self.eventually("the kernel knows its new size", lambda: int(sectors.read_text()) == 8 * MIB // 512, LIMIT)

    def test_a_block_is_uncorrectable_until_it_is_written(self):
        self.serve(with_namespace("one"))
        self.connect("one", "--nr-io-queues=1")
        device = self.eventually("the namespace is there", lambda: block_device("one"), LIMIT)
        nvme("write-uncor", device, "--start-block=64", "--block-count=0")

        def read(block):
            return run("dd", f"if={device}", "of=/dev/null", "bs=512", f"skip={block}", "count=1", "iflag=direct", check=False)

        self.assertRegex(read(64).stderr, "Input/output error|No data available")
        self.assertEqual([read(block).returncode for block in (63, 65)], [0, 0])
        self.assertTrue(any("critical medium error" in line for line in self.kernel_messages()), self.kernel_messages())
        run("dd", "if=/dev/zero", f"of={device}", "bs=512", "seek=64", "count=1", "oflag=direct", "conv=notrunc")
        self.assertEqual(read(64).returncode, 0)

    def test_a_block_device_and_a_file_hold_namespaces(self):
        """What the kernel writes through the target is what is on the device and in the file behind it."""
        images = [self.path / "block.image", self.path / "file.image"]
        for image in images:
            run("truncate", "-s", str(4 * MIB), image)
        loop = run("losetup", "-f", "--show", images[0]).stdout.strip()
        self.addCleanup(run, "losetup", "-d", loop, check=False)
        self.serve({"nqn": nqn("one"), "namespaces": [{"block": loop}]},
                   {"nqn": nqn("two"), "namespaces": [{"file": str(images[1]), "lba": 4096}]})
        data = self.path / "data"
        data.write_bytes(os.urandom(4 * MIB))
        for name, path in (("one", loop), ("two", images[1])):
            self.connect(name, "--nr-io-queues=1")
            device = self.eventually("the namespace is there", lambda name=name: block_device(name), LIMIT)
            run("dd", f"if={data}", f"of={device}", "bs=64K", "oflag=direct", "conv=fsync", "status=none")
            self.assertTrue(pathlib.Path(path).read_bytes() == data.read_bytes(), name)

    def test_a_disabled_subsystem_comes_back_with_its_data(self):
        target = self.serve(with_namespace("one"))
        self.connect("one", "--nr-io-queues=1", "--reconnect-delay=1")
        device = self.eventually("the namespace is there", lambda: block_device("one"), LIMIT)
        data = self.path / "data"
        data.write_bytes(os.urandom(MIB))
        run("dd", f"if={data}", f"of={device}", "bs=64K", "oflag=direct", "status=none")
        target.rpc("subsystem.set", nqn=nqn("one"), enabled=False)
        self.eventually("the connection is lost", lambda: not io_controllers(subsysnqn=nqn("one"), state="live"), LIMIT)
        target.rpc("subsystem.set", nqn=nqn("one"), enabled=True)
        nvme("disconnect-all")
        self.connect("one", "--nr-io-queues=1")
        device = self.eventually("the namespace is there again", lambda: block_device("one"), LIMIT)
        back = self.path / "back"
        run("dd", f"if={device}", f"of={back}", "bs=64K", "count=16", "iflag=direct", "status=none")
        self.assertTrue(data.read_bytes() == back.read_bytes(), "what was read is not what was written")


if __name__ == "__main__":
    main()
