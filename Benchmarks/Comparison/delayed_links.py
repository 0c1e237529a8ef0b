#!/usr/bin/env python3
"""Hosts on this machine with links of a given delay: network namespaces whose packets a program in user space passes on later.
It stands for `tc netem`, which not every kernel has. Needs root.

    delayed_links.py DELAY_MS HOSTS COMMAND...

COMMAND runs on a host of its own. In its arguments {hosts} is the list of the others' addresses and {agent} a program that runs a
command on one of them, as mpirun's rsh agent."""
import collections
import ctypes
import fcntl
import os
import select
import struct
import subprocess
import sys
import tempfile
import threading
import time

TUNSETIFF, IFF_TUN, IFF_NO_PI, CLONE_NEWNET = 0x400454CA, 1, 0x1000, 0x40000000
MTU = 65000
AGENT = """#!/bin/sh
name={prefix}${{1##*.}}
shift
exec ip netns exec "$name" unshare --uts sh -c 'hostname "$0"; eval "$1"' "$name" "$*"
"""
libc = ctypes.CDLL(None, use_errno=True)


def enter(path):
    with open(path) as namespace:
        if libc.setns(namespace.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns " + path)


def open_link(name, host):
    """A device of a new namespace; what the namespace sends is read from it."""
    subprocess.run(["ip", "netns", "add", name], check=True)
    own = "/proc/self/ns/net"
    with open(own) as before:
        enter("/run/netns/" + name)
        device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH", b"link0", IFF_TUN | IFF_NO_PI))
        libc.setns(before.fileno(), CLONE_NEWNET)
    # Connections that were idle for a step keep their windows, as on machines that are set up for such work.
    for line in (f"ip address add 10.77.0.{host}/24 dev link0", f"ip link set link0 mtu {MTU} up", "ip link set lo up",
                 "sysctl -q -w net.ipv4.tcp_slow_start_after_idle=0"):
        subprocess.run(["ip", "netns", "exec", name, *line.split()], check=True)
    return device


def forward(devices, delay, stopped):
    """Passes packets on; all have the same delay, so that the first to come is the first to go."""
    os.nice(-10)
    hosts = {device: host for host, device in devices.items()}
    waiting = collections.deque()
    while not stopped.is_set():
        now = time.monotonic()
        while waiting and waiting[0][0] <= now:
            _, packet = waiting.popleft()
            target = devices.get(packet[19])
            if target is not None:
                try:
                    os.write(target, packet)
                except BlockingIOError:
                    pass  # A full queue loses a packet, as links do.
        pause = max(0.0, waiting[0][0] - time.monotonic()) if waiting else 0.1
        for device in select.select(list(hosts), [], [], pause)[0]:
            for _ in range(64):
                try:
                    packet = os.read(device, MTU + 64)
                except BlockingIOError:
                    break
                if packet[0] >> 4 == 4:
                    waiting.append((time.monotonic() + delay, packet))


def main():
    delay, count, command = float(sys.argv[1]) / 1000, int(sys.argv[2]), sys.argv[3:]
    prefix = f"dfq{os.getpid()}-"
    names = [f"{prefix}{host}" for host in range(1, count + 2)]
    stopped = threading.Event()
    try:
        devices = {host: open_link(name, host) for host, name in enumerate(names, 1)}
        # A process of its own, so that the command does not share its interpreter.
        forwarder = os.fork()
        if forwarder == 0:
            forward(devices, delay, stopped)
        with tempfile.NamedTemporaryFile("w", suffix=".sh", delete=False) as agent:
            agent.write(AGENT.format(prefix=prefix))
        os.chmod(agent.name, 0o755)
        places = {"{hosts}": ",".join(f"10.77.0.{host}" for host in range(1, count + 1)), "{agent}": agent.name}
        command = [places.get(word, word) for word in command]
        try:
            status = subprocess.run(["ip", "netns", "exec", names[-1], *command]).returncode
        finally:
            os.kill(forwarder, 9)
            os.waitpid(forwarder, 0)
            os.unlink(agent.name)
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "delete", name], check=False, stderr=subprocess.DEVNULL)
    sys.exit(status)


main()
