#!/usr/bin/env python3
"""A bad network between two network namespaces, in user space: for kernels without `tc netem`.

Joins the namespaces at layer 3 with two TUN devices and delays, loses and stalls what passes. Deterministic for a seed
and an order of packets. Needs root. Prints "ready" when packets flow; ends after --seconds or at SIGTERM.

    impair.py NS_A IP_A NS_B IP_B --delay 60 --jitter 60 --loss 0.01 --stall 1.5 --seed 1

IP_A and IP_B are addresses of one /24. Delay and jitter are milliseconds (each packet takes delay +- jitter), loss is
a share. SIGUSR1 begins a stall of --stall seconds: it holds every packet back, as Wi-Fi does, and lets them all through
at its end.
"""
import argparse
import ctypes
import fcntl
import heapq
import os
import random
import select
import signal
import struct
import subprocess
import time

CLONE_NEWNET = 0x40000000
TUNSETIFF = 0x400454CA
IFF_TUN_NO_PI = 0x1001

parser = argparse.ArgumentParser()
for name in ("ns_a", "ip_a", "ns_b", "ip_b"):
    parser.add_argument(name)
for name, default in (
    ("delay", 0.0), ("jitter", 0.0), ("loss", 0.0), ("seconds", 120.0), ("stall", 0.0),
):
    parser.add_argument("--" + name, type=float, default=default)
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--fifo", action="store_true", help="jitter that keeps the order")
args = parser.parse_args()

libc = ctypes.CDLL(None, use_errno=True)
home = os.open("/proc/self/ns/net", os.O_RDONLY)


def enter(fd):
    if libc.setns(fd, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def tun(namespace, name, address):
    enter(os.open(f"/var/run/netns/{namespace}", os.O_RDONLY))
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN_NO_PI))
    for command in (
        f"ip addr add {address}/24 dev {name}",
        f"ip link set {name} up mtu 1400 txqueuelen 5000",
        "ip link set lo up",
    ):
        subprocess.check_call(command.split())
    enter(home)
    return fd


side_a = tun(args.ns_a, "impair0", args.ip_a)
side_b = tun(args.ns_b, "impair1", args.ip_b)
peer = {side_a: side_b, side_b: side_a}
rnd = random.Random(args.seed)
queue, count = [], 0
last = {side_a: 0.0, side_b: 0.0}
end = time.monotonic() + args.seconds
stalled_until = 0.0


def begin_stall(_signal, _frame):
    global stalled_until
    stalled_until = time.monotonic() + args.stall


signal.signal(signal.SIGUSR1, begin_stall)
print("ready", flush=True)

while (now := time.monotonic()) < end:
    while queue and queue[0][0] <= now and now >= stalled_until:
        _, _, fd, packet = heapq.heappop(queue)
        try:
            os.write(fd, packet)
        except OSError:
            pass
    due = max(queue[0][0], stalled_until) if queue else now + 0.05
    wait = max(0.0, min(0.05, due - now))
    readable, _, _ = select.select([side_a, side_b], [], [], wait)
    for fd in readable:
        for _ in range(64):
            try:
                packet = os.read(fd, 65535)
            except BlockingIOError:
                break
            if packet[0] >> 4 != 4 or rnd.random() < args.loss:
                continue
            at = time.monotonic() + max(0.0, args.delay + rnd.uniform(-args.jitter, args.jitter)) / 1000
            if args.fifo:
                at = last[fd] = max(last[fd], at)
            count += 1
            heapq.heappush(queue, (at, count, peer[fd], packet))
