"""`corescout types`: the types of a run, and the library of named types."""

from __future__ import annotations

import csv
import io
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from corescout.cli import options
from corescout.cli.output import Json, print_json
from corescout.data import InputError
from corescout.data.printable import one_line
from corescout.quantities import length_m

if TYPE_CHECKING:
    from corescout.data import Result, Scan
    from corescout.library import Comparison, LibraryType, Ranking

types = typer.Typer(
    name="types",
    help="Named types: list, add, find more like one, compare.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
LibraryFolder = Annotated[
    Path | None,
    typer.Option("--library", help="Folder of the library; CORESCOUT_LIBRARY or the user's own."),
]


@types.command("list")
def list_types(
    run: Annotated[
        Path | None, typer.Argument(help="A finished run: its types, instead of the library's.")
    ] = None,
    library: LibraryFolder = None,
    as_json: Json = False,
) -> None:
    """List the types of the library, or those of a run.

    A run's have their length of wall.
    """
    from corescout.library import Library

    if run is not None:
        _print_rows(_RUN_COLUMNS, _run_rows(run), as_json)
        return
    shelf = Library(library)
    entries = shelf.entries()
    if as_json:
        _print_rows(_LIBRARY_COLUMNS, [_library_row(e) for e in entries], as_json)
    elif not entries:
        typer.echo(f"no types in {shelf.folder}; 'corescout types add RUN TYPE' adds one")
    else:
        _print(_LIBRARY_COLUMNS, [_library_row(e) for e in entries])
    for path, why in shelf.damaged().items():
        typer.echo(f"{path.name}: {why}", err=True)


@types.command("add")
def add(
    run: Annotated[Path, typer.Argument(help="The folder of a finished run.")],
    kind: Annotated[str, typer.Argument(metavar="TYPE", help="Number or name of the type.")],
    name: Annotated[str | None, typer.Option(help="Name in the library.")] = None,
    note: Annotated[str, typer.Option(help="Note to keep with it.")] = "",
    library: LibraryFolder = None,
    as_json: Json = False,
) -> None:
    """Keep a type of a run in the library."""
    from corescout.edits.looks import number_of
    from corescout.library import Library, library_type
    from corescout.runs import read_run

    result = read_run(run)
    entry = library_type(result, number_of(result.types, kind), name=name, note=note)
    path = Library(library).add(entry)
    if as_json:
        print_json({"identifier": entry.uid, "name": entry.name, "file": str(path)})
        return
    typer.echo(f"{entry.name} ({entry.uid}) kept in {path}")


@types.command("find")
def find(
    file: Annotated[Path, typer.Argument(help="The scan to search.")],
    kind: Annotated[
        str | None, typer.Option("--type", help="A type of the library: its name or identifier.")
    ] = None,
    run: Annotated[Path | None, typer.Option(help="A run, with --keypoint.")] = None,
    keypoint: Annotated[
        int | None, typer.Option(min=0, help="A key point of the run, counted from 0.")
    ] = None,
    top: Annotated[int, typer.Option(min=1, help="How many.")] = 20,
    least: Annotated[float, typer.Option(min=0, max=1, help="Least likeness.")] = 0.05,
    pixel_size: options.PixelSize = None,
    out: Annotated[Path | None, typer.Option(help="CSV file to write; printed by default.")] = None,
    channel_map: options.ChannelMap = None,
    library: LibraryFolder = None,
    as_json: Json = False,
) -> None:
    """Find more like a type, or like one key point of a run."""
    from corescout.interactive.calls import with_names
    from corescout.readers import read_scan
    from corescout.whole import write_whole

    scan = read_scan(
        file, pixel_size_m=length_m(pixel_size, "--pixel-size") if pixel_size else None
    )
    renamed = options.read_channel_map(channel_map)
    if renamed:
        scan = with_names(scan, {theirs: ours for ours, theirs in renamed.items()})
    finding = _find(scan, kind, run, keypoint, library)
    if as_json and out is not None:
        raise InputError("--json or --out", "both", "leave one out")
    if as_json:
        rows = _finding_rows(finding, top, least)
        print_json([dict(zip(_FINDING_COLUMNS, row, strict=True)) for row in rows])
        return
    text = _finding_csv(finding, top, least)
    if out is None:
        sys.stdout.write(text)
    else:
        write_whole(out, text)
    strange = 1 - finding.familiar.mean()
    if strange > 0.05:
        typer.echo(
            f"{strange:.0%} of the patches are unlike any that the representation was trained on",
            err=True,
        )


@types.command("compare")
def compare(
    first: Annotated[Path, typer.Argument(help="A finished run.")],
    second: Annotated[
        Path, typer.Argument(help="Another run, or a scan that the first is applied to.")
    ],
    pixel_size: options.PixelSize = None,
    channel_map: options.ChannelMap = None,
    as_json: Json = False,
) -> None:
    """Compare two scans by their types.

    Shares, densities, length of wall, and agreement where the scans overlap.
    """
    from corescout.interactive.calls import apply
    from corescout.library import compare as compare_results
    from corescout.runs import is_run, read_run

    one: Result = read_run(first)
    if is_run(second):
        other: Result = read_run(second)
    else:
        renamed = options.read_channel_map(channel_map)
        other = apply(one, second, pitch=pixel_size, channel_map=renamed)
    found = compare_results(one, other)
    if as_json:
        print_json({**asdict(found), "p_value": found.places.p_value})
        return
    _print_comparison(found)


_RUN_COLUMNS = ("number", "name", "patches", "share", "wall_um", "color", "hidden")
_LIBRARY_COLUMNS = (
    "identifier",
    "name",
    "window_nm",
    "channel",
    "points",
    "wall_um",
    "day",
    "from",
)


def _run_rows(run: Path) -> list[tuple[object, ...]]:
    from corescout.colors import type_color
    from corescout.runs import read_run
    from corescout.wall_lengths import wall_lengths

    result = read_run(run)
    lengths, kinds = wall_lengths(result), result.types
    return [
        (
            n,
            look.name,
            kinds.count(n),
            f"{kinds.count(n) / len(kinds.of_point):.3f}",
            _um(None if lengths is None else lengths.of_type_m(kinds, n)),
            type_color(n, kinds.colors),
            "hidden" if look.hidden else "",
        )
        for n, look in kinds.looks.items()
    ]


def _library_row(entry: LibraryType) -> tuple[object, ...]:
    known = entry.representation
    window = "" if known.window_m is None else f"{known.window_m * 1e9:.0f}"
    return (
        entry.uid,
        entry.name,
        window,
        ", ".join(known.channels),
        entry.n_points,
        _um(entry.wall_length_m),
        f"{entry.created_at:%Y-%m-%d}",
        Path(known.source).name,
    )


def _find(
    scan: Scan, kind: str | None, run: Path | None, keypoint: int | None, library: Path | None
) -> Ranking:
    from corescout.library import Library, find_like_point, find_like_type
    from corescout.runs import read_run

    if kind is not None and run is None:
        return find_like_type(Library(library).get(kind), scan)
    if kind is None and run is not None and keypoint is not None:
        return find_like_point(read_run(run), keypoint, scan)
    raise InputError(
        "--type NAME, or --run RUN with --keypoint NUMBER", "neither or both", "give one of them"
    )


_FINDING_COLUMNS = ("rank", "y_px", "x_px", "x_m", "y_m", "likeness")


def _finding_rows(
    finding: Ranking, top: int, least: float
) -> list[tuple[int, float, float, float | None, float | None, float]]:
    """Rank, place in pixels and metres (None without a scale), and likeness."""
    frame, rows = finding.transferred.scan.frame, []
    for rank, row in enumerate(finding.best(top, least=least), start=1):
        y, x = (float(v) for v in finding.yx_px[row])
        x_m, y_m = (None, None) if frame is None else (float(v) for v in frame.to_m((y, x)))
        rows.append((rank, y, x, x_m, y_m, float(finding.likeness[row])))
    return rows


def _finding_csv(finding: Ranking, top: int, least: float) -> str:
    from corescout.runs.digits import place_decimals

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_FINDING_COLUMNS)
    for rank, y, x, x_m, y_m, likeness in _finding_rows(finding, top, least):
        metres = ("" if v is None else round(v, place_decimals(None)) for v in (x_m, y_m))
        writer.writerow((rank, f"{y:g}", f"{x:g}", *metres, f"{likeness:.4f}"))
    return text.getvalue()


