# SPDX-License-Identifier: Apache-2.0
"""Boot tables as firmware makes them (NVM Express Boot Specification 1.0, clause 3), for stories and the guest."""
import ipaddress
import struct

HEAP = 2048


class Nbft:
    def __init__(self, host_nqn="", host_id=bytes(16)):
        self.heap, self.hfis, self.discoveries, self.namespaces = b"", [], [], []
        self.host = bytes([2, 1 | (2 if any(host_id) else 0) | (4 if host_nqn else 0)]) + host_id + \
            self._object(host_nqn.encode()) + bytes(8)

    def _object(self, data):
        place = struct.pack("<IH", HEAP + len(self.heap) if data else 0, len(data))
        self.heap += data + b"\0"  # texts end with a NUL that their length does not count
        return place

    @staticmethod
    def _address(text):
        address = ipaddress.ip_address(text)
        return address.packed if address.version == 6 else bytes(10) + b"\xff\xff" + address.packed

    def hfi(self, mac, address):
        """Returns its index."""
        index = len(self.hfis) + 1
        info = struct.pack("<BBBBHBI6sHB16sB", 7, 1, 3, 1, index, 1, 0, bytes.fromhex(mac.replace(":", "")), 0, 0,
                           self._address(address), 24)
        self.hfis.append(bytes([3, index, 1, 3]) + bytes(12) + self._object(info.ljust(128, b"\0")) + bytes(10))
        return index

    def discovery(self, uri, nqn="", hfi=0):
        self.discoveries.append(bytes([6, 1, len(self.discoveries) + 1, hfi, 0, 0]) + self._object(uri.encode()) +
                                self._object(nqn.encode()) + bytes(14))

    def namespace(self, address, port, nqn, hfi):
        entry = struct.pack("<BHHBHBB", 4, len(self.namespaces) + 1, 1, 3, 0, 0, 0)
        entry += self._object(self._address(address)) + self._object(str(port).encode())
        entry += struct.pack("<HIB16sBBB", 1, 1, 0, bytes(16), 0, hfi, 0)
        entry += self._object(bytes([hfi])) + self._object(nqn.encode()) + self._object(b"")
        self.namespaces.append(entry.ljust(128, b"\0"))

    def build(self):
        host = self._object(self.host)
        lists, places = b"", []
        for entries in (self.hfis, self.namespaces, [], self.discoveries):
            size = len(entries[0]) if entries else 0
            places.append(struct.pack("<IHBB", 128 + len(lists), size, 1, len(entries)))
            lists += b"".join(entries)
        control = bytes([1, 1, 0, 0]) + struct.pack("<HBB", 64, 1, 0) + host + bytes([1, 0]) + b"".join(places)
        body = control.ljust(64, b"\0") + lists.ljust(HEAP - 128, b"\0") + self.heap
        header = struct.pack("<4sIBB6s8sIII", b"NBFT", 64 + len(body), 1, 0, b"STAS  ", b"TEST    ", 1, 0, 1)
        header += struct.pack("<II6sB13s", HEAP, len(self.heap), bytes(6), 0, bytes(13))
        table = bytearray(header + body)
        table[9] = -sum(table) % 256
        return bytes(table)
