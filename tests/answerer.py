#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A guest that is a program of the host: it answers pings to IP on TAP. answerer.py TAP IP plain|header [WORD...]"""
import fcntl, os, struct, sys
tap, ip, header = sys.argv[1], bytes(map(int, sys.argv[2].split("."))), 10 if sys.argv[3] == "header" else 0
flags = int(open("/sys/class/net/%s/tun_flags" % tap).read(), 16)
print("words:", *sys.argv[1:], "header" if flags & 0x4000 else "plain", flush=True)
fd = os.open("/dev/net/tun", os.O_RDWR)
fcntl.ioctl(fd, 0x400454ca, struct.pack("16sH22x", tap.encode(), 0x1002 | (0x4000 if header else 0)))
def checksum(data):
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return struct.pack("!H", ~total & 0xffff)
while True:
    frame = os.read(fd, 2048)[header:]
    if frame[12:14] == b"\x08\x00" and frame[23] == 1 and frame[30:34] == ip and frame[34] == 8:
        echo = b"\0\0\0\0" + frame[38:]
        echo = b"\0\0" + checksum(echo + b"\0" * (len(echo) % 2)) + echo[4:]
        os.write(fd, bytes(header) + frame[6:12] + frame[0:6] + frame[12:26] + frame[30:34] + frame[26:30] + echo)
