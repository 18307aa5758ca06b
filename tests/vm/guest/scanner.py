# SPDX-License-Identifier: Apache-2.0
"""scanner.py FIFO: a barcode scanner that types, made of the kernel's uinput. What is written to FIFO it types, a code a
line, as such scanners do: capitals with Shift, FNC1 (0x1D) as Ctrl-], Enter at the end. It is unplugged when it ends."""

import fcntl
import struct
import sys
import time

UI_SET_EVBIT, UI_SET_KEYBIT, UI_DEV_SETUP, UI_DEV_CREATE = 0x40045564, 0x40045565, 0x405C5503, 0x5501
EV_SYN, EV_KEY = 0, 1
ENTER, SHIFT, CTRL = 28, 42, 29
ROWS = {2: "1234567890", 16: "qwertyuiop[]", 30: "asdfghjkl", 44: "zxcvbnm"}
KEYS = {character: first + i for first, row in ROWS.items() for i, character in enumerate(row)}


def emit(device, kind, code, value):
    device.write(struct.pack("qqHHi", 0, 0, kind, code, value))


def press(device, key, modifier=None):
    keys = [key] if modifier is None else [modifier, key]
    for value, order in ((1, keys), (0, reversed(keys))):
        for code in order:
            emit(device, EV_KEY, code, value)
            emit(device, EV_SYN, 0, 0)


def type_code(device, code):
    for character in code:
        if character == "\x1d":
            press(device, KEYS["]"], CTRL)
        else:
            press(device, KEYS[character.lower()], SHIFT if character.isupper() else None)
        time.sleep(0.002)
    press(device, ENTER)


def main():
    with open("/dev/uinput", "wb", buffering=0) as device:
        fcntl.ioctl(device, UI_SET_EVBIT, EV_KEY)
        for key in (*KEYS.values(), ENTER, SHIFT, CTRL):
            fcntl.ioctl(device, UI_SET_KEYBIT, key)
        fcntl.ioctl(device, UI_DEV_SETUP, struct.pack("HHHH80sI", 3, 1, 1, 1, b"vm scanner", 0))
        fcntl.ioctl(device, UI_DEV_CREATE)
        while True:
            with open(sys.argv[1], encoding="ascii") as fifo:
                for line in fifo:
                    type_code(device, line.rstrip("\n"))


main()
