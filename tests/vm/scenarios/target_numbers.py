# SPDX-License-Identifier: Apache-2.0
"""Not a test: the bundled target beside the kernel's, with the same host, the same devices' sizes and the same load. Prints
operations per second and per second of processor time of the whole machine, which is what a target costs its users."""
import os
import sys

from lab import *  # pylint: disable=wildcard-import,unused-wildcard-import
from our_target import OurTarget, block_device

LOAD = "/opt/stas-test/tests/bench/block-load"
SECONDS = 8
SIZE = 256  # MiB
LINES = [(kind, size, depth) for size, depth in ((4096, 1), (4096, 32), (131072, 8)) for kind in ("read", "write")]


def busy():
    """Seconds of processor time of everything since the start, idle and waiting left out."""
    with open("/proc/stat", encoding="ascii") as file:
        user, nice, system, _, _, irq, softirq, *_ = map(int, file.readline().split()[1:])
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


class Numbers(OurTarget):
    def measure(self, name):
        self.eventually("the namespace is there", lambda: block_device("one"), LIMIT)
        found = []
        for kind, size, depth in LINES:
            before = busy()
            done = int(run(LOAD, block_device("one"), kind, str(size), str(depth), str(SECONDS)).stdout)
            found.append((done / SECONDS, done / (busy() - before)))
        nvme("disconnect-all")
        print(f"measured {name}: {[tuple(map(round, one)) for one in found]}", file=sys.stderr, flush=True)
        return found

    def ours(self, backend):
        target = self.serve({"nqn": nqn("one"), "namespaces": [{backend: f"{SIZE}MiB"}]})
        self.connect("one", "--nr-io-queues=1")
        found = self.measure(f"stas-target, {backend}")
        target.stop()
        return found

    def kernels(self, device):
        self.target.port(1)
        self.target.subsystem(nqn("one"), port=1, device=device)
        self.connect("one", "--nr-io-queues=1")
        found = self.measure(f"nvmet, {device}")
        self.target.clear()
        return found

    def test_numbers(self):
        run("modprobe", "null_blk", "gb=1", "queue_mode=2", "bs=512")
        run("modprobe", "brd", "rd_nr=1", f"rd_size={SIZE * 1024}")
        run("dd", "if=/dev/zero", "of=/dev/ram0", "bs=1M", check=False)
        rows = {"nvmet, null": self.kernels("/dev/nullb0"), "ours, null": self.ours("null"),
                "nvmet, RAM": self.kernels("/dev/ram0"), "ours, RAM": self.ours("ram")}
        head = [f"{kind} {size // 1024} KiB QD {depth}" for kind, size, depth in LINES]
        print("\n| IOPS, IOPS per CPU second | " + " | ".join(head) + " |\n|" + "---|" * (len(head) + 1))
        for name, found in rows.items():
            print(f"| {name} | " + " | ".join(f"{rate:,.0f}, {each:,.0f}" for rate, each in found) + " |")


if __name__ == "__main__":
    main()
