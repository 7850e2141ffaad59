# SPDX-License-Identifier: Apache-2.0
"""The benchmark: our daemons, nvme-stas 2.4.1 and nvme-cli's udev rule side by side, in one run of the guest.

Prints a table; nothing here passes or fails. All figures are medians. What is compared is the ratio of two figures of
one run: under software emulation everything takes some 15 times longer than on an ordinary machine.

    comparison.py [--quick | --ours] [PART...]

--quick: without nvme-stas 2.4.1 among the silent controllers (minutes); --ours: nobody else.
"""
import ctypes
import fcntl
import mmap
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import threading
import time

from lab import *  # pylint: disable=wildcard-import,unused-wildcard-import
from lab import make_network

ADDS = 5
RULES = pathlib.Path("/run/udev/rules.d/70-nvmf-autoconnect.rules")
PEER_UNITS = pathlib.Path("/opt/peer/units")
OWN_UNITS = pathlib.Path("/etc/systemd/system")  # in front of
UNITS = pathlib.Path("/usr/lib/systemd/system")
SILENT = [f"10.0.0.{n}" for n in range(100, 132)]  # nobody has these addresses: no ARP answer

target = None  # the kernel's
uevents = None


def median_ms(seconds):
    return statistics.median(seconds) * 1000


# -- the bare kernel

class AdminCommand(ctypes.Structure):
    """struct nvme_admin_cmd of linux/nvme_ioctl.h."""
    _fields_ = [("opcode", ctypes.c_uint8), ("flags", ctypes.c_uint8), ("rsvd1", ctypes.c_uint16),
                ("nsid", ctypes.c_uint32), ("cdw2", ctypes.c_uint32), ("cdw3", ctypes.c_uint32),
                ("metadata", ctypes.c_uint64), ("addr", ctypes.c_uint64), ("metadata_len", ctypes.c_uint32),
                ("data_len", ctypes.c_uint32), ("cdw10", ctypes.c_uint32), ("cdw11", ctypes.c_uint32), ("cdw12", ctypes.c_uint32),
                ("cdw13", ctypes.c_uint32), ("cdw14", ctypes.c_uint32), ("cdw15", ctypes.c_uint32),
                ("timeout_ms", ctypes.c_uint32), ("result", ctypes.c_uint32)]


def read_log_page(name, length, chunk):
    """Get Log Page 70h, `length` bytes in transfers of `chunk`; returns seconds."""
    buffer = mmap.mmap(-1, chunk)
    address = ctypes.addressof(ctypes.c_char.from_buffer(buffer))
    begun = time.monotonic()
    with open(f"/dev/{name}", "rb", buffering=0) as device:
        for offset in range(0, length, chunk):
            size = min(chunk, length - offset)
            numd = size // 4 - 1
            command = AdminCommand(opcode=2, addr=address, data_len=size, cdw10=0x70 | (numd & 0xffff) << 16,
                                   cdw11=numd >> 16, cdw12=offset)
            fcntl.ioctl(device, 0xC0484E41, command)
    return time.monotonic() - begun


def bare_connect(subsystem, traddr=TARGET):
    """One write to /dev/nvme-fabrics; returns seconds."""
    begun = time.monotonic()
    device = os.open("/dev/nvme-fabrics", os.O_RDWR)
    try:
        os.write(device, f"nqn={subsystem},transport=tcp,traddr={traddr},trsvcid=8009,hostnqn={HOST_NQN},"
                         f"hostid={HOST_ID},ctrl_loss_tmo=600".encode())
    finally:
        os.close(device)
    return time.monotonic() - begun


# -- contenders

class Contender:
    """Somebody who connects what the discovery controller at TARGET lists."""
    daemons = ()

    def start(self):
        start(*self.daemons)

    def stop(self):
        stop(*self.daemons)

    def cpu(self):
        """Seconds of processor time that the daemons have used so far."""
        return sum(map(cpu_seconds, map(pid, self.daemons)))


def cpu_seconds(process):
    with open(f"/proc/{process}/schedstat", encoding="ascii") as file:
        main = int(file.read().split()[0])
    total = 0
    for task in os.listdir(f"/proc/{process}/task"):
        with open(f"/proc/{process}/task/{task}/schedstat", encoding="ascii") as file:
            total += int(file.read().split()[0])
    return max(main, total) / 1e9


