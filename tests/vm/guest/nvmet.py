# SPDX-License-Identifier: Apache-2.0
"""The kernel's NVMe target through configfs (/sys/kernel/config/nvmet), one method per thing an operator does.

A port listens in the network namespace of whoever links the first subsystem to it, so links are made by a thread that
lives in the namespace of the Nvmet object.
"""
import concurrent.futures
import ctypes
import os
import subprocess
import threading

ROOT = "/sys/kernel/config/nvmet"
CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


def _enter(namespace):
    with open(f"/run/netns/{namespace}", "rb") as file:
        if _libc.setns(file.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), f"setns {namespace}")


def _write(path, value):
    with open(path, "w", encoding="ascii") as file:
        file.write(str(value))


class Nvmet:
    def __init__(self, namespace=None):
        subprocess.run(["modprobe", "-a", "nvmet", "nvmet-tcp"], check=True)
        subprocess.run(["modprobe", "-q", "nvme-loop"], check=False)  # Debian 12's kernel has none
        if not os.path.ismount("/sys/kernel/config"):
            subprocess.run(["mount", "-t", "configfs", "configfs", "/sys/kernel/config"], check=True)
        self._namespace = namespace
        init = {"initializer": _enter, "initargs": (namespace,)} if namespace else {}
        self._there = concurrent.futures.ThreadPoolExecutor(1, **init)

    def port(self, number, traddr="10.0.0.2", trsvcid=8009, trtype="tcp", treq=None):
        """A port; it does not listen before a subsystem is linked to it."""
        path = f"{ROOT}/ports/{number}"
        os.mkdir(path)
        _write(f"{path}/addr_trtype", trtype)
        if trtype != "loop":
            _write(f"{path}/addr_adrfam", "ipv6" if ":" in traddr else "ipv4")
            _write(f"{path}/addr_traddr", traddr)
            _write(f"{path}/addr_trsvcid", trsvcid)
        if treq:
            _write(f"{path}/addr_treq", treq)
        return number

    def subsystem(self, nqn, port=None, hosts=None, device=None, serial=None):
        """A subsystem, for all hosts unless `hosts` (NQNs) are given, with a namespace if there is a `device`."""
        path = f"{ROOT}/subsystems/{nqn}"
        os.mkdir(path)
        _write(f"{path}/attr_allow_any_host", 1 if hosts is None else 0)
        for host in hosts or ():
            self.allow(nqn, host)
        if serial:
            _write(f"{path}/attr_serial", serial)
        if device:
            os.mkdir(f"{path}/namespaces/1")
            if os.path.isfile(device):  # direct I/O is not for every file system
                _write(f"{path}/namespaces/1/buffered_io", 1)
            _write(f"{path}/namespaces/1/device_path", device)
            _write(f"{path}/namespaces/1/enable", 1)
        if port is not None:
            self.link(port, nqn)
        return nqn

    def host(self, nqn, key=None, controller_key=None):
        """A host; with `key` it has to authenticate, with `controller_key` the target does so as well."""
        path = f"{ROOT}/hosts/{nqn}"
        os.makedirs(path, exist_ok=True)
        if key:
            _write(f"{path}/dhchap_key", key)
        if controller_key:
            _write(f"{path}/dhchap_ctrl_key", controller_key)
        return path

    def allow(self, nqn, host):
        os.symlink(self.host(host), f"{ROOT}/subsystems/{nqn}/allowed_hosts/{host}")

    def deny(self, nqn, host):
        os.unlink(f"{ROOT}/subsystems/{nqn}/allowed_hosts/{host}")

    def deny_all(self, nqn):
        """No host sees it any more; connections to it stay."""
        _write(f"{ROOT}/subsystems/{nqn}/attr_allow_any_host", 0)

    def link(self, port, *nqns):
        def make():
            for nqn in nqns:
                os.symlink(f"{ROOT}/subsystems/{nqn}", f"{ROOT}/ports/{port}/subsystems/{nqn}")
        self._there.submit(make).result()

    def unlink(self, port, *nqns):
        for nqn in nqns:
            os.unlink(f"{ROOT}/ports/{port}/subsystems/{nqn}")

    def referral(self, port, to):
        """A referral, served by `port`, to the address of the port `to`."""
        path = f"{ROOT}/ports/{port}/referrals/{to}"
        os.mkdir(path)
        for name in ("addr_trtype", "addr_adrfam", "addr_traddr", "addr_trsvcid"):
            with open(f"{ROOT}/ports/{to}/{name}", encoding="ascii") as file:
                _write(f"{path}/{name}", file.read().strip())
        _write(f"{path}/enable", 1)

    def end_referral(self, port, to):
        os.rmdir(f"{ROOT}/ports/{port}/referrals/{to}")

    def remove(self, nqn):
        path = f"{ROOT}/subsystems/{nqn}"
        for port in os.listdir(f"{ROOT}/ports"):
            if os.path.islink(f"{ROOT}/ports/{port}/subsystems/{nqn}"):
                self.unlink(port, nqn)
        for host in os.listdir(f"{path}/allowed_hosts"):
            self.deny(nqn, host)
        for namespace in os.listdir(f"{path}/namespaces"):
            os.rmdir(f"{path}/namespaces/{namespace}")
        os.rmdir(path)

    def clear(self):
        for port in os.listdir(f"{ROOT}/ports"):
            for referral in os.listdir(f"{ROOT}/ports/{port}/referrals"):
                os.rmdir(f"{ROOT}/ports/{port}/referrals/{referral}")
            self.unlink(port, *os.listdir(f"{ROOT}/ports/{port}/subsystems"))
        for nqn in os.listdir(f"{ROOT}/subsystems"):
            if nqn != "nqn.2014-08.org.nvmexpress.discovery":
                self.remove(nqn)
        for port in os.listdir(f"{ROOT}/ports"):
            os.rmdir(f"{ROOT}/ports/{port}")
        for host in os.listdir(f"{ROOT}/hosts"):
            os.rmdir(f"{ROOT}/hosts/{host}")

    def in_namespace(self, job):
        """Runs something beside us, in a thread that lives in the target's namespace."""
        def there():
            if self._namespace:
                _enter(self._namespace)
            job()
        threading.Thread(target=there, daemon=True).start()
