"""`bench fuzz`: scan files cut short and with flipped bytes, each read in a process of its own.

A file that was cut must give an error or a scan that says how many rows are done. A flipped byte
may hide among the pixels; what counts is that nothing else than our own error is raised, that no
process dies, and that time and memory stay within bounds.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.outcome import Bar, BenchReport
from corescout.data import InputError

CUTS = (0.01, 0.10, 0.50, 0.90, 0.99)
FLIPS, QUICK_FLIPS = 1000, 20
LONGEST_S = 5.0
SPARE_BYTES = 200 * 2**20
DECODED_FACTOR = 20
MOST_ADDRESSES = 8 * 2**30  # of the child, its libraries included
READ, REFUSED, TRACEBACK, WHOLE_AFTER_CUT, TOO_LARGE = 0, 2, 3, 4, 5
_NAMES = {
    READ: "read", REFUSED: "refused", TRACEBACK: "tracebacks",
    WHOLE_AFTER_CUT: "cuts_taken_as_whole", TOO_LARGE: "over_memory",
}  # fmt: skip


@dataclass(frozen=True)
class FuzzCase:
    """One damaged file.

    Attributes
    ----------
    source : Path
    what : str
    content : bytes
    is_cut : bool
    """

    source: Path
    what: str
    content: bytes
    is_cut: bool


def run(scan: Path | None = None, *, quick: bool = False) -> BenchReport:
    """Damage every scan file under a folder (`CORESCOUT_TEST_DATA` if not said).

    Raises
    ------
    InputError
        Without a folder of scans, or where processes cannot fork (Windows).
    """
    if not hasattr(os, "fork"):
        raise InputError("an operating system that can fork", sys.platform, "run it on Linux")
    folder = scan or Path(os.environ.get("CORESCOUT_TEST_DATA", ""))
    files = [f for f in sorted(folder.rglob("*")) if f.is_file()] if folder.is_dir() else []
    if not files:
        raise InputError("a folder of scans", f"{folder}", "give one, or set CORESCOUT_TEST_DATA")
    counts, longest_s, worst = fuzz(files, QUICK_FLIPS if quick else FLIPS)
    values: dict[str, float] = {
        name: counts[name] for name in [*_NAMES.values(), "crashes", "over_time"]
    }
    values |= {"files": len(files), "cases": sum(counts.values()), "longest_s": round(longest_s, 2)}
    must_be_none = ("tracebacks", "cuts_taken_as_whole", "over_memory", "crashes", "over_time")
    return BenchReport(
        "fuzz",
        values,
        tuple(Bar(name, "<=", 0) for name in must_be_none),
        tuple(worst[:20]),
    )


def fuzz(files: list[Path], flips: int) -> tuple[Counter[str], float, list[str]]:
    """Read every damaged version of the files; return counts, the longest time, and complaints."""
    _import_readers()
    counts: Counter[str] = Counter()
    longest_s, complaints = 0.0, []
    with tempfile.TemporaryDirectory() as name:
        for number, source in enumerate(files):
            for case in damaged(source, flips, seed=number):
                path = Path(name) / source.name
                path.write_bytes(case.content)
                outcome, seconds = read_in_child(path, is_cut=case.is_cut)
                counts[outcome] += 1
                longest_s = max(longest_s, seconds)
                if outcome not in ("read", "refused"):
                    complaints.append(f"{source.name}, {case.what}: {outcome}")
    return counts, longest_s, complaints


def damaged(source: Path, flips: int, seed: int) -> Iterator[FuzzCase]:
    """Cut a file at fixed shares, and flip single bits: half of them in its first 4 KiB."""
    whole = source.read_bytes()
    for share in CUTS:
        yield FuzzCase(source, f"cut at {share:.0%}", whole[: int(share * len(whole))], True)
    rng = np.random.default_rng(seed)
    for k in range(flips):
        end = min(4096, len(whole)) if k % 2 else len(whole)
        place, bit = int(rng.integers(end)), int(rng.integers(8))
        content = bytearray(whole)
        content[place] ^= 1 << bit
        yield FuzzCase(source, f"bit {bit} of byte {place} flipped", bytes(content), False)


def read_in_child(path: Path, *, is_cut: bool) -> tuple[str, float]:
    """Read a file in a forked process; return what became of it and the seconds it took."""
    started = time.monotonic()
    child = os.fork()
    if child == 0:
        os._exit(_read(path, is_cut=is_cut))
    status = 0
    while time.monotonic() - started < LONGEST_S:
        done, status, _ = os.wait4(child, os.WNOHANG)
        if done:
            break
        time.sleep(0.001)
    else:
        os.kill(child, signal.SIGKILL)
        os.wait4(child, 0)
        return "over_time", time.monotonic() - started
    seconds = time.monotonic() - started
    if not os.WIFEXITED(status):
        return "crashes", seconds
    return _NAMES.get(os.WEXITSTATUS(status), "crashes"), seconds


def _read(path: Path, *, is_cut: bool) -> int:
    """In the child: read quietly and say how it went."""
    from corescout.readers import read_scan

    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    before = _peak_bytes()
    resource.setrlimit(resource.RLIMIT_AS, (MOST_ADDRESSES, MOST_ADDRESSES))
    try:
        scan = read_scan(path)
    except InputError as error:
        if isinstance(error.__cause__, MemoryError):
            return TOO_LARGE
        outcome, decoded = REFUSED, 0
    except BaseException:  # noqa: BLE001 - what is counted here is anything that is not our own error
        return TRACEBACK
    else:
        outcome, decoded = READ, sum(v.nbytes for v in scan.channels.values())
        if is_cut and scan.rows_done is None:
            return WHOLE_AFTER_CUT
    allowed = DECODED_FACTOR * max(decoded, path.stat().st_size) + SPARE_BYTES
    return TOO_LARGE if _peak_bytes() - before > allowed else outcome


def _peak_bytes() -> int:
    factor = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * factor


def _import_readers() -> None:
    """Import what the readers need once, so that each child only reads."""
    import gsffile  # noqa: F401
    import igor2.binarywave  # noqa: F401
    import pyfive  # noqa: F401
    import tifffile  # noqa: F401

    from corescout.readers import (  # noqa: F401
        asylum_ibw,
        bruker_nanoscope,
        gwyddion_gsf,
        gwyddion_gwy,
        hdf5,
        nanonis_sxm,
        nanosurf_nid,
        ntmdt,
        numpy_array,
        tiff,
        wsxm,
    )
