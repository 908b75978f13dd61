"""A wire between two network namespaces, for test/captures/record: it delays, and it loses.

    wire.py CLIENT SERVER

Each namespace gets a device tap0.  A frame takes 10 ms, one of the far host 140 ms more.  What is
lost: all that goes to port 82, the first request to port 8080, and the fifth long frame that port
80 sends.
"""
import contextlib
import ctypes
import fcntl
import heapq
import itertools
import os
import select
import struct
import sys
import time

TUNSETIFF, TAP_WITHOUT_HEADER, CLONE_NEWNET = 0x400454ca, 0x1002, 0x40000000
FAR = bytes((192, 0, 2, 3))


def tap_in(namespace):
    libc = ctypes.CDLL(None, use_errno=True)
    with open(f"/run/netns/{namespace}") as file:
        if libc.setns(file.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f"no namespace {namespace}")
    tap = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(tap, TUNSETIFF, struct.pack("16sH22x", b"tap0", TAP_WITHOUT_HEADER))
    return tap


def ports_of(frame):
    """The ports of a TCP segment in IPv4, else none."""
    if frame[12:14] != b"\x08\0" or frame[23] != 6:
        return None, None
    return struct.unpack_from(">HH", frame, 14 + (frame[14] & 15) * 4)


class Losses:
    def __init__(self):
        self.requests = self.long_frames = 0

    def has(self, frame):
        source, destination = ports_of(frame)
        if destination == 8080 and len(frame) > 100:
            self.requests += 1
            return self.requests == 1
        if source == 80 and len(frame) > 1000:
            self.long_frames += 1
            return self.long_frames == 5
        return destination == 82


def main(client, server):
    taps = [tap_in(client), tap_in(server)]
    print("ready", flush=True)
    under_way, numbers, losses = [], itertools.count(), Losses()
    while True:
        wait = max(0, under_way[0][0] - time.monotonic()) if under_way else None
        for tap in select.select(taps, [], [], wait)[0]:
            frame = os.read(tap, 65536)
            if losses.has(frame):
                continue
            delay = 0.15 if FAR in (frame[26:30], frame[30:34]) else 0.01
            heapq.heappush(under_way, (time.monotonic() + delay, next(numbers),
                                       taps[tap == taps[0]], frame))
        while under_way and under_way[0][0] <= time.monotonic():
            _, _, tap, frame = heapq.heappop(under_way)
            with contextlib.suppress(OSError):  # the other end is not up yet
                os.write(tap, frame)


main(*sys.argv[1:])
