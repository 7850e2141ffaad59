# SPDX-License-Identifier: Apache-2.0
"""Numbers that an operator would ask for, measured from outside: start, memory, time from event to connection, tools.

Prints one line per number; the machine decides, so nothing is checked. STAS_BUILD names the build directory.
"""
import pathlib
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

from harness import CONNECTED, World, nqn, program, stacd_conf, stafd_conf  # noqa: E402
from processes import wait_for  # noqa: E402

ROUNDS = 20
ENTRIES = 1024


def tell(what, seconds):
    values = sorted(value * 1000 for value in seconds)
    print(f"{what:<58} median {statistics.median(values):8.2f} ms, min {values[0]:8.2f}, max {values[-1]:8.2f}",
          flush=True)


def timed(world, *argv):
    begin = time.monotonic()
    done = world.run(*argv)
    assert done.returncode == 0, done.stderr
    return time.monotonic() - begin


def starts(world):
    for make in (world.stafd, world.stacd):
        spans = []
        for _ in range(ROUNDS):
            daemon = make()
            spans.append(daemon.ready_at - daemon.started)
            daemon.stop()
        tell(f"{daemon.name}: process start to READY=1", spans)


def memory(daemon, when):
    rss, pss = daemon.memory_kib()
    print(f"{daemon.name + ': memory, ' + when:<58} RSS {rss} KiB, PSS {pss} KiB", flush=True)


def event_to_connection(target, stacd):
    spans = []
    for number in range(ROUNDS):
        name = nqn(f"round{number}")
        begin = time.monotonic()
        target.rpc("subsystem.add", nqn=name)
        at, _ = stacd.line(rf"{name}\).*{CONNECTED}")
        spans.append(at - begin)
    tell("subsystem added at the target to connected (loopback)", spans)


def main():
    world = World()
    try:
        target = world.target("one")
        large = world.target(*(f"n{number}" for number in range(ENTRIES - 1)), name="large")
        world.write_conf("stafd", stafd_conf(target.controller()))
        world.write_conf("stacd", stacd_conf(nr_io_queues=1))
        starts(world)
        stafd, stacd = world.stafd(), world.stacd()
        stacd.line(CONNECTED)
        time.sleep(0.5)
        for daemon in (stafd, stacd):
            memory(daemon, "idle with one connection")
        event_to_connection(target, stacd)
        tell("stafctl ls", [timed(world, program("stafctl"), "ls") for _ in range(ROUNDS)])
        stacd.stop()  # or it would connect to all of them
        world.write_conf("stafd", stafd_conf(target.controller(), large.controller()))
        begin = time.monotonic()
        stafd.reload()
        stafd.line(f"num records={ENTRIES}")
        tell(f"reload to a log page of {ENTRIES} entries read", [time.monotonic() - begin])
        dlp = [program("stafctl"), "dlp", "-a", large.traddr, "-s", large.port]
        wait_for("the page is served", lambda: world.run(*dlp).stdout.count("'subnqn'") == ENTRIES)
        tell(f"stafctl dlp with {ENTRIES} entries", [timed(world, *dlp) for _ in range(ROUNDS)])
        tell(f"stafctl --output=table dlp with {ENTRIES} entries",
             [timed(world, *dlp, "--output=table") for _ in range(ROUNDS)])
        memory(stafd, f"with a log page of {ENTRIES} entries")
    finally:
        complaints = world.close()
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
