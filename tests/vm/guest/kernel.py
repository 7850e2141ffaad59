# SPDX-License-Identifier: Apache-2.0
"""What the guest's kernel says about NVMe: controllers in sysfs, uevents, messages."""
import errno
import os
import select
import socket
import subprocess
import threading
import time

CLASS = "/sys/class/nvme"


def attribute(name, key):
    """An attribute of a controller, '' if it has none such (any more)."""
    try:
        with open(f"{CLASS}/{name}/{key}", encoding="ascii", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return ""


class Controller:
    """A controller as it was when it was looked at; attributes come from sysfs by name (c.kato, c.subsysnqn)."""

    def __init__(self, name):
        self.name = name

    def __getattr__(self, key):
        if key.startswith("_"):
            raise AttributeError(key)
        value = attribute(self.name, key)
        setattr(self, key, value)
        return value

    def address_field(self, key):
        return dict(part.split("=", 1) for part in self.address.split(",") if "=" in part).get(key, "")

    @property
    def traddr(self):
        return self.address_field("traddr")

    def __repr__(self):
        return f"{self.name}({self.subsysnqn} {self.address} {self.state})"


def controllers(**wanted):
    """All controllers, sorted by instance, whose attributes are the wanted ones (state="live", ...)."""
    names = sorted(os.listdir(CLASS) if os.path.isdir(CLASS) else [], key=lambda name: int(name[4:]))
    return [c for c in map(Controller, names) if all(getattr(c, key) == value for key, value in wanted.items())]


def io_controllers(**wanted):
    return [c for c in controllers(**wanted) if c.cntrltype == "io"]


def discovery_controllers(**wanted):
    return [c for c in controllers(**wanted) if c.cntrltype == "discovery"]


def live_nqns():
    return sorted(c.subsysnqn for c in io_controllers(state="live"))


def held():
    """Every connection there is: (NQN, device)."""
    return sorted((c.subsysnqn, c.name) for c in controllers())


def device_of(nqn):
    """The device of the one connection to this subsystem."""
    (name,) = [device for held_nqn, device in held() if held_nqn == nqn]
    return name


class Uevents:
    """The kernel's uevents of subsystem nvme from now on, raw, as (monotonic seconds, dictionary)."""

    def __init__(self):
        self.events = []
        self.lost = False
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 15)  # NETLINK_KOBJECT_UEVENT
        self._socket.setsockopt(socket.SOL_SOCKET, 33, 16 << 20)  # SO_RCVBUFFORCE
        self._socket.bind((0, 1))
        self._end = os.pipe()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        while self._end[0] not in select.select([self._socket, self._end[0]], [], [])[0]:
            try:
                head, *fields = self._socket.recv(65536).split(b"\0")
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    return
                self.lost = True  # says came_and_went(); what still comes is read
                continue
            event = dict(field.decode(errors="replace").split("=", 1) for field in fields if b"=" in field)
            if event.get("SUBSYSTEM") == "nvme":
                event["head"] = head.decode(errors="replace")
                self.events.append((time.monotonic(), event))

    def mark(self):
        return len(self.events)

    def count(self, since=0, **fields):
        return len(self.of(since, **fields))

    def of(self, since=0, **fields):
        return [(at, e) for at, e in self.events[since:] if all(e.get(k) == v for k, v in fields.items())]

    def came_and_went(self, since=0):
        """Controllers that were made or removed: (ACTION, device)."""
        assert not self.lost, "uevents were lost: nobody knows what came and went"
        return [(e["ACTION"], os.path.basename(e["DEVPATH"])) for _, e in self.events[since:]
                if e["ACTION"] in ("add", "remove")]

    def close(self):
        """Not before the reader is done: it would read from whatever has the number of the socket then."""
        if self._socket.fileno() < 0:
            return
        os.close(self._end[1])
        self._reader.join()
        os.close(self._end[0])
        self._socket.close()


def messages():
    """The kernel's log."""
    return subprocess.run(["dmesg", "--notime"], capture_output=True, text=True, check=True).stdout.splitlines()
