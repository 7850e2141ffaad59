# SPDX-License-Identifier: Apache-2.0
"""A directory in memory behind FUSE that can hang: whoever opens, reads or writes there then waits until it goes on.

Speaks the kernel's protocol itself (linux/fuse.h, version 7.31), as far as plain files in one folder need it.
"""
import ctypes
import errno
import os
import stat
import struct
import threading

ROOT = 1
_IN = struct.Struct("<IIQQIIII")     # length, opcode, unique, node, uid, gid, pid, padding
_OUT = struct.Struct("<IiQ")         # length, error, unique
_ATTR = struct.Struct("<QQQQQQIIIIIIIIII")
_ENTRY = struct.Struct("<QQQQII")    # node, generation, two validities in seconds, two in nanoseconds
_OPEN = struct.Struct("<QII")
_DIRECT_IO = 1                       # nothing is cached: each read and write comes here
_MAX_WRITE = 128 << 10
_MS_NOSUID_NODEV = 2 | 4


class SlowDisk:
    """Mounted at `path` until close(). Only for a mount namespace that ends with the test."""

    def __init__(self, path):
        self._fd = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
        options = f"fd={self._fd},rootmode=40000,user_id={os.getuid()},group_id={os.getgid()}".encode()
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.mount(b"slow", os.fsencode(path), b"fuse", _MS_NOSUID_NODEV, options) != 0:
            raise OSError(ctypes.get_errno(), "mount")
        self._libc, self._path = libc, path
        self._files = {}                 # node -> content
        self._names = {}                 # name -> node
        self._last = ROOT
        self._goes_on = threading.Event()
        self._goes_on.set()
        self._waits = threading.Semaphore(0)
        self._calls = {1: self._lookup, 3: self._getattr, 4: self._setattr, 10: self._unlink, 12: self._rename,
                       14: self._open, 15: self._read, 16: self._write, 18: self._nothing, 25: self._nothing,
                       26: self._init, 35: self._create, 45: self._rename2}
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def hang(self):
        self._goes_on.clear()

    def go_on(self):
        self._goes_on.set()

    def wait_until_somebody_waits(self, limit):
        """False: nobody has come within so many seconds."""
        return self._waits.acquire(timeout=limit)

    def close(self):
        self.go_on()
        self._libc.umount2(os.fsencode(self._path), 2)  # MNT_DETACH
        self._thread.join()
        os.close(self._fd)

    def _serve(self):
        while True:
            try:
                message = os.read(self._fd, _MAX_WRITE + 4096)
            except OSError as problem:
                if problem.errno in (errno.EINTR, errno.ENOENT):  # the request was interrupted
                    continue
                return  # ENODEV: unmounted
            _, opcode, unique, node, *_ = _IN.unpack_from(message)
            if opcode in (2, 36, 42):  # FORGET, INTERRUPT, BATCH_FORGET want no answer
                continue
            if not self._goes_on.is_set():
                self._waits.release()
                self._goes_on.wait()
            try:
                call = self._calls.get(opcode)
                answer, error = (b"", -errno.ENOSYS) if call is None else (call(node, message[_IN.size:]), 0)
            except OSError as problem:
                answer, error = b"", -problem.errno
            try:
                os.write(self._fd, _OUT.pack(_OUT.size + len(answer), error, unique) + answer)
            except OSError:
                pass  # whoever asked is dead

    def _attr(self, node):
        size = 0 if node == ROOT else len(self._files[node])
        mode = stat.S_IFDIR | 0o755 if node == ROOT else stat.S_IFREG | 0o600
        return _ATTR.pack(node, size, 0, 0, 0, 0, 0, 0, 0, mode, 1, os.getuid(), os.getgid(), 0, 4096, 0)

    def _entry(self, name):
        node = self._names.get(name)
        if node is None:
            raise OSError(errno.ENOENT, "lookup")
        return _ENTRY.pack(node, 0, 0, 0, 0, 0) + self._attr(node)

    @staticmethod
    def _init(_node, data):
        _, minor, readahead, _ = struct.unpack_from("<IIII", data)
        return struct.pack("<IIIIHHIIHH", 7, min(minor, 31), readahead, 0, 12, 9, _MAX_WRITE, 1, 0, 0) + bytes(32)

    def _lookup(self, _node, data):
        return self._entry(data.rstrip(b"\0"))

    def _getattr(self, node, _data):
        return struct.pack("<QII", 0, 0, 0) + self._attr(node)

    def _setattr(self, node, data):
        valid, _, _, size = struct.unpack_from("<IIQQ", data)
        if valid & 8:  # FATTR_SIZE
            self._files[node] = self._files[node][:size].ljust(size, b"\0")
        return self._getattr(node, data)

    @staticmethod
    def _open(_node, _data):
        return _OPEN.pack(0, _DIRECT_IO, 0)

    def _create(self, node, data):
        name = data[16:].rstrip(b"\0")
        if name not in self._names:
            self._last += 1
            self._names[name], self._files[self._last] = self._last, b""
        return self._entry(name) + self._open(node, data)

    def _read(self, node, data):
        _, offset, size = struct.unpack_from("<QQI", data)
        return self._files[node][offset:offset + size]

    def _write(self, node, data):
        _, offset, size = struct.unpack_from("<QQI", data)
        content = self._files[node].ljust(offset, b"\0")
        self._files[node] = content[:offset] + data[40:40 + size] + content[offset + size:]
        return struct.pack("<II", size, 0)

    def _unlink(self, _node, data):
        if self._names.pop(data.rstrip(b"\0"), None) is None:
            raise OSError(errno.ENOENT, "unlink")
        return b""

    def _rename(self, _node, data):
        old, new = data[8:].rstrip(b"\0").split(b"\0")
        if old not in self._names:
            raise OSError(errno.ENOENT, "rename")
        self._names[new] = self._names.pop(old)
        return b""

    def _rename2(self, node, data):
        return self._rename(node, data[8:])

    @staticmethod
    def _nothing(_node, _data):
        return b""