class Stas(Contender):
    daemons = DAEMONS

    def __init__(self, own):
        self.name = "ours" if own else "nvme-stas 2.4.1"
        self.own = own

    def install(self):
        for daemon in DAEMONS:
            unit = OWN_UNITS / f"{daemon}.service"
            unit.unlink(missing_ok=True)
            if not self.own:
                unit.write_text((PEER_UNITS / f"{daemon}.service").read_text())
        systemctl("daemon-reload")
        self.configure()

    def configure(self, *silent):
        write_conf("stafd", stafd_conf(dc()))
        write_conf("stacd", stacd_conf(*[dc(address, nqn=nqn(f"silent-{address}")) for address in silent]))


class Sleep(Contender):
    """What systemd needs for a unit like ours, whatever it runs: `sleep` in the sandbox of our units."""
    daemons = DAEMONS
    name = "bare kernel"

    def install(self):
        for daemon in DAEMONS:
            text = (UNITS / f"{daemon}.service").read_text()
            text = re.sub(r"^ExecStart=.*", "ExecStart=/bin/sleep infinity", text, flags=re.M)
            text = re.sub(r"^Type=dbus", "Type=exec", text, flags=re.M)
            text = re.sub(r"^(BusName|WatchdogSec)=.*\n", "", text, flags=re.M)
            (OWN_UNITS / f"{daemon}.service").write_text(text)
        systemctl("daemon-reload")


class UdevRule(Contender):
    """nvme-cli: a persistent discovery controller, and the rule that runs `nvme connect-all` on its events."""
    name = "nvme-cli's udev rule"

    def install(self):
        RULES.unlink(missing_ok=True)

    def start(self):
        nvme("connect-all", "--persistent", "-t", "tcp", "-a", TARGET, "-s", 8009)

    def stop(self):
        pass


def clean():
    target.clear()
    no_controllers()
    # What nvme-cli's rule makes of that news would go on connecting.
    run("udevadm", "settle")
    systemctl("stop", "nvmf-connect@*.service", check=False)
    no_controllers()
    for daemon in DAEMONS:
        for directory in (f"/run/{daemon}", f"/var/cache/{daemon}"):
            shutil.rmtree(directory, ignore_errors=True)
    systemctl("reset-failed", check=False)


def publish(first, last):
    for n in range(first, last):
        target.subsystem(nqn(f"s{n}"), 1)


def live_after(mark, count, limit=120):
    """Waits for `count` "connected" events since `mark`; returns the time of the last one."""
    def times():
        return [at for at, e in uevents.of(mark, ACTION="change", NVME_EVENT="connected")]
    wait_for(f"{count} more live controllers", lambda: len(times()) >= count, limit, interval=0.02)
    return times()[count - 1]


def settled():
    """Until nobody has used the processor for a moment."""
    time.sleep(1.5)


def add_latency(contender, connected):
    """Times of one and of eight added subsystems; of a bare connect in between, as the machine is not always as fast;
    processor time for one; memory."""
    clean()
    target.port(1)
    target.port(2, traddr=TARGET_2)
    other = target.subsystem(nqn("other"), 2)
    publish(0, connected)
    contender.install()
    contender.start()
    wait_for("all connected", lambda: len(io_controllers(state="live")) == connected, 240)
    settled()
    took, bare_took, cpu = [], [], []
    for n in range(connected, connected + ADDS):
        subsystem = target.subsystem(nqn(f"s{n}"))
        before = contender.cpu()
        mark, begun = uevents.mark(), time.monotonic()
        target.link(1, subsystem)
        took.append(live_after(mark, 1) - begun)
        settled()
        cpu.append(contender.cpu() - before)
        bare_took.append(bare_connect(other, TARGET_2))
        nvme("disconnect", "-n", other)
        settled()
    names = [target.subsystem(nqn(f"burst{n}")) for n in range(8)]
    mark, begun = uevents.mark(), time.monotonic()
    target.link(1, *names)
    burst = live_after(mark, 8) - begun
    settled()
    memory = [pss_kib(pid(daemon)) for daemon in contender.daemons]
    contender.stop()
    return median_ms(took), burst * 1000, median_ms(cpu), memory, median_ms(bare_took)


def pss_kib(process):
    with open(f"/proc/{process}/smaps_rollup", encoding="ascii") as file:
        return int(re.search(r"^Pss: +(\d+)", file.read(), re.M)[1])


