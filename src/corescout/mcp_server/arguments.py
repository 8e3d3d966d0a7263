"""What each tool takes: every value has bounds, and a name that is not known is refused."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from corescout.mcp_server.words import NAME_LENGTH

_Name = Annotated[str, Field(min_length=1, max_length=400)]
_Channel = Annotated[
    str | None,
    Field(
        max_length=NAME_LENGTH,
        description="A channel by its name in read_scan; left out, the first PFM amplitude, or the"
        " first channel of the file.",
    ),
]
_PixelSize = Annotated[
    float | None,
    Field(
        gt=0, le=1e5, allow_inf_nan=False,
        description="Pixel pitch in nanometres, only for a file that read_scan calls without scale."
        " Ask the person; never guess it.",
    ),
]  # fmt: skip
_Picture = Annotated[bool, Field(description="Whether a picture comes with the answer.")]
_Run = Annotated[
    _Name, Field(description="A run by its name in list_files, or in the answer of explore_scan.")
]
_Scan = Annotated[_Name, Field(description="A scan by its name in list_files.")]


class Arguments(BaseModel):
    """Base of all: no unknown name, no value of another kind."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class ListFiles(Arguments):
    """Of `list_files`."""

    folder: Annotated[
        _Name | None,
        Field(description="A named folder, or one in it such as 'scans/monday'; left out, all."),
    ] = None
    start: Annotated[
        int, Field(ge=0, le=100_000, description="Number of the first entry: for the next page.")
    ] = 0


class ReadScan(Arguments):
    """Of `read_scan`."""

    scan: _Scan
    channel: _Channel = None
    pixel_size_nm: _PixelSize = None
    picture: _Picture = True


class ExploreScan(Arguments):
    """Of `explore_scan`."""

    scan: _Scan
    channel: _Channel = None
    pixel_size_nm: _PixelSize = None
    preset: Annotated[
        Literal["live", "standard"],
        Field(description="live: about a minute. standard: more seeds, several minutes."),
    ] = "live"
    seed: Annotated[
        int, Field(ge=0, le=2**31, description="The same scan, preset and seed: the same result.")
    ] = 0
    picture: _Picture = True


class NoArguments(Arguments):
    """Of a tool that takes none."""


class ExplainVerdict(Arguments):
    """Of `explain_verdict`."""

    run: _Run
    picture: _Picture = True


class ExplainType(Arguments):
    """Of `explain_type`."""

    run: _Run
    type: Annotated[
        int, Field(ge=1, le=1000, description="Number of the type, as explain_verdict lists it.")
    ]
    picture: _Picture = True


class CompareScans(Arguments):
    """Of `compare_scans`."""

    run: _Run
    other: Annotated[
        _Name,
        Field(
            description="A scan, on which the types of the run are found without training, or"
            " another run."
        ),
    ]
    pixel_size_nm: _PixelSize = None


class ProposeTargets(Arguments):
    """Of `propose_targets`."""

    run: _Run
    count: Annotated[
        int, Field(ge=1, le=50, description="Targets in all; types take turns.")
    ] = 10  # fmt: skip
    choice: Annotated[
        Literal["core", "boundary", "novel"],
        Field(description="core: clearest examples. boundary: least certain. novel: least known."),
    ] = "core"
    spacing_nm: Annotated[
        float | None,
        Field(gt=0, le=1e6, allow_inf_nan=False, description="Least distance between two."),
    ] = None
    margin_nm: Annotated[
        float,
        Field(ge=0, le=1e6, allow_inf_nan=False, description="Distance from the edge of the scan."),
    ] = 0.0
    action: Annotated[
        Literal["mark", "spectrum", "zoom"],
        Field(description="What the person is asked to allow there. mark: move and note."),
    ] = "mark"
    bias_v: Annotated[
        float | None,
        Field(gt=0, le=10, allow_inf_nan=False, description="For spectrum: from - to + of it."),
    ] = None
    frame_size_nm: Annotated[
        float | None,
        Field(gt=0, le=1e5, allow_inf_nan=False, description="For zoom: side of the frames."),
    ] = None
    hours: Annotated[
        float, Field(gt=0, le=24, allow_inf_nan=False, description="How long the plan may be used.")
    ] = 1.0
    picture: _Picture = True


class ReadDay(Arguments):
    """Of `read_day`."""

    day: Annotated[_Name, Field(description="A day by its name in list_files.")]
    last: Annotated[
        int, Field(ge=1, le=200, description="How many of the last scans and entries.")
    ] = 20


def schema_of(arguments: type[Arguments]) -> dict[str, Any]:
    """Return the JSON schema that a client sees, without the titles that pydantic adds."""
    schema = arguments.model_json_schema()
    for field in schema.get("properties", {}).values():
        field.pop("title", None)
    return {k: v for k, v in schema.items() if k not in ("title", "description")}
