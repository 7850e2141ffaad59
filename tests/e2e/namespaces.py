# SPDX-License-Identifier: Apache-2.0
"""User, network, mount and PID namespaces without root, a real avahi-daemon and a kernel's fabrics device inside them.

The program that wants them executes itself again through unshare(1); all it then does ends with it.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from processes import Process

_INSIDE = "STAS_E2E_INSIDE"
_TOOLS = ("unshare", "ip", "mount")
AVAHI = ("avahi-daemon", "avahi-publish")
# Documentation addresses (RFC 5737); they live on the loopback interface of the namespace.
ADDRESSES = ("192.0.2.10", "192.0.2.20", "192.0.2.30")

_AVAHI_CONFIG = """[server]
host-name=here
use-ipv4=yes
use-ipv6=no
allow-interfaces=lo
ratelimit-interval-usec=0
[publish]
publish-hinfo=no
publish-workstation=no
publish-addresses=no
"""


def enter(*tools, users=False):
    """Does not return but starts this program again inside; returns None inside, or why it is impossible: also when one
    of the `tools` is missing. `users`: where we are root, the machine's other users are to be there as well."""
    os.environ["PATH"] = os.environ.get("PATH", "/usr/bin:/bin") + ":/usr/sbin:/sbin"
    if os.environ.pop(_INSIDE, None):
        return _prepare()
    for tool in _TOOLS + tools:
        if not shutil.which(tool):
            return f"{tool} is not installed"
    # A process of its own also tries what _prepare() does: better to know before anything is printed.
    attempt = ("mount -t tmpfs tmpfs /run && touch /run/x && mount --bind /run/x /etc/passwd && ip link set lo up && "
               "ip link set lo multicast on")
    unshare = ["unshare", "-nmpf" if users and os.geteuid() == 0 else "-rnmpf", "--kill-child"]
    tried = subprocess.run([*unshare, "sh", "-c", attempt], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                           check=False)
    if tried.returncode != 0:
        return (tried.stderr.strip().splitlines() or ["unshare failed"])[-1]
    sys.stdout.flush()
    os.execvpe("unshare", [*unshare, sys.executable, "-B", *sys.argv], dict(os.environ, **{_INSIDE: "1"}))
    return None


def _run(*argv):
    subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)


def _bind(path, text):
    copy = pathlib.Path("/run") / pathlib.Path(path).name
    copy.write_text(text)
    _run("mount", "--bind", str(copy), path)


def _prepare():
    users, groups = pathlib.Path("/etc/passwd").read_text(), pathlib.Path("/etc/group").read_text()
    _run("mount", "-t", "tmpfs", "tmpfs", "/run")
    # Without a /proc of this PID namespace ps(1) shows the machine; containers may forbid the mount.
    subprocess.run(["mount", "-t", "proc", "proc", "/proc"], capture_output=True, check=False)
    # avahi-daemon wants its directory to belong to its own user, and only user 0 exists here.
    pathlib.Path("/run/avahi-daemon").mkdir()
    _bind("/etc/passwd", re.sub(r"(?m)^avahi:.*\n?", "", users).rstrip() +
          "\navahi:x:0:0::/run/avahi-daemon:/usr/sbin/nologin\n")
    _bind("/etc/group", re.sub(r"(?m)^(avahi|netdev):.*\n?", "", groups).rstrip() + "\navahi:x:0:\nnetdev:x:0:\n")
    _run("ip", "link", "set", "lo", "up")
    _run("ip", "link", "set", "lo", "multicast", "on")
    for address in ADDRESSES:
        _run("ip", "address", "add", f"{address}/32", "dev", "lo")
    os.environ["HOME"] = "/run"
    tempfile.tempdir = "/run"
    return None


def fake_fabrics_device():
    """What --fabric=kernel asks for before it starts. Nothing can be connected through it."""
    os.mkdir("/run/dev")
    _run("mount", "--rbind", "/dev", "/run/dev")
    _run("mount", "-t", "tmpfs", "tmpfs", "/dev")
    for name in ("null", "zero", "random", "urandom", "shm"):
        os.symlink(f"/run/dev/{name}", f"/dev/{name}")
    pathlib.Path("/dev/nvme-fabrics").touch()


def own_etc_nvme():
    """An empty /etc/nvme; where there is none, in an /etc of our own."""
    if not os.path.isdir("/etc/nvme"):
        shutil.copytree("/etc", "/run/etc", symlinks=True, ignore=lambda folder, names: [
            name for name in names if not os.access(os.path.join(folder, name), os.R_OK)])
        os.mkdir("/run/etc/nvme")
        _run("mount", "--bind", "/run/etc", "/etc")
    _run("mount", "-t", "tmpfs", "tmpfs", "/etc/nvme")


def fake_controller(name, **attributes):
    """A controller as the kernel's fabric sees it, in a /sys/class of our own; returns its directory."""
    if not os.path.isdir("/sys/class/nvme") or not os.path.ismount("/sys/class"):
        _run("mount", "-t", "tmpfs", "tmpfs", "/sys/class")
        os.mkdir("/sys/class/nvme")
    folder = pathlib.Path("/sys/class/nvme") / name
    folder.mkdir()
    for key, value in dict(transport="tcp", state="live", cntrltype="io", dctype="none", delete_controller="",
                           **attributes).items():
        (folder / key).write_text(f"{value}\n" if value else "")
    return folder


class Avahi(Process):
    """avahi-daemon on the bus of a world."""

    def __init__(self, world):
        self.world = world
        pathlib.Path("/run/avahi-daemon/pid").unlink(missing_ok=True)
        config = world.path / "avahi.conf"
        config.write_text(_AVAHI_CONFIG)
        super().__init__("avahi-daemon", ["avahi-daemon", "-f", config, "--no-drop-root", "--no-chroot",
                                          "--no-rlimits", "--no-proc-title"], world.env)
        self.line("Server startup complete")

    def publish_address(self, name, address):
        return self._publish(name, "-R", "-a", f"{name}.local", address)

    def publish_service(self, name, port, *txt):
        """A discovery controller on the host `name`, whose address was published before."""
        return self._publish(name, "-s", "-H", f"{name}.local", name, "_nvme-disc._tcp", port, *txt)

    def _publish(self, name, *argv):
        publisher = self.world.add(Process(f"avahi-publish {name}", ["avahi-publish", *argv], self.world.env))
        publisher.line("Established under name")
        return publisher
