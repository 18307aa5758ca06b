# SPDX-License-Identifier: Apache-2.0
"""Stops one thread of another process and lets it go on, as a hung thread would look to the others.

SIGSTOP stops a whole process; a tracer can hold a single thread. Nothing of the process is changed.
"""

import contextlib
import ctypes
import os
import pathlib

PTRACE_DETACH, PTRACE_SEIZE, PTRACE_INTERRUPT = 17, 0x4206, 0x4207
WAIT_ALL = 0x40000000  # __WALL: threads, too

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long


def ptrace(request, thread):
    if libc.ptrace(request, thread, None, None) < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


def threads(process):
    """The process's threads as (name, number)."""
    return [((task / "comm").read_text().strip(), int(task.name))
            for task in pathlib.Path(f"/proc/{process}/task").iterdir()]


def ended(thread):
    """Whether the thread that is held has ended; a tracer must take note of it, or its process stays for ever."""
    return os.waitpid(thread, WAIT_ALL | os.WNOHANG)[0] == thread


@contextlib.contextmanager
def frozen(process, name):
    """Holds the thread of this name, "main" for the first one, for the time of the block."""
    thread = process if name == "main" else dict(threads(process))[name]
    ptrace(PTRACE_SEIZE, thread)
    ptrace(PTRACE_INTERRUPT, thread)
    os.waitpid(thread, WAIT_ALL)
    try:
        yield thread
    finally:
        with contextlib.suppress(ProcessLookupError):
            ptrace(PTRACE_DETACH, thread)