def _print_comparison(found: Comparison) -> None:
    columns = ("type", "points", "", "share", "", "per_um2", "", "wall_um", "")
    rows = [
        (
            row.name,
            *row.count,
            *(f"{s:.3f}" for s in row.share),
            *("" if d is None else f"{d:.2f}" for d in row.per_um2),
            *("" if w is None else f"{w:.2f}" for w in row.wall_um),
        )
        for row in found.rows
    ]
    _print(columns, rows)
    if not found.same_representation:
        typer.echo("seen by two networks: a row is types at the same places, or of one given name")
    typer.echo(found.places.in_words)
    if found.places.not_registered is not None:
        typer.echo(f"drift between the scans not known: {found.places.not_registered}")


def _um(metres: float | None) -> str:
    return "" if metres is None else f"{metres * 1e6:.2f}"


def _print_rows(columns: tuple[str, ...], rows: list[tuple[object, ...]], as_json: bool) -> None:
    if as_json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        _print(columns, rows)


def _print(columns: tuple[str, ...], rows: list[tuple[object, ...]]) -> None:
    table = [columns, *([one_line(str(cell)) for cell in row] for row in rows)]
    widths = [max(len(line[i]) for line in table) for i in range(len(columns))]
    for line in table:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        typer.echo("  ".join(cells).rstrip())
