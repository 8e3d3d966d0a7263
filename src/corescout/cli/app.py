"""The table of commands, and what every error becomes: one line and an exit code."""

from __future__ import annotations

import logging
import os
import sys
import traceback
from typing import Annotated

import typer

from corescout.cli import (
    apply,
    bench,
    connect,
    demo,
    explore,
    export,
    info,
    report,
    targets,
    twin,
    types,
    watch,
)
from corescout.data import InputError, StoppedError

BAD_INPUT, STOPPED, BUG = 2, 130, 1
REPORT_BUGS_AT = "https://github.com/corescout/napari-corescout/issues"

app = typer.Typer(
    name="corescout",
    help="Types of microstructure in a scan, their core points, and where to measure next.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for _module in (demo, info, explore, apply, report, targets, watch, export, connect, twin, bench):
    _name = _module.__name__.rpartition(".")[2]
    app.command(_name)(getattr(_module, _name))
app.add_typer(types.types)


def _print_version(wanted: bool) -> None:
    if wanted:
        from corescout import __version__

        typer.echo(f"corescout {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Say which."),
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line and exit: 0 done, 2 bad input, 130 stopped, 1 a bug."""
    # A scan may have non-ASCII letters in its path; a Windows console may not have them.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    sys.exit(_run(sys.argv[1:]))


def _run(arguments: list[str]) -> int:
    try:
        app(args=arguments, prog_name="corescout", standalone_mode=True)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(bool(end.code))
    except InputError as error:
        _say(str(error))
        return BAD_INPUT
    except (StoppedError, KeyboardInterrupt):
        _say("stopped")
        return STOPPED
    except BrokenPipeError:
        # The reader of our output went away, as `head` does.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        logging.getLogger("corescout").debug("bug", exc_info=True)
        if "--verbose" in arguments:
            traceback.print_exc()
        _say(
            f"a bug: {type(error).__name__}: {error}. Please report it with the output of"
            f" --verbose at {REPORT_BUGS_AT}"
        )
        return BUG
    return 0


def _say(text: str) -> None:
    print(f"corescout: {' '.join(text.split())}", file=sys.stderr)  # noqa: T201
