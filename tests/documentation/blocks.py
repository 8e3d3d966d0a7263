"""The code blocks of the documentation, and a folder in which they run as they stand."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shlex
import signal
import threading
import weakref
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).parent.parent.parent
PAGES = ("README.md", *sorted(p.relative_to(ROOT).as_posix() for p in ROOT.glob("docs/**/*.md")))
_FENCE = re.compile(r"^```([a-z]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
# pattern -> what stands for it; in this order
_MASKS = (
    (r"^(\s*)(?:Why: )?(?:Window \d|Candidates together:).*", r"\1Why ..."),
    (r"(of the provisional types the search keeps) .*", r"\1 ..."),  # how many, too
    (r"^(?:\d+ (?:possible )?types?[,;]|No evidence of|What differs follows).*", "HEADLINE ..."),
    (r"^(evidence|choice|types)\s.*", r"\1 ..."),  # of two runs, side by side
    (r"^(\S+\.corescout\s.*\sfinished)\s.*", r"\1 ..."),  # choice, types, grade of a run
    (r"#[0-9a-fA-F]{6}\b", "COLOUR"),
    (r"\b[0-9a-f]{12}\b", "IDENTIFIER"),
    (r"-?\d[\d.:]*(?:e[-+]?\d+)?", "#"),
    (r"# (?:s|min|h)\b", "# s"),
    (r"# (?:possible )?types?\b", "# types"),
    (r"\s+", " "),
)


@dataclass(frozen=True)
class Block:
    """One fenced block; `output` is what a ```text block right below says that it prints."""

    page: str
    number: int
    language: str
    code: str
    output: str | None


def blocks_of(page: str) -> list[Block]:
    """Return the blocks of a page in order."""
    text = (ROOT / page).read_text("utf-8")
    found = list(_FENCE.finditer(text))
    blocks = []
    for i, match in enumerate(found):
        below = found[i + 1] if i + 1 < len(found) else None
        beside = below is not None and not text[match.end() : below.start()].strip()
        output = below[2] if beside and below[1] == "text" else None
        if match[1] != "text":
            blocks.append(Block(page, i, match[1], match[2], output))
    return blocks


def texts_of(page: str) -> list[str]:
    """Return the blocks of text of a page that are no output of the block above them."""
    outputs = [block.output for block in blocks_of(page)]
    text = (ROOT / page).read_text("utf-8")
    return [m[2] for m in _FENCE.finditer(text) if m[1] == "text" and m[2] not in outputs]


def commands_of(block: Block) -> list[str]:
    """Return the commands of a block of shell, without their comments."""
    lines = [re.sub(r"\s+#.*$", "", line).strip() for line in block.code.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def run(command: str, interrupt_after_s: float | None = None) -> tuple[int, str, str]:
    """Run a command line of ours in this process; return its code, what it printed, and errors.

    ``> FILE`` is carried out as a shell does. A command that goes on until Ctrl-C gets one.
    """
    from corescout.cli.app import _run

    command, _, target = (part.strip() for part in command.partition(" > "))
    out, err = io.StringIO(), io.StringIO()
    timer = None
    # Started in the background of a shell, a process is deaf to Ctrl-C; a person's is not.
    before = signal.signal(signal.SIGINT, _interrupted)
    if interrupt_after_s is not None:
        timer = threading.Timer(interrupt_after_s, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = _run(shlex.split(command)[1:])
    finally:
        if timer is not None:
            timer.cancel()
        signal.signal(signal.SIGINT, before)
    if target:
        Path(target).write_text(out.getvalue(), "utf-8")
        return code, "", err.getvalue()
    return code, out.getvalue(), err.getvalue()


def _interrupted(number: int, frame: FrameType | None) -> None:
    """End the command; a moment later where Python would lose the exception, in a weak reference.

    A person sees that it goes on, and presses again.
    """
    if frame is not None and frame.f_code.co_filename == weakref.__file__:
        threading.Timer(0.1, os.kill, (os.getpid(), number)).start()
        return
    raise KeyboardInterrupt


def masked(text: str) -> str:
    """Return a text whose numbers are masked: they depend on the machine, the words do not.

    What was chosen stands in the first paragraph of a verdict and in tables of runs: it depends on
    figures, and is cut. Rows of a table that are alike are one; identifiers, colours and folders
    of this machine are no words.
    """
    with contextlib.suppress(ValueError):  # of JSON the shape counts, not how long its lists are
        text = json.dumps(_first_of_each(json.loads(text)), indent=1)
    text = text.replace(str(Path.cwd()), "HERE")
    lines: list[str] = []
    for line in text.splitlines():
        if line.startswith("the budget of"):  # said where this machine is too slow for it
            continue
        for pattern, mask in _MASKS:
            line = re.sub(pattern, mask, line)
        line = line.rstrip()
        if not lines or lines[-1] != line:
            lines.append(line)
    return "\n".join(lines)


def _first_of_each(value: object) -> object:
    if isinstance(value, list):
        return [_first_of_each(v) for v in value[:1]]
    if isinstance(value, dict):
        return {k: _first_of_each(v) for k, v in value.items()}
    return value


def agrees(expected: str, found: str) -> bool:
    """Say whether a text is as a page says: masked, ``...`` stands for anything."""
    pattern = re.escape(masked(expected)).replace(re.escape("..."), ".*")
    return re.fullmatch(pattern, masked(found), re.DOTALL) is not None
