# SPDX-License-Identifier: Apache-2.0
"""What hosts really ask of NVMe/TCP controllers, read from the wire: ICReq and Fabrics Connect, the first words of
every queue. A third opinion beside sysfs and the target's own.
"""
import socket
import struct
import threading

ETH_P_ALL = 3
IPPROTO_TCP = 6
IC_REQ, CAPSULE_CMD = 0, 4
IC_REQ_SIZE, COMMAND_HEADER_SIZE = 128, 72
FABRICS, CONNECT = 0x7F, 0x01


class Wire:
    """Listens on an interface from now on, IPv4."""

    def __init__(self, interface="h0"):
        self._headers = []  # (source port, destination port, payload)
        self._news = threading.Condition()
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self._socket.bind((interface, ETH_P_ALL))
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        while True:
            try:
                frame = self._socket.recv(65536)
            except OSError:
                return
            if len(frame) < 34 or frame[12:14] != b"\x08\x00" or frame[23] != IPPROTO_TCP:
                continue
            end = 14 + struct.unpack("!H", frame[16:18])[0]
            tcp = 14 + (frame[14] & 15) * 4
            payload = frame[tcp + (frame[tcp + 12] >> 4) * 4:end if end > 14 else len(frame)]
            if payload:
                with self._news:
                    self._headers.append((*struct.unpack("!HH", frame[tcp:tcp + 4]), payload))

    def queues(self, port=8009):
        """Every queue that a host opened to this port, in order: what ICReq and Connect asked for. Connections that
        ended after ICReq (probes) are left out."""
        with self._news:
            seen = list(self._headers)
        digests, queues = {}, []
        for source, destination, data in seen:
            if destination != port:
                continue
            if data[0] == IC_REQ and len(data) >= IC_REQ_SIZE and data[2] == IC_REQ_SIZE:
                digests[source] = data[11]
            elif data[0] == CAPSULE_CMD and data[2] == COMMAND_HEADER_SIZE and len(data) >= COMMAND_HEADER_SIZE:
                command = data[8:COMMAND_HEADER_SIZE]
                if command[0] == FABRICS and command[4] == CONNECT:
                    _, qid, sqsize, attributes, _, kato = struct.unpack("<HHHBBI", command[40:52])
                    digest = digests.get(source, 0)
                    queues.append({"qid": qid, "sqsize": sqsize, "kato": kato, "no_sqflow": bool(attributes & 4),
                                   "hdr_digest": bool(digest & 1), "data_digest": bool(digest & 2)})
        return queues

    def probes(self, port=8009):
        """How many ICReqs were sent to this port."""
        with self._news:
            return sum(to == port and data[0] == IC_REQ and len(data) >= IC_REQ_SIZE for _, to, data in self._headers)

    def __repr__(self):
        with self._news:
            return "".join(f"{source}->{to} {len(data)} {data[:8].hex()}\n" for source, to, data in self._headers)

    def close(self):
        self._socket.close()
