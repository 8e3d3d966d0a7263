"""The process refuses itself what no tool needs: connections, programs, writes elsewhere.

The tools do none of it. An audit hook of the interpreter cannot be removed again, so a fault in a
tool, in a reader or in a library ends with a `PermissionError` instead of at an instrument. What a
library does in its own compiled code is not seen by it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

_NEVER = (
    "socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo",
    "socket.gethostbyname", "subprocess.Popen", "os.system", "os.exec", "os.fork", "os.forkpty",
    "os.posix_spawn", "os.spawn", "os.startfile", "pty.spawn", "webbrowser.open", "ftplib.connect",
    "urllib.Request", "http.client.connect", "smtplib.connect",
)  # fmt: skip
# event -> where a path stands in its arguments, and the folder that it is relative to
_CHANGES: dict[str, tuple[tuple[int, int | None], ...]] = {
    "os.rename": ((0, 2), (1, 3)), "os.link": ((0, 2), (1, 3)), "os.symlink": ((0, None), (1, 2)),
    "os.remove": ((0, 1),), "os.rmdir": ((0, 1),), "os.mkdir": ((0, 2),), "os.chmod": ((0, 2),),
    "os.chown": ((0, 3),), "os.utime": ((0, 3),), "os.truncate": ((0, None),),
    "os.mkfifo": ((0, 2),), "os.mknod": ((0, 3),), "shutil.rmtree": ((0, 1),),
    "shutil.move": ((0, None), (1, None)),
}  # fmt: skip
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_own: list[Path] = []


def guard(own: Path) -> None:
    """Refuse from now on, for good and for the whole process, all but writes below `own`.

    Parameters
    ----------
    own : Path
        The only folder that may be written to.
    """
    sys.dont_write_bytecode = True
    _own.append(own.resolve())
    if len(_own) == 1:
        sys.addaudithook(_audit)


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if event in _NEVER:
        raise PermissionError(f"{event} is refused: this program reaches nothing but its folders")
    if event == "open":
        path, _, flags = arguments
        if isinstance(flags, int) and flags & _WRITING and not isinstance(path, int):
            _check(path)
    elif event in _CHANGES:
        for at, base in _CHANGES[event]:
            if at < len(arguments) and not isinstance(arguments[at], int):
                relative_to = arguments[base] if base is not None and base < len(arguments) else -1
                _check(_below(relative_to, arguments[at]))


def _below(folder: Any, path: Any) -> Any:
    """A path, from the open folder that it is relative to."""
    if path is None or not isinstance(folder, int) or folder < 0:
        return path
    return Path(f"/proc/self/fd/{folder}").readlink() / os.fsdecode(path)


def _check(path: Any) -> None:
    if path is None:
        return
    said = Path(os.fsdecode(path))
    # neither the name itself nor what a link of that name leads to
    name, target = Path(os.path.realpath(said.parent)) / said.name, Path(os.path.realpath(said))
    own = _own[-1]
    if os.fspath(said) != os.devnull and not (
        name.is_relative_to(own) and target.is_relative_to(own)
    ):
        raise PermissionError(f"writing {said} is refused: it is outside the server's folder")
