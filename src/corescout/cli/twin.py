"""`corescout twin --nanonis 127.0.0.1:6501`: the digital twin as a controller on the network."""

from __future__ import annotations

import ipaddress
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from corescout.cli.connect import Profiles, host_and_port
from corescout.data import InputError

if TYPE_CHECKING:
    from corescout.instruments.nanonis import NanonisServer
    from corescout.instruments.twin import DigitalTwin

_LOOK_S = 0.2
_REST_S = 2.0  # between scans: a stop has ended everything, and a plan may begin


def twin(
    nanonis: Annotated[
        str, typer.Option(help="Address to listen at: HOST:PORT, and the three ports after it.")
    ] = "127.0.0.1:6501",
    speed: Annotated[
        float, typer.Option(min=0.1, help="Seconds of the instrument in one second.")
    ] = 60.0,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the generated surface.")] = 0,
    save: Annotated[
        Path | None, typer.Option(help="Folder that spectra are saved to, as .dat files.")
    ] = None,
    scan: Annotated[
        bool, typer.Option("--scan", help="Scan frame after frame, as an operator would.")
    ] = False,
    instrument: Annotated[
        str | None, typer.Option(help="A twin of the profiles; it says seed and speed.")
    ] = None,
    profiles: Profiles = None,
) -> None:
    """Serve the digital twin as a Nanonis controller.

    In the language of its TCP interface, until Ctrl-C.
    """
    from corescout.instruments.nanonis import NanonisServer

    host, port = host_and_port(nanonis)
    if save is not None and not save.is_dir():
        raise InputError("a folder for --save", f"none at {save}", "create it")
    served = _twin(seed, speed) if instrument is None else _of_profile(instrument, profiles)
    try:
        server = NanonisServer(served, host, port, save)
    except OSError as error:
        raise InputError(
            f"free ports {port} to {port + 3} at {host}", str(error), "give another with --nanonis"
        ) from error
    with server:
        typer.echo(f"the twin answers at {host}, ports {', '.join(map(str, server.ports))}")
        typer.echo(_who_reaches(host))
        typer.echo(f"try: corescout connect --nanonis {host}:{port}   (Ctrl-C ends the twin)")
        try:
            _serve(server, scan=scan)
        except KeyboardInterrupt:
            typer.echo("the twin ends")


def _twin(seed: int, speed: float) -> DigitalTwin:
    from corescout.instruments.twin import DigitalTwin
    from corescout.surfaces import generate_surface

    return DigitalTwin(generate_surface(seed=seed), speed, seed=seed)


def _of_profile(name: str, profiles: Path | None) -> DigitalTwin:
    from corescout.instruments.profiles import open_instrument
    from corescout.instruments.twin import DigitalTwin

    found, _ = open_instrument(name, profiles)
    if not isinstance(found, DigitalTwin):
        raise InputError(
            'a profile of kind "twin"', f"{name!r} is {found.capabilities.name}", "choose another"
        )
    return found


def _serve(server: NanonisServer, *, scan: bool) -> None:
    while True:
        time.sleep(_LOOK_S)
        if scan and server.idle_s > _REST_S:
            server.start_scan()


def _who_reaches(host: str) -> str:
    try:
        loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if loopback:
        return "only programs on this machine reach it"
    return "WARNING: every machine of the network reaches it; there is no password"
