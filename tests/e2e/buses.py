# SPDX-License-Identifier: Apache-2.0
"""The bus daemons that a world can have: dbus-daemon, and dbus-broker where it is installed."""
import os
import pathlib
import re
import signal
import socket
import threading
import time

from processes import Process

_JOURNAL = pathlib.Path("/run/systemd/journal/socket")
# What dbus-broker needs that a machine without it lacks.
BROKER = ("dbus-broker", "dbus-broker-launch", "systemd-socket-activate")


class DbusDaemon(Process):
    """Ready when the constructor returns. `config`: its file, `path`: the socket that the file names."""
    counts_unread = True  # GetConnectionStats

    def __init__(self, config, _path, env):
        super().__init__("dbus-daemon", ["dbus-daemon", f"--config-file={config}", "--nofork", "--nosyslog",
                                         "--print-address=1"], env)
        self.line("^unix:")


class Broker(Process):
    """dbus-broker with its launcher, as systemd's socket unit starts it: by the first who connects. It wants a journal,
    at a fixed place, so namespaces are needed (namespaces.py); what it writes there is among its lines."""
    counts_unread = False

    def __init__(self, config, path, env):
        _JOURNAL.parent.mkdir(parents=True, exist_ok=True)
        _JOURNAL.unlink(missing_ok=True)
        self._journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._journal.bind(str(_JOURNAL))
        super().__init__("dbus-broker", ["systemd-socket-activate", f"--listen={path}", "-E", "DBUS_SYSTEM_BUS_ADDRESS",
                                         "dbus-broker-launch", "--scope=system", f"--config-file={config}"], env)
        self._journal_reader = threading.Thread(target=self._read_journal, daemon=True)
        self._journal_reader.start()
        self.line("^Listening on ")
        path.chmod(0o666)
        with socket.socket(socket.AF_UNIX) as first:
            first.connect(str(path))
            self.line("^Ready$")

    def _read_journal(self):
        while entry := self._journal.recv(65536):
            message = re.search(rb"^MESSAGE=(.*)$", entry, re.M)
            with self._news:
                self.lines.append((time.monotonic(), message[1].decode(errors="replace") if message else ""))
                self._news.notify_all()

    def kill(self, number):
        """The launcher would not pass it on."""
        for child in pathlib.Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split():
            os.kill(int(child), number)
        super().kill(number)

    def stop(self, number=signal.SIGTERM, **kwargs):
        status = super().stop(number, **kwargs)
        if self._journal.fileno() >= 0:
            self._journal.shutdown(socket.SHUT_RD)
            self._journal_reader.join()
            self._journal.close()
        return status