def start_up(contender, rounds=5):
    """systemctl start -> active, and the processor time that this took, for each daemon; nothing to connect."""
    result = {}
    clean()
    contender.install()
    write_conf("stafd", stafd_conf())
    for daemon in contender.daemons:
        took, cpu = [], []
        for _ in range(rounds):
            systemctl("reset-failed", check=False)
            start(daemon)
            entered = int(systemctl("show", "-P", "ActiveEnterTimestampMonotonic", daemon).stdout)
            began = int(systemctl("show", "-P", "InactiveExitTimestampMonotonic", daemon).stdout)
            took.append((entered - began) / 1e6)
            settled()
            cpu.append(cpu_seconds(pid(daemon)))
            memory = pss_kib(pid(daemon))
            stop(daemon)
        result[daemon] = (median_ms(took), median_ms(cpu), memory)
    return result


def cold(contender, count=64):
    """Both daemons started -> all connected."""
    clean()
    target.port(1)
    publish(0, count)
    contender.install()
    mark, begun = uevents.mark(), time.monotonic()
    contender.start()
    took = live_after(mark, count + 1, 240) - begun  # + 1: the discovery controller itself
    contender.stop()
    return took * 1000


def signalled(contender, entries=1024):
    """AEN -> pages read, cached and signalled on the bus; only stafd runs."""
    clean()
    target.port(1)
    publish(0, entries)
    contender.install()
    start("stafd")
    wait_for("all pages", lambda: page_size() > entries, 240, interval=0.5)
    settled()
    monitor = subprocess.Popen(["busctl", "monitor", "--match=type=signal,member=log_pages_changed"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert "Monitoring" in monitor.stderr.readline()
    came = []

    def read():
        for line in monitor.stdout:
            if "Member=log_pages_changed" in line:
                came.append(time.monotonic())
    threading.Thread(target=read, daemon=True).start()
    took = []
    for n in range(entries, entries + ADDS):
        subsystem = target.subsystem(nqn(f"s{n}"))
        mark, seen = uevents.mark(), len(came)
        target.link(1, subsystem)
        wait_for("the signal", lambda: len(came) > seen)  # pylint: disable=cell-var-from-loop
        took.append(came[seen] - uevents.of(mark, NVME_AEN="0x70f002")[0][0])
        settled()
    monitor.terminate()
    monitor.wait()
    name = discovery_controllers()[0].name
    length, largest = 1024 * (entries + ADDS + 2), largest_transfer(name)
    # Nobody knows how long the page is before its header was read.
    bare = statistics.median(read_log_page(name, 20, 20) + read_log_page(name, length, largest) for _ in range(5))
    stop("stafd")
    return median_ms(took), bare * 1000


def page_size():
    """How many entries the log page had that stafd read last: the subsystems and the discovery subsystem."""
    said = run("journalctl", "--no-pager", "-o", "cat", "-n", "20", "-u", "stafd", f"_PID={pid('stafd')}").stdout
    counts = re.findall(r"num records=(\d+)", said)
    return int(counts[-1]) if counts else 0


def largest_transfer(name):
    """What one Get Log Page may move: MDTS (Identify Controller, byte 77), what the driver can take, at most 1 MiB."""
    out = run("nvme", "id-ctrl", f"/dev/{name}").stdout
    mdts = int(re.search(r"^mdts\s*:\s*(\d+)", out, re.M)[1])
    for chunk in (1 << 20, 512 << 10, 256 << 10, 128 << 10, 64 << 10, 4096):
        if mdts and chunk > 4096 << mdts:
            continue
        try:
            read_log_page(name, chunk, chunk)
            return chunk
        except OSError:
            continue
    return 4096


def silence(contender, silent):
    """Beside silent controllers: a new subsystem live; an administrator's `nvme connect`; systemctl stop stacd."""
    clean()
    target.port(1)
    publish(0, 4)
    contender.install()
    contender.configure(*(SILENT if silent else ()))
    contender.start()
    wait_for("all connected", lambda: len(io_controllers(state="live")) == 4, 400)
    settled()
    subsystem = target.subsystem(nqn("late"))
    mark, begun = uevents.mark(), time.monotonic()
    target.link(1, subsystem)
    wait_for("late is live", lambda: any(c.subsysnqn == subsystem for c in io_controllers(state="live")), 400)
    added = time.monotonic() - begun
    target.port(2, traddr=TARGET_2)
    admin = target.subsystem(nqn("admin"), 2)
    begun = time.monotonic()
    run("nvme", "connect", "-t", "tcp", "-a", TARGET_2, "-s", "8009", "-n", admin, limit=400)
    connected = time.monotonic() - begun
    begun = time.monotonic()
    run("systemctl", "stop", "stacd", limit=400)
    stopped = time.monotonic() - begun
    contender.stop()
    return added * 1000, connected * 1000, stopped * 1000


def bare():
    """64 writes in a row; the median of one; the read of a small log page."""
    clean()
    target.port(1)
    publish(0, 64)
    bare_connect(DISCOVERY_NQN)
    name = discovery_controllers()[0].name
    page = statistics.median(read_log_page(name, 1024 * 6, 1024 * 6) for _ in range(9))
    took = [bare_connect(nqn(f"s{n}")) for n in range(64)]
    return median_ms(took), sum(took) * 1000, page * 1000


ROWS = []


def row(what, **cells):
    ROWS.append((what, cells))
    print(what, cells, file=sys.stderr, flush=True)


def ms(value):
    return "" if value is None else f"{value:,.0f} ms" if value >= 10 else f"{value:.1f} ms"


def table():
    columns = ("bare kernel", "nvme-cli's udev rule", "nvme-stas 2.4.1", "ours")
    print("| | " + " | ".join(columns) + " |")
    print("|---|" + "---|" * len(columns))
    for what, cells in ROWS:
        print(f"| {what} | " + " | ".join(cells.get(column, "") for column in columns) + " |")


def measure(argv):
    parts = [a for a in argv if not a.startswith("-")]
    wants = lambda part: not parts or part in parts
    contenders = [Stas(False), Stas(True)]
    if "--ours" in argv or not PEER_UNITS.exists():
        contenders = [Stas(True)]
    bare_one, bare_all, bare_page = bare()
    row("one connect; 64 in a row; read of a small log page",
        **{"bare kernel": f"{ms(bare_one)}; {ms(bare_all)}; {ms(bare_page)}"})
    if wants("start"):
        ups = {c.name: start_up(c) for c in (Sleep(), *contenders)}
        for n, what in ((0, "`systemctl start` to READY"), (1, "CPU at start"), (2, "PSS idle")):
            unit = (lambda v: f"{v / 1024:.1f} MiB") if n == 2 else ms
            cells = {name: ", ".join(unit(up[d][n]) for d in DAEMONS) for name, up in ups.items()}
            row(what + " (stafd, stacd)", **cells)
    if wants("add"):
        for connected in (4, 64):
            done = {c.name: add_latency(c, connected) for c in ([] if "--ours" in argv else [UdevRule()]) + contenders}
            bare_one = statistics.median(d[4] for d in done.values())
            row(f"subsystem added to controller live, {connected} connected",
                **{"bare kernel": ms(bare_one + bare_page)}, **{name: ms(d[0]) for name, d in done.items()})
            row(f"8 added at once to all live, {connected} connected",
                **{"bare kernel": ms(8 * bare_one)}, **{name: ms(d[1]) for name, d in done.items()})
            row(f"CPU per added subsystem, both daemons, {connected} connected",
                **{name: ms(d[2]) for name, d in done.items() if d[3]})
            row(f"PSS, {connected + ADDS + 8} connected (stafd, stacd)",
                **{name: ", ".join(f"{k / 1024:.1f} MiB" for k in d[3]) for name, d in done.items() if d[3]})
    if wants("cold"):
        row("both daemons started to 64 connected", **{"bare kernel": ms(bare_all)},
            **{c.name: ms(cold(c)) for c in contenders})
    if wants("page"):
        done = {c.name: signalled(c) for c in contenders}
        row("1,024 entries: AEN to pages cached and signalled", **{"bare kernel": ms(min(d[1] for d in done.values()))},
            **{name: ms(d[0]) for name, d in done.items()})
    if wants("silent"):
        what = "new subsystem live; `nvme connect`; `systemctl stop stacd`"
        calm = {c.name: silence(c, False) for c in contenders}
        row(what, **{name: "; ".join(map(ms, d)) for name, d in calm.items()})
        loud = {c.name: silence(c, True) for c in contenders if c.own or "--quick" not in argv}
        row(f"the same beside {len(SILENT)} silent controllers",
            **{name: "; ".join(map(ms, d)) for name, d in loud.items()})


if __name__ == "__main__":
    make_network()
    target, uevents = Nvmet(NAMESPACE), Uevents()
    try:
        measure(sys.argv[1:])
    finally:
        table()
        clean()
