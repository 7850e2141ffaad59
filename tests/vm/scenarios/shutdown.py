# SPDX-License-Identifier: Apache-2.0
"""A file system on NVMe/TCP is mounted while the guest is rebooted; shutdown.after judges what the console shows.

The target is the kernel's, over a wire into its own network namespace, and keeps the data in memory, so it is there to
the end. What is left up here is on purpose: nothing is cleaned up.
"""
from lab import *  # pylint: disable=wildcard-import,unused-wildcard-import

IMAGE, WHERE = "/run/fs.img", "/mnt/data"

# systemd-shutdown runs this when everything that can be unmounted has been.
HOOK = f"""#!/bin/sh
exec >/dev/ttyS0
read -r now rest </proc/uptime
echo "hook: at $now"
echo "hook: file system $(dumpe2fs -h {IMAGE} 2>/dev/null | sed -n 's/^Filesystem state: *//p')"
echo "hook: file $(debugfs -R 'cat file' {IMAGE} 2>/dev/null)"
echo "hook: mounted $(grep -c ^/dev/nvme /proc/mounts)"
for controller in /sys/class/nvme/nvme*; do
  echo "hook: $(cat $controller/cntrltype) $(cat $controller/state)"
done
"""


class Shutdown(Scenario):
    def _end(self):  # the reboot finds all as it is
        self.evidence = self.journal()

    def test_mounted_at_reboot(self):
        run("truncate", "-s", "32M", IMAGE)
        run("mkfs.ext4", "-q", "-b", "4096", "-L", "storage", IMAGE)
        self.target.port(1)
        self.target.subsystem(nqn("fs"), 1, device=IMAGE)
        os.makedirs(WHERE, exist_ok=True)
        with open("/etc/fstab", "a", encoding="ascii") as fstab:
            fstab.write(f"LABEL=storage {WHERE} ext4 _netdev 0 0\n")
        hook = pathlib.Path("/usr/lib/systemd/system-shutdown/report")
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(HOOK, encoding="ascii")
        hook.chmod(0o755)
        systemctl("daemon-reload")
        write_conf("stafd", stafd_conf(dc()))
        systemctl("start", "mnt-data.mount", *DAEMONS)
        self.connects("fs")
        # Not on the disk yet when the reboot begins.
        pathlib.Path(f"{WHERE}/file").write_text("the last word", encoding="ascii")
        uptime = pathlib.Path("/proc/uptime").read_text(encoding="ascii").split()[0]
        pathlib.Path(os.environ["RESULTS"], "reboot-after").write_text(uptime, encoding="ascii")


if __name__ == "__main__":
    main()
