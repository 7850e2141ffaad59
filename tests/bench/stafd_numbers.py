# SPDX-License-Identifier: Apache-2.0
"""stafd beside a thousand discovery controllers with long pages, and how fast it passes on that one has changed.

Prints numbers and checks nothing; the machine decides. STAS_BUILD names the build directory, STAS_DCS the number of
discovery controllers (1000), STAS_ENTRIES the entries of each (500). A listener of the bundled target is one controller.
A start that takes as long as both ends compute is as fast as it can be on one processor.
"""
import os
import pathlib
import re
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

import raw_bus  # noqa: E402
from harness import NAMES, World, nqn, stafd_conf  # noqa: E402
from processes import wait_for  # noqa: E402

DCS = int(os.environ.get("STAS_DCS", "1000"))
ENTRIES = int(os.environ.get("STAS_ENTRIES", "500"))
ROUNDS = 20


def seconds_used(process):
    """Processor time so far, to the nanosecond, of all threads."""
    return sum(int((task / "schedstat").read_text().split()[0])
               for task in pathlib.Path(f"/proc/{process.pid}/task").iterdir()) / 1e9


def print_line(what, value):
    print(f"{what:<80} {value}", flush=True)


class Signals(raw_bus.Client):
    """Hears that log pages have changed."""

    def __init__(self, address):
        super().__init__(address)
        body = raw_bus.Buffer()
        body.text(f"type='signal',interface='{NAMES['stafd']}',member='log_pages_changed'")
        bus = "org.freedesktop.DBus"
        self.answer(self.send_message(raw_bus.METHOD_CALL, {
            raw_bus.DESTINATION: bus, raw_bus.PATH: "/org/freedesktop/DBus", raw_bus.INTERFACE: bus,
            raw_bus.MEMBER: "AddMatch", raw_bus.SIGNATURE: "s"}, body))

    def wait(self):
        while True:
            head = self._exactly(16)
            fields = int.from_bytes(head[12:16], "little")
            self._exactly(fields + -fields % 8 + int.from_bytes(head[4:8], "little"))
            if head[1] == raw_bus.SIGNAL:
                return time.monotonic()


def start_with(count):
    """How long a start takes until that many pages are known, what that costs, and what is kept."""
    world = World()
    try:
        entries = [{"traddr": "192.0.2.1", "trsvcid": "4420", "subnqn": nqn(f"array:{number}")}
                   for number in range(ENTRIES)]
        target = world.target(listeners=count, raw_entries=entries, self_entries=False)
        ports = [listener["trsvcid"] for listener in target.listeners]
        lines = [f"transport=tcp;traddr=127.0.0.1;trsvcid={port}" for port in ports]
        before = seconds_used(target)
        begin = time.monotonic()
        stafd = world.stafd(stafd_conf(*lines))
        pages = rf"num records={ENTRIES}\)"
        wait_for("all pages are read", lambda: stafd.count(pages) >= count, limit=300)
        at = max(stamp for stamp, text in stafd.lines if re.search(pages, text))
        wall, wire, own = at - begin, seconds_used(target) - before, seconds_used(stafd)
        rss, _ = stafd.memory_kib()
        print_line(f"{count} controllers with {ENTRIES} entries: start to all pages known", f"{wall:.2f} s")
        print_line("  processor time of stafd, of the target, and how many times both that it took",
                   f"{own:.2f} s, {wire:.2f} s, {wall / (own + wire):.2f}")
        print_line("  stafd's memory (RSS), and per controller", f"{rss} KiB, {rss / count:.0f} KiB")
        return rss
    finally:
        world.close()


def notified():
    """From the change at the target, by way of the event and the page, to the signal on the bus."""
    world = World()
    try:
        targets = [world.target("one", name=f"target{number}") for number in range(ROUNDS)]
        world.stafd(stafd_conf(*(target.controller() for target in targets)))
        signals = Signals(world.env["DBUS_SYSTEM_BUS_ADDRESS"])
        time.sleep(1)  # until all pages were read
        spans = []
        for target in targets:
            begin = time.monotonic()
            target.rpc("subsystem.add", nqn=nqn("two"))
            spans.append((signals.wait() - begin) * 1000)
        signals.close()
        spans.sort()
        print_line("a subsystem added at the target to the signal",
                   f"median {statistics.median(spans):.2f} ms, min {spans[0]:.2f}, max {spans[-1]:.2f}")
    finally:
        world.close()


def main():
    notified()
    kept = {count: start_with(count) for count in sorted({max(1, DCS // 4), max(1, DCS // 2), DCS})}
    counts = sorted(kept)
    if len(counts) == 3:
        first = (kept[counts[1]] - kept[counts[0]]) / (counts[1] - counts[0])
        second = (kept[counts[2]] - kept[counts[1]]) / (counts[2] - counts[1])
        print_line("memory per further controller, from a quarter to a half, to all",
                   f"{first:.1f} KiB, {second:.1f} KiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
