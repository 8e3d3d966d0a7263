"""Names of files lead into the named folders and nowhere else."""

import os

import pytest

from corescout.data import InputError
from corescout.mcp_server.places import RESULTS, AllowedPlaces
from corescout.mcp_server.words import bounded, plain


@pytest.fixture
def places(tmp_path):
    scans, outside, own = (tmp_path / name for name in ("scans", "outside", "own"))
    for folder in (scans / "sub", outside, own):
        folder.mkdir(parents=True)
    (outside / "secret.npz").write_bytes(b"PK\x03\x04 secret")
    (scans / "sub" / "a.npz").write_bytes(b"PK\x03\x04 a")
    (scans / "link.npz").symlink_to(outside / "secret.npz")
    (scans / "linked").symlink_to(outside)
    (scans / "inner").symlink_to(scans / "sub")
    os.mkfifo(scans / "pipe.npz")
    return AllowedPlaces([scans], own)


def test_a_file_is_found_by_the_name_that_is_listed(places):
    names = [found.name for found in places.all()]
    assert names == ["scans/sub/a.npz"]  # no link, no pipe, nothing outside
    assert places.scan(names[0]).read_bytes() == b"PK\x03\x04 a"
    assert places.scan("scans/inner/a.npz") == places.scan(names[0])
    assert list(places.folders) == [RESULTS, "scans"]


@pytest.mark.parametrize("name", [
    "../outside/secret.npz", "scans/../outside/secret.npz", "scans/sub/../../outside/secret.npz",
    "/etc/passwd", "scans/link.npz", "scans/linked/secret.npz", "scans//sub/a.npz", "",
    "scans/./sub/a.npz", "scans/sub/a.npz\0", "scans\\sub\\a.npz", "elsewhere/a.npz",
    "scans/none.npz", "scans/" + "a" * 5000, "scans/C:/a.npz", "scans/\u202ea.npz",
    "scans/pipe.npz", "scans/sub",
])  # fmt: skip
def test_no_name_leads_out(places, name):
    with pytest.raises(InputError) as refused:
        places.scan(name)
    assert len(str(refused.value)) < 600
    assert str(refused.value).isprintable()


def test_an_absolute_path_is_refused_even_of_a_named_folder(places):
    with pytest.raises(InputError):
        places.scan(str(places.folders["scans"] / "sub" / "a.npz"))


def test_a_run_with_a_file_that_leads_elsewhere_is_refused(places, tmp_path):
    run = places.folders["scans"] / "x.corescout"
    run.mkdir()
    for name in ("decision.json", "result.h5", "plan.json"):
        (tmp_path / "outside" / name).write_text("{}")
        (run / name).symlink_to(tmp_path / "outside" / name)
    with pytest.raises(InputError, match="holds its own files"):
        places.run("scans/x.corescout")


def test_text_of_files_is_short_and_moves_no_cursor():
    assert bounded("a\x1b[2Jb\u202ec\nd", 40) == "a\\x1b[2Jb\\u202ec d"
    assert len(bounded("\x00" * 10**6, 80)) == 80
    assert bounded("x" * 100, 80).endswith("...")
    assert plain({"a": float("nan"), "b": (1, "x\x07")}) == {"a": None, "b": [1, "x\\x07"]}
