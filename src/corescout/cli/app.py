"""The table of commands, and what every error becomes: one line and an exit code."""

from __future__ import annotations

import errno
import logging
import os
import sys
import traceback
from typing import Annotated, Any

import typer

from corescout.cli import (
    apply,
    bench,
    connect,
    demo,
    explore,
    export,
    info,
    mcp,
    plan,
    report,
    runs,
    sample,
    targets,
    twin,
    types,
    watch,
)
from corescout.cli.examples import epilog
from corescout.cli.terminal import make_streams_printable
from corescout.data import InputError, StoppedError
from corescout.data.errors import CorescoutError
from corescout.data.printable import one_line
from corescout.data.sentences import clause, ended

BAD_INPUT, STOPPED, BUG = 2, 130, 1
# What the machine and not the program is to blame for, by the number of the error.
_REMEDIES = {
    errno.ENOSPC: "free some space",
    errno.EDQUOT: "free some space",
    errno.EFBIG: "choose a place that takes larger files",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.ENOENT: "check the path; folders are to be made first",
    errno.ENOTDIR: "check the path",
    errno.EISDIR: "give a file in it",
    errno.EEXIST: "choose another name",
    errno.EACCES: "check its permissions, or choose another place",
    errno.EPERM: "check its permissions, or choose another place",
    errno.EROFS: "choose another place",
}

app = typer.Typer(
    name="corescout",
    help="Types of microstructure in a scan, their core points, and where to measure next.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for _module in (
    demo, sample, info, plan, explore, apply, report, targets, watch, export, connect, twin, mcp,
    bench,
):  # fmt: skip
    _name = _module.__name__.rpartition(".")[2]
    app.command(_name, epilog=epilog(_name))(getattr(_module, _name))
app.add_typer(types.types, epilog=epilog("types"))
app.add_typer(runs.runs, epilog=epilog("runs"))


def _print_version(wanted: bool) -> None:
    if wanted:
        from corescout import __version__

        typer.echo(f"corescout {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line and exit: 0 done, 2 bad input, 130 stopped, 1 a bug."""
    make_streams_printable()
    sys.exit(_run(sys.argv[1:]))


def _run(arguments: list[str]) -> int:
    try:
        code = app(args=arguments, prog_name="corescout", standalone_mode=False)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(bool(end.code))
    except InputError as error:
        return _say(str(error), BAD_INPUT)
    except (StoppedError, KeyboardInterrupt) as stopped:
        return _say(str(stopped) or "stopped", STOPPED)
    except BrokenPipeError:
        # The reader of our output went away, as `head` does.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except MemoryError as error:
        needed = InputError("enough memory", f"too little ({error})", "choose a smaller scan")
        return _say(str(needed), BAD_INPUT)
    except Exception as error:  # noqa: BLE001 - the door: what is left becomes a line, too
        return _other(error, verbose="--verbose" in arguments)
    if code == STOPPED:  # Typer's answer to Ctrl-C where there is nothing to keep
        return _say("stopped", STOPPED)
    return code if isinstance(code, int) else 0


def _other(error: Exception, *, verbose: bool) -> int:
    """What Typer found wrong with the words, what the disk refuses, and what is left: a bug."""
    if type(error).__name__ == "Abort":  # the same of an older Typer
        return _say("stopped", STOPPED)
    if hasattr(error, "format_message"):  # Typer and click have each their own class of it
        return _usage(error)
    if isinstance(error, CorescoutError):  # an instrument or its session says no
        return _say(str(error), BAD_INPUT)
    if isinstance(error, OSError) and error.errno in _REMEDIES:
        found = ": ".join(str(e) for e in (error.filename, os.strerror(error.errno)) if e)
        remedy = _REMEDIES[error.errno]
        return _say(str(InputError("a place to read or write", found, remedy)), BAD_INPUT)
    logging.getLogger("corescout").debug("bug", exc_info=True)
    if verbose:
        traceback.print_exception(error)
    return _say(
        f"a bug: {ended(f'{type(error).__name__}: {error}')} Please report it with the output of"
        f" --verbose{_at_issues()}",
        BUG,
    )


def _at_issues() -> str:
    """Where bugs go: `Issues` in [project.urls] of pyproject.toml, once it is filled in."""
    from importlib.metadata import PackageNotFoundError, metadata

    try:
        urls = metadata("napari-corescout").get_all("Project-URL") or []
    except PackageNotFoundError:
        urls = []
    addresses = dict(url.split(", ", 1) for url in urls)
    return f" at {addresses['Issues']}" if "Issues" in addresses else ""


def _usage(error: Any) -> int:
    """Words that Typer does not know, in one line; without any, the help."""
    text = error.format_message()
    if text.startswith("Usage:"):
        sys.stderr.write(f"{text}\n")
        return BAD_INPUT
    context = getattr(error, "ctx", None)
    command = "corescout" if context is None else context.command_path
    said = clause(text.replace("Value error, ", ""))
    return _say(f"{said}; see '{command} --help'.", BAD_INPUT)


def _say(text: str, code: int) -> int:
    print(f"corescout: {one_line(text)}", file=sys.stderr)  # noqa: T201
    return code
