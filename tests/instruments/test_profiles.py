"""One TOML file says which instruments there are and what they may be told."""

import os
from pathlib import Path

import pytest

from corescout import folders
from corescout.data import InputError
from corescout.instruments.limits import load_limits
from corescout.instruments.nanonis import NanonisInstrument
from corescout.instruments.profiles import open_instrument, profile_names
from corescout.instruments.twin import DigitalTwin

LIMITS = """
x_m = [-20e-6, 20e-6]
y_m = [-10e-6, 10e-6]
largest_step_m = 30e-6
largest_speed_m_per_s = 5e-6
largest_bias_v = 8.0
longest_spectrum_s = 5.0
most_targets = 50
readback_tolerance_m = 50e-9
rotation_verified = false
emergency = "halt_and_zero_bias"
"""


@pytest.fixture
def written(tmp_path):
    def write(text):
        path = tmp_path / "instruments.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_an_instrument_and_its_limits(written):
    path = written(
        f'[instruments.afm]\nkind = "nanonis"\nhost = "10.0.0.5"\n'
        f'[instruments.afm.limits]\n{LIMITS}\n[instruments.toy]\nkind = "twin"\nspeed = 10\n'
    )
    assert profile_names(path) == ("afm", "toy")
    instrument, limits = open_instrument("afm", path)
    assert isinstance(instrument, NanonisInstrument)
    assert instrument.capabilities.address == "nanonis 10.0.0.5:6501"
    assert limits.y_m == (-10e-6, 10e-6)
    assert not limits.rotation_verified
    toy, none = open_instrument("toy", path)
    assert isinstance(toy, DigitalTwin)
    assert toy.speed == 10
    assert none is None


def test_every_kind_opens_with_paths_from_the_file(written, tmp_path):
    path = written(
        '[instruments.f]\nkind = "folder"\nscans = "in"\noutbox = "out"\nrecursive = true\n'
        '[instruments.a]\nkind = "asylum"\nscans = "in"\ncommands = "ToIgor.arcmd"\n'
        'origin = "absolute"\nfirst_spot = 0\n'
        '[instruments.d]\nkind = "dtmicroscope"\naddress = "PYRO:x@host:1"\n'
        '[instruments.c]\nkind = "nanonis"\ncloud = true\ndata_folder = "in"\n'
    )
    found = {name: open_instrument(name, path)[0].capabilities for name in profile_names(path)}
    assert found["f"].address == f"folder {tmp_path / 'out'}"
    assert found["a"].address == f"asylum {tmp_path / 'ToIgor.arcmd'}"
    assert found["d"].address == "dtmicroscope PYRO:x@host:1"
    assert found["c"].whole_plans
    for name in ("in", "out"):
        (tmp_path / name).mkdir()
    folder, _ = open_instrument("f", path)
    folder.connect()
    assert folder.describe().frame is None
    folder.close()


WRONG = {
    "no such name": ('[instruments.a]\nkind = "twin"\n', "'afm'"),
    "unknown kind": ('[instruments.afm]\nkind = "magic"\n', "magic"),
    "no kind": ("[instruments.afm]\nspeed = 1\n", "kind"),
    "misspelt": ('[instruments.afm]\nkind = "nanonis"\nhosts = "x"\n', "hosts"),
    "not a number": ('[instruments.afm]\nkind = "nanonis"\nport = "x"\n', "port"),
    "a bound is missing": (
        '[instruments.afm]\nkind = "twin"\n[instruments.afm.limits]\nx_m = [0, 1]\n',
        "largest_step_m",
    ),
    "no tables": ('kind = "twin"\n', "instruments"),
    "no TOML": ("[[[", "TOML"),
    "not tables": ("[instruments]\nafm = 3\n", "tables"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_said(case, written):
    text, words = WRONG[case]
    with pytest.raises(InputError, match=words):
        open_instrument("afm", written(text))


@pytest.mark.parametrize(
    "text",
    [
        "[instruments.afm]\nkind = 'twin'\nspeed = " + "9" * 400,
        "[instruments.afm]\nkind = 'nanonis'\nport = " + "9" * 400,
        "[instruments.afm]\nkind = 'nanonis'\nport = " + "9" * 5000,
        "[instruments.afm]\nkind = " + "[" * 5000 + "]" * 5000,
        "[instruments.afm]\nkind = " + "{a = " * 5000 + "1" + "}" * 5000,
        "[instruments." + "a." * 3000 + "b]\nkind = 'twin'",
    ],
)
def test_absurd_depth_and_digits_are_one_short_line(text, written):
    """An overflow or a recursion that nobody catches would be a page of Python."""
    with pytest.raises(InputError) as error:
        open_instrument("afm", written(text))
    said = str(error.value)
    assert "\n" not in said
    assert len(said) < 1000


def test_a_pipe_as_a_file_of_profiles_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.toml")
    for read in (profile_names, load_limits):
        with pytest.raises(InputError, match="no regular file"):
            read(tmp_path / "pipe.toml")


def test_without_a_file_it_says_where_it_was_looked_for(tmp_path, monkeypatch):
    monkeypatch.setattr(folders, "user_config_path", lambda name: tmp_path / name)
    assert profile_names() == ()
    with pytest.raises(InputError, match=r"instruments\.toml"):
        open_instrument("afm")


def test_the_example_of_the_documentation_can_be_opened(written):
    page = Path(__file__).parents[2] / "docs" / "instruments.md"
    example = page.read_text(encoding="utf-8").partition("```toml\n")[2].partition("```")[0]
    path = written(example)
    assert len(profile_names(path)) == 5
    opened = {name: open_instrument(name, path) for name in profile_names(path)}
    assert opened["lab"][1].largest_bias_v == 8.0
    assert opened["lab"][1].emergency == "halt_and_zero_bias"
