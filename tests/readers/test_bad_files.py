"""Files that cannot be read: the error says what was expected, what was found, what to do."""

import h5py
import numpy as np
import pytest
import tifffile

import corescout


def truncated(tmp_path, scan_file, share):
    whole = scan_file("scan_0001.ibw").read_bytes()
    path = tmp_path / "cut.ibw"
    path.write_bytes(whole[: int(share * len(whole))])
    return path


def written(path, content: bytes = b""):
    path.write_bytes(content)
    return path


def saved(path, array):
    np.save(path, array, allow_pickle=True)
    return path


def empty_h5(path):
    h5py.File(path, "w").close()
    return path


def colour(path):
    tifffile.imwrite(path, np.zeros((20, 20, 3), np.uint8), photometric="rgb")
    return path


BAD = {
    "cut at 25 %": (lambda t, f: truncated(t, f, 0.25), "incomplete|truncated|cut"),
    "cut at 60 %": (lambda t, f: truncated(t, f, 0.60), "incomplete|truncated|cut"),
    "cut at 99 %": (lambda t, f: truncated(t, f, 0.99), "incomplete|truncated|cut"),
    "absent": (lambda t, f: t / "absent.ibw", "no such file|not exist|absent"),
    "a folder": (lambda t, f: t, "folder|directory"),
    "empty": (lambda t, f: written(t / "empty.ibw"), "empty"),
    "the old Gwyddion container": (lambda t, f: f("chip.gwy"), "GWYO"),
    "another format": (lambda t, f: written(t / "x.xyz", b"hello"), "one of the formats"),
    "text named .ibw": (lambda t, f: written(t / "x.ibw", b"hello" * 200), "x.ibw"),
    "text named .h5": (lambda t, f: written(t / "x.h5", b"hello" * 200), "x.h5"),
    "HDF5 without images": (lambda t, f: empty_h5(t / "e.h5"), "NSID or USID"),
    "objects": (lambda t, f: saved(t / "o.npy", np.array([{}, None])), "would be code"),
    "one dimension": (lambda t, f: saved(t / "d.npy", np.arange(10.0)), "image|2"),
    "a picture": (lambda t, f: colour(t / "p.tif"), "grey"),
    "no pixel": (lambda t, f: saved(t / "n.npy", np.zeros((0, 5))), "2 x 2"),
    "one line": (lambda t, f: saved(t / "l.npy", np.zeros((1, 5))), "5 x 1"),
    "channels last": (lambda t, f: saved(t / "c.npy", np.ones((60, 50, 3))), "channels first"),
    "complex": (lambda t, f: saved(t / "z.npy", np.ones((9, 9)) * 1j), "real"),
    "packed": (lambda t, f: written(t / "x.npy.gz", b"\x1f\x8b" + b"0" * 20), "unpack"),
    "no ending": (lambda t, f: written(t / "scan", b"\x93NUMPY\x01\x00"), r"\.npy file"),
    "a name too long": (lambda t, f: t / ("n" * 300 + ".npy"), "name"),
    "spectroscopy": (lambda t, f: f("BEPS_PTO_50x50.h5"), "images"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_is_an_input_error(tmp_path, scan_file, case):
    make, word = BAD[case]
    with pytest.raises(corescout.InputError, match=rf"(?i){word}") as caught:
        corescout.read_scan(make(tmp_path, scan_file))
    text = str(caught.value)
    assert text.startswith("expected ")
    assert "; found " in text
    assert "\n" not in text
    assert len(text) < 400


CUT = ["scan_0001.ibw", "PZT_final0001.h5", "SingFreqPFM_0003.gwy", "SingFreqPFM_0003_usid.h5",
       "chip.gsf", "A151216.123306-02602.sxm"]  # fmt: skip


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("name", CUT)
def test_a_file_that_is_cut_short_is_never_taken_for_a_whole_one(tmp_path, scan_file, name, share):
    whole = scan_file(name).read_bytes()
    path = tmp_path / name
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(corescout.InputError):
        corescout.read_scan(path)


def test_a_file_that_may_not_be_read_is_an_input_error(tmp_path, monkeypatch):
    path = saved(tmp_path / "mine.npy", np.eye(9))

    def refused(*arguments, **options):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("pathlib.Path.open", refused)
    with pytest.raises(corescout.InputError, match=r"mine\.npy: Permission denied"):
        corescout.read_scan(path)
