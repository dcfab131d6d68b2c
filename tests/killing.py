"""Kill a piece of work, or make the disk fail under it, at each write in turn: a small tracer over ptrace(2).

The work runs in a forked child. A seccomp filter in the child stops it before every system call that changes files, and before
no other, so everything else runs at full speed. The parent checks whether the file is in the given folder, counts, and at the
n-th write kills the child or lets the call fail. Threads and processes that the work starts are traced too, as long as they
stay in its process group. Writes through mmap and io_uring are not seen.

The child is forked, so the caller must not have started threads that hold locks, nor obstore's runtime. Under a test runner,
call it in a process started for it (`ProcessPoolExecutor` with the `spawn` context).

Linux on x86_64 and aarch64 only; `supported()` returns whether this machine allows it.
"""

from __future__ import annotations

import ctypes
import errno as errors
import os
import platform
import signal
import struct
import sys
import tempfile
import threading
import traceback
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Write:
    """A system call that changes a file, and the file (of two names, the new one)."""

    call: str
    path: Path


@dataclass(frozen=True, slots=True)
class Hold:
    """What to do while a write is held, which writes count, and whether all other threads are at rest; see hold_at_write."""

    meanwhile: Callable[[], object]
    counts: Callable[[Write], bool]
    at_rest: Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the work ended. `at` is the n-th write, or None if there were fewer; then the work ran to its end and `writes` has
    all of them. `error` is its traceback, if it raised.
    """

    writes: tuple[Write, ...]
    at: Write | None
    error: str = ""


def kill_at_write(target: Callable[[], object], n: int, within: Path, *, seconds: float = 60.0) -> Outcome:
    """Run the work in a child and SIGKILL all of it before its n-th write (from 1) to a file within this folder.

    Raises:
        OSError: this machine forbids tracing.
        TimeoutError: the work took longer than `seconds`, and was killed.
    """
    return _Tracer(target, n, within, None, seconds).run()


def fail_at_write(target: Callable[[], object], n: int, errno: int, within: Path, *, seconds: float = 60.0) -> Outcome:
    """Run the work in a child; its n-th write (from 1) to a file within this folder fails with this errno, once.

    Raises:
        OSError: this machine forbids tracing.
        TimeoutError: the work took longer than `seconds`, and was killed.
    """
    return _Tracer(target, n, within, errno, seconds).run()


def hold_at_write(
    target: Callable[[], object],
    n: int,
    within: Path,
    meanwhile: Callable[[], object],
    *,
    counts: Callable[[Write], bool],
    at_rest: Callable[[], bool],
    seconds: float = 60.0,
) -> Outcome:
    """Run the work in a child; do something before the n-th write (from 1) of those that count, then let it go on.

    The thread that writes is held. The others go on until they are `at_rest`, so that none of them holds a lock that is needed
    meanwhile; from then on, they are held at their next write.

    Raises:
        OSError: this machine forbids tracing.
        TimeoutError: the work took longer than `seconds`, and was killed.
    """
    return _Tracer(target, n, within, None, seconds, Hold(meanwhile, counts, at_rest)).run()


@cache
def supported() -> bool:
    """Return whether this machine allows tracing, by trying it once: containers may forbid ptrace or seccomp."""
    if sys.platform != "linux" or platform.machine() not in _MACHINES:
        return False
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "file")
        try:
            outcome = kill_at_write(lambda: file.write_bytes(b"x"), 2, Path(folder))
        except OSError:
            return False
        return outcome.at == Write("write", file.resolve()) and file.read_bytes() == b""


# -- system calls ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Call:
    """A system call: its numbers on x86_64 and aarch64, and the arguments that determine where it writes.

    `fd` is the index of a descriptor; `paths` are indices of a folder's descriptor (None: there is none) and of a path.
    With `flags`, the index of open's flags, only calls that create or truncate count.
    """

    x86_64: int
    aarch64: int | None
    fd: int | None = None
    paths: tuple[tuple[int | None, int], ...] = ()
    flags: int | None = None


_CALLS = {
    "write": _Call(1, 64, fd=0),
    "pwrite64": _Call(18, 68, fd=0),
    "writev": _Call(20, 66, fd=0),
    "pwritev": _Call(296, 70, fd=0),
    "pwritev2": _Call(328, 287, fd=0),
    "sendfile": _Call(40, 71, fd=0),
    "copy_file_range": _Call(326, 285, fd=2),
    "fallocate": _Call(285, 47, fd=0),
    "ftruncate": _Call(77, 46, fd=0),
    "truncate": _Call(76, 45, paths=((None, 0),)),
    "fsync": _Call(74, 82, fd=0),
    "fdatasync": _Call(75, 83, fd=0),
    "open": _Call(2, None, paths=((None, 0),), flags=1),
    "creat": _Call(85, None, paths=((None, 0),)),
    "openat": _Call(257, 56, paths=((0, 1),), flags=2),
    "rename": _Call(82, None, paths=((None, 0), (None, 1))),
    "renameat": _Call(264, 38, paths=((0, 1), (2, 3))),
    "renameat2": _Call(316, 276, paths=((0, 1), (2, 3))),
    "link": _Call(86, None, paths=((None, 0), (None, 1))),
    "linkat": _Call(265, 37, paths=((0, 1), (2, 3))),
    "symlink": _Call(88, None, paths=((None, 1),)),
    "symlinkat": _Call(266, 36, paths=((1, 2),)),
    "unlink": _Call(87, None, paths=((None, 0),)),
    "unlinkat": _Call(263, 35, paths=((0, 1),)),
    "mkdir": _Call(83, None, paths=((None, 0),)),
    "mkdirat": _Call(258, 34, paths=((0, 1),)),
    "rmdir": _Call(84, None, paths=((None, 0),)),
}


@dataclass(frozen=True, slots=True)
class _Machine:
    """The differences between processors: the audit number (linux/audit.h) and the calls by number."""

    audit: int
    calls: dict[int, str]


_MACHINES = {
    "x86_64": _Machine(0xC000003E, {call.x86_64: name for name, call in _CALLS.items()}),
    "aarch64": _Machine(0xC00000B7, {call.aarch64: name for name, call in _CALLS.items() if call.aarch64 is not None}),
}

_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)
_libc.ptrace.restype = ctypes.c_long
_libc.prctl.argtypes = (ctypes.c_int, ctypes.c_ulong, ctypes.c_void_p, ctypes.c_ulong, ctypes.c_ulong)

_TRACEME, _CONT, _SETOPTIONS, _GETREGSET, _SETREGSET, _GET_SYSCALL_INFO = 0, 7, 0x4200, 0x4204, 0x4205, 0x420E
_TRACE_FORK, _TRACE_VFORK, _TRACE_CLONE, _TRACE_EXEC, _TRACE_SECCOMP, _EXIT_KILL = 2, 4, 8, 16, 0x80, 0x100000
_OPTIONS = _TRACE_FORK | _TRACE_VFORK | _TRACE_CLONE | _TRACE_EXEC | _TRACE_SECCOMP | _EXIT_KILL
_EVENT_SECCOMP = 7
_WALL = 0x40000000  # wait for threads as well as processes
_NT_PRSTATUS, _NT_ARM_SYSTEM_CALL = 1, 0x404
_AT_FDCWD = -100
_SET_SUBREAPER = 36


def _ptrace(request: int, pid: int, address: int = 0, data: int | ctypes.Array[ctypes.c_char] = 0) -> int:
    pointer = ctypes.cast(data, ctypes.c_void_p) if isinstance(data, ctypes.Array) else data
    result: int = _libc.ptrace(request, pid, address, pointer)
    if result == -1:
        raise OSError(ctypes.get_errno(), f"ptrace {request:#x}: {os.strerror(ctypes.get_errno())}")
    return result


def _install_filter() -> None:
    """Stop this process, and all that it starts, before the calls above (seccomp(2), classic BPF)."""
    load, equal, any_bit, answer = 0x20, 0x15, 0x45, 0x06
    allow, trace = 0x7FFF0000, 0x7FF00000
    machine = _MACHINES[platform.machine()]
    program = [(load, 0, 0, 4), (equal, 1, 0, machine.audit), (answer, 0, 0, allow), (load, 0, 0, 0)]
    for number, name in machine.calls.items():
        flags = _CALLS[name].flags
        if flags is None:
            program += [(equal, 0, 1, number), (answer, 0, 0, trace)]
        else:
            changing = (any_bit, 0, 1, os.O_CREAT | os.O_TRUNC)
            program += [
                (equal, 0, 4, number),
                (load, 0, 0, 16 + 8 * flags),
                changing,
                (answer, 0, 0, trace),
                (answer, 0, 0, allow),
            ]
    program.append((answer, 0, 0, allow))
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *instruction) for instruction in program))
    head = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(program), ctypes.addressof(code)))
    no_new_privileges, set_seccomp, by_filter = 38, 22, 2
    if _libc.prctl(no_new_privileges, 1, 0, 0, 0) or _libc.prctl(set_seccomp, by_filter, ctypes.addressof(head), 0, 0):
        raise OSError(ctypes.get_errno(), "seccomp is forbidden here")


# -- the child ---------------------------------------------------------------------------------------------------------


def _work(target: Callable[[], object], report: int) -> None:
    """Run the work as the child, then exit. A traceback is written to the pipe, cut to what fits without a reader."""
    try:
        os.setpgid(0, 0)
        _ptrace(_TRACEME, 0)
        os.kill(os.getpid(), signal.SIGSTOP)
        _install_filter()
        target()
    except BaseException:
        os.write(report, traceback.format_exc().encode()[-60_000:])
        raise
    finally:
        os._exit(0)


# -- the parent --------------------------------------------------------------------------------------------------------


class _Tracer:
    def __init__(
        self,
        target: Callable[[], object],
        n: int,
        within: Path,
        errno: int | None,
        seconds: float,
        hold: Hold | None = None,
    ) -> None:
        self.n = n
        self.within = within.resolve()
        self.errno = errno
        self.hold = hold
        self.seconds = seconds
        self.writes: list[Write] = []
        self.counted = 0
        self.at: Write | None = None
        self.known = set[int]()
        self.late = False
        self.report, end = os.pipe()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # about forking with threads; see above
            self.child = os.fork()
        if self.child == 0:
            _work(target, end)
        os.close(end)

    def run(self) -> Outcome:
        _libc.prctl(_SET_SUBREAPER, 1, 0, 0, 0)  # adopt orphans of the child, to wait for them
        timer = threading.Timer(self.seconds, self._expire)
        try:
            self._begin()
            timer.start()
            self._trace()
        finally:
            timer.cancel()
            self._end()
            _libc.prctl(_SET_SUBREAPER, 0, 0, 0, 0)
            with os.fdopen(self.report, "rb") as pipe:
                error = pipe.read().decode(errors="replace")
        if self.late:
            raise TimeoutError(f"the work was still running after {self.seconds} seconds and {len(self.writes)} writes")
        return Outcome(tuple(self.writes), self.at, error)

    def _begin(self) -> None:
        """Wait until the child can be traced, then start to trace it."""
        _, status = os.waitpid(self.child, _WALL)
        if not os.WIFSTOPPED(status):
            raise OSError(errors.EPERM, "ptrace is forbidden here")
        _ptrace(_SETOPTIONS, self.child, 0, _OPTIONS)
        self.known.add(self.child)
        self._resume(self.child)

    def _trace(self) -> None:
        """Handle every stop until the child has ended or must be killed."""
        while True:
            pid, status = os.waitpid(-self.child, _WALL)
            if not os.WIFSTOPPED(status):
                if pid == self.child:
                    return
            elif self._is_the_one(pid, status):
                if self.hold:
                    while not self.hold.at_rest():
                        self._let_another_go_on()
                    self.hold.meanwhile()
                elif self.errno is None:
                    return
                else:
                    with suppress(ProcessLookupError):
                        _skip(pid, self.errno)
                self._resume(pid)
            else:
                self._let_go_on(pid, status)

    def _let_another_go_on(self) -> None:
        """Handle the stop of another thread than the one that is held, if there is one."""
        pid, status = os.waitpid(-self.child, _WALL | os.WNOHANG)
        if pid and os.WIFSTOPPED(status):
            self._is_the_one(pid, status)  # it is recorded, and is not the one: that is held
            self._let_go_on(pid, status)

    def _let_go_on(self, pid: int, status: int) -> None:
        """Resume a thread after a stop that is no more than a stop."""
        received, event = os.WSTOPSIG(status), status >> 16
        if event or (pid not in self.known and received == signal.SIGSTOP):
            received = 0  # a write, or a new thread or process: its announcement or its own first stop, in either order
        self.known.add(pid)
        self._resume(pid, received)

    def _is_the_one(self, pid: int, status: int) -> bool:
        if status >> 16 != _EVENT_SECCOMP:
            return False
        with suppress(ProcessLookupError):  # another thread may have ended the process meanwhile
            write = _write_of(pid, self.within)
            if write is not None:
                self.writes.append(write)
                if not self.hold or self.hold.counts(write):
                    self.counted += 1
                    if self.counted == self.n:
                        self.at = write
                        return True
        return False

    def _resume(self, pid: int, received: int = 0) -> None:
        with suppress(ProcessLookupError):
            _ptrace(_CONT, pid, 0, received)

    def _end(self) -> None:
        """Kill the whole process group and wait for it, so that nothing is still writing and no zombie stays."""
        with suppress(ProcessLookupError):
            os.killpg(self.child, signal.SIGKILL)
        with suppress(ChildProcessError):
            while True:
                os.waitpid(-self.child, _WALL)

    def _expire(self) -> None:
        self.late = True
        with suppress(ProcessLookupError):
            os.killpg(self.child, signal.SIGKILL)


def _write_of(pid: int, within: Path) -> Write | None:
    """Return the call before which this thread is stopped, if it writes within the folder."""
    info = ctypes.create_string_buffer(88)  # struct ptrace_syscall_info
    _ptrace(_GET_SYSCALL_INFO, pid, len(info), info)
    number, *arguments = struct.unpack_from("7Q", info, 24)
    name = _MACHINES[platform.machine()].calls[number]
    call = _CALLS[name]
    if call.fd is not None:
        paths = [_of_descriptor(pid, arguments[call.fd])]
    else:
        paths = [_of_path(pid, None if at is None else arguments[at], arguments[path]) for at, path in call.paths]
    inside = [path for path in paths if path.is_relative_to(within)]
    return Write(name, inside[-1]) if inside else None


def _of_descriptor(pid: int, descriptor: int) -> Path:
    try:
        return Path(f"/proc/{pid}/fd/{ctypes.c_int(descriptor).value}").readlink()
    except FileNotFoundError:
        return Path()  # not open: the call itself will fail


def _of_path(pid: int, folder: int | None, address: int) -> Path:
    start = ctypes.c_int(_AT_FDCWD if folder is None else folder).value
    base = Path(f"/proc/{pid}/cwd").readlink() if start == _AT_FDCWD else _of_descriptor(pid, start)
    path = base / os.fsdecode(_text(pid, address))
    return path.parent.resolve() / path.name


def _text(pid: int, address: int) -> bytes:
    """Return the string at this address. It is read page by page, because the next page may not be mapped."""
    text = b""
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        while b"\0" not in text and len(text) < 4096:
            at = address + len(text)
            text += os.pread(memory.fileno(), 4096 - at % 4096, at)
    return text.partition(b"\0")[0]


def _skip(pid: int, errno: int) -> None:
    """Make the call before which this thread is stopped return an error without being carried out."""
    registers = ctypes.create_string_buffer(34 * 8)  # user_regs_struct has 27 of them, aarch64's user_pt_regs 34
    vector = ctypes.create_string_buffer(struct.pack("PN", ctypes.addressof(registers), len(registers)), 16)
    _ptrace(_GETREGSET, pid, _NT_PRSTATUS, vector)
    if platform.machine() == "x86_64":
        struct.pack_into("q", registers, 10 * 8, -errno)  # rax
        struct.pack_into("q", registers, 15 * 8, -1)  # orig_rax: no call
    else:
        struct.pack_into("q", registers, 0, -errno)  # x0
        none = ctypes.create_string_buffer(struct.pack("i", -1), 4)
        _ptrace(
            _SETREGSET, pid, _NT_ARM_SYSTEM_CALL, ctypes.create_string_buffer(struct.pack("PN", ctypes.addressof(none), 4), 16)
        )
    _ptrace(_SETREGSET, pid, _NT_PRSTATUS, vector)
