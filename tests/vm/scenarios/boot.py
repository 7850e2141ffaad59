# SPDX-License-Identifier: Apache-2.0
"""A file system on NVMe/TCP in fstab (_netdev): the guest boots with it, is rebooted, boots again, is powered off, boots.

One file, three boots of one disk; the array (boot.beside) is outside and there all the time. A service writes until the
shutdown stops it, syncs nothing and leaves the check sum on the local disk: the next boot must find every byte. The
network is a slow one: its address comes well after network.target, and is taken away at shutdown. boot.after judges the
console and what is on the array at the end.
"""
from lab import *  # pylint: disable=wildcard-import,unused-wildcard-import

BOOT = int(os.environ["BOOT"])
RESULTS = pathlib.Path(os.environ["RESULTS"])
WHERE, UNITS = pathlib.Path("/mnt/data"), pathlib.Path("/etc/systemd/system")
SUM, FOUND = pathlib.Path("/var/lib/written.sum"), pathlib.Path("/run/found.sum")
ADDRESS_AFTER = 5  # seconds

CARD = "card=$(basename /sys/class/net/ens*); ip link"
ADDRESS = f"""[Unit]
Description=The address of the storage network
After=network.target
Before=network-online.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c 'until [ -e /sys/class/net/ens* ]; do sleep 0.2; done; sleep {ADDRESS_AFTER}; {CARD} set $card up; ip address add 10.0.2.15/24 dev $card'
ExecStop=/bin/sh -c '{CARD} set $card down'
[Install]
WantedBy=network-online.target
"""

WRITER = f"""[Unit]
Description=The writer
RequiresMountsFor={WHERE}
[Service]
ExecStart=/usr/bin/python3 /usr/local/sbin/writer
[Install]
WantedBy=multi-user.target
"""

# Looks at what was written before, and ends with a file of which half was written when the shutdown had begun.
WRITE = f"""import hashlib, os, signal, sys
def digest():
    with open("{WHERE}/file", "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()
def end(*_):
    with open("{WHERE}/file", "ab") as file:
        file.write(os.urandom(4 << 20))
    with open("{SUM}", "w") as file:
        file.write(digest())
    with open("/dev/ttyS0", "w") as console:
        console.write("writer: " + digest() + "\\n")
    sys.exit(0)
if os.path.exists("{SUM}"):
    with open("{FOUND}", "w") as found:
        found.write(digest())
with open("{WHERE}/file", "wb") as file:
    file.write(os.urandom(4 << 20))
signal.signal(signal.SIGTERM, end)
while True:
    signal.pause()
"""

# systemd-shutdown runs this when everything that can be unmounted has been.
HOOK = """#!/bin/sh
exec >/dev/ttyS0
read -r now rest </proc/uptime
echo "hook: $1 at $now, mounted: $(grep -c ^/dev/nvme /proc/mounts)"
"""


def since_boot(unit, what):
    """The time of a unit's change of state, in microseconds."""
    return int(systemctl("show", "-P", f"{what}Monotonic", unit).stdout)


class Boot(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if BOOT == 1:
            cls.install()

    @classmethod
    def install(cls):
        """What an administrator does once."""
        for path, text in ((UNITS / "address.service", ADDRESS), (UNITS / "writer.service", WRITER),
                           (pathlib.Path("/usr/local/sbin/writer"), WRITE),
                           (pathlib.Path("/usr/lib/systemd/system-shutdown/report"), HOOK)):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="ascii")
            path.chmod(0o755 if path.suffix != ".service" else 0o644)
        traddr, trsvcid = pathlib.Path("/vm/in/beside").read_text(encoding="ascii").split()
        write_conf("stafd", stafd_conf(dc(traddr, trsvcid)))
        write_conf("stacd", stacd_conf())
        systemctl("daemon-reload")
        systemctl("enable", "address", "writer", "remote-fs.target", *DAEMONS)
        systemctl("start", "address", *DAEMONS)
        device = wait_for("the disk", cls.disk, LIMIT)
        run("mkfs.ext4", "-q", "-L", "storage", device)
        WHERE.mkdir(exist_ok=True)
        with open("/etc/fstab", "a", encoding="ascii") as fstab:
            fstab.write(f"LABEL=storage {WHERE} ext4 _netdev 0 0\n")
        systemctl("daemon-reload")
        systemctl("start", "remote-fs.target", "writer")

    @staticmethod
    def disk():
        return next((f"/dev/{path.name}" for path in pathlib.Path("/sys/block").iterdir()
                     if re.fullmatch(r"nvme\d+n1", path.name)), None)

    def test_1_it_is_mounted(self):
        """By the boot itself, but for the first."""
        self.assertTrue(WHERE.is_mount(), systemctl("status", "mnt-data.mount", check=False).stdout)
        self.assertEqual(live_nqns(), [nqn("disk")])

    def test_2_nothing_failed_or_was_dropped(self):
        self.assertEqual(systemctl("--failed", "--plain", "--no-legend").stdout, "")
        said = run("journalctl", "-b", "--no-pager", "-o", "cat", "_PID=1").stdout
        self.assertNotRegex(said, "ordering cycle|Dependency failed|Timed out waiting")

    def test_3_each_came_in_its_turn(self):
        """The daemons are up before any remote file system is looked for, and did not wait for the address."""
        at = {unit: since_boot(unit, "ActiveEnterTimestamp")
              for unit in ("stafd.service", "stacd.service", "remote-fs-pre.target", "mnt-data.mount", "address.service")}
        if BOOT == 1:
            self.skipTest("of a boot")
        for daemon in DAEMONS:
            self.assertLess(at[f"{daemon}.service"], at["remote-fs-pre.target"], at)
        self.assertLess(at["stacd.service"], at["address.service"], at)
        self.assertLess(at["address.service"], at["mnt-data.mount"], at)
        print(f"   boot {BOOT}: mounted {(at['mnt-data.mount'] - at['address.service']) / 1e6:.1f} s after the address",
              file=sys.stderr)

    def test_4_no_byte_is_lost(self):
        if BOOT == 1:
            self.skipTest("there is nothing yet")
        wait_for("the writer has looked", lambda: FOUND.exists() and FOUND.read_text(encoding="ascii"), LIMIT)
        self.assertEqual(FOUND.read_text(encoding="ascii"), SUM.read_text(encoding="ascii"))

    def test_5_to_the_next(self):
        """How this boot ends."""
        (RESULTS / "reboot").write_text("poweroff" if BOOT == 2 else "reboot", encoding="ascii")
        uptime = pathlib.Path("/proc/uptime").read_text(encoding="ascii").split()[0]
        with open(RESULTS / "ended-after", "a", encoding="ascii") as file:
            file.write(f"{uptime}\n")


if __name__ == "__main__":
    main()
