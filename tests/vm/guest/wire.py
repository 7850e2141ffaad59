# SPDX-License-Identifier: Apache-2.0
"""What hosts really ask of NVMe/TCP controllers, read from the wire: ICReq and Fabrics Connect, the first words of
every queue. A third opinion beside sysfs and the target's own.
"""
import mmap
import socket
import struct

ETH_P_ALL = 3
IPPROTO_TCP = 6
IC_REQ, CAPSULE_CMD = 0, 4
IC_REQ_SIZE, COMMAND_HEADER_SIZE = 128, 72
FABRICS, CONNECT = 0x7F, 0x01

SOL_PACKET, PACKET_RX_RING, PACKET_VERSION, TPACKET_V2 = 263, 5, 10, 1
TP_STATUS_USER = 1
BLOCK, FRAME, FRAMES = 1 << 16, 1 << 11, 1 << 12


class Wire:
    """Listens on an interface from now on, IPv4, to the first 4,096 packets.

    Through a ring (packet(7)), into which the kernel copies at once: an ordinary socket would show the pages of the
    sender as they are when it is read, and the kernel's host uses them again for its next command.
    """

    def __init__(self, interface="h0"):
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self._socket.setsockopt(SOL_PACKET, PACKET_VERSION, TPACKET_V2)
        self._socket.setsockopt(SOL_PACKET, PACKET_RX_RING,
                                struct.pack("IIII", BLOCK, FRAME * FRAMES // BLOCK, FRAME, FRAMES))
        self._ring = mmap.mmap(self._socket.fileno(), FRAME * FRAMES)
        self._socket.bind((interface, ETH_P_ALL))

    def _segments(self):
        """(source port, destination port, payload) of each TCP segment with a payload."""
        found = []
        for at in range(0, FRAME * FRAMES, FRAME):
            status, _, size, start, _ = struct.unpack_from("IIIHH", self._ring, at)
            if not status & TP_STATUS_USER:
                break
            frame = self._ring[at + start:at + start + size]
            if len(frame) < 54 or frame[12:14] != b"\x08\x00" or frame[23] != IPPROTO_TCP:
                continue
            end = 14 + struct.unpack("!H", frame[16:18])[0]
            tcp = 14 + (frame[14] & 15) * 4
            payload = frame[tcp + (frame[tcp + 12] >> 4) * 4:end if end > 14 else len(frame)]
            if payload:
                found.append((*struct.unpack("!HH", frame[tcp:tcp + 4]), payload))
        return found

    def queues(self, port=8009):
        """Every queue that a host opened to this port, in order: what ICReq and Connect asked for. Connections that
        ended after ICReq (probes) are left out."""
        digests, queues = {}, []
        for source, destination, data in self._segments():
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
        return sum(to == port and data[0] == IC_REQ and len(data) >= IC_REQ_SIZE for _, to, data in self._segments())

    def __repr__(self):
        return "".join(f"{source}->{to} {len(data)} {data[:8].hex()}\n" for source, to, data in self._segments())

    def close(self):
        self._ring.close()
        self._socket.close()
