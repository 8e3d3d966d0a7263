"""A file from a stranger reads itself alone and asks for no more memory than it can fill."""

import io
import os
import subprocess
import sys
import zipfile

import h5py
import numpy as np
import pytest

from corescout.data import InputError
from corescout.data.bounds import LARGEST_FILE_BYTES, own_h5
from corescout.readers import can_read, read_scan

OME = """<?xml version="1.0" encoding="UTF-8"?>
<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" UUID="urn:uuid:mine">
<Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYCZT" Type="float32" SizeX="8" SizeY="8"
 SizeC="2" SizeZ="1" SizeT="1">
<Channel ID="C:0" Name="mine" SamplesPerPixel="1"/><Channel ID="C:1" Name="theirs"
 SamplesPerPixel="1"/>
<TiffData IFD="0" FirstC="0" PlaneCount="1"><UUID FileName="own.ome.tif">urn:uuid:mine</UUID>
</TiffData>
<TiffData IFD="0" FirstC="1" PlaneCount="1"><UUID FileName="{other}">urn:uuid:theirs</UUID>
</TiffData></Pixels></Image></OME>"""


def image(value=0.0):
    return np.arange(64, dtype=np.float32).reshape(8, 8) + np.float32(value)


@pytest.mark.parametrize("other", ["secret.ome.tif", "../secret.ome.tif", "{absolute}", "pipe.tif"])
def test_an_ome_tiff_reads_no_other_file(tmp_path, other):
    import tifffile

    secret = tmp_path / "a" / other if ".." in other else tmp_path / "a" / "secret.ome.tif"
    (tmp_path / "a").mkdir()
    tifffile.imwrite(secret.resolve(), image(500.0), photometric="minisblack")
    os.mkfifo(tmp_path / "a" / "pipe.tif")  # opening it would wait for ever
    text = OME.replace("{other}", other.replace("{absolute}", str(secret.resolve())))
    path = tmp_path / "a" / "own.ome.tif"
    tifffile.imwrite(path, image(), description=text, photometric="minisblack", metadata=None)
    with pytest.raises(InputError, match="names other files"):
        read_scan(path)


def test_an_ome_tiff_that_was_renamed_is_still_its_own(tmp_path):
    import tifffile

    path = tmp_path / "own.ome.tif"
    tifffile.imwrite(path, np.stack([image(), image(3.0)]), photometric="minisblack",
                     metadata={"axes": "CYX", "Channel": {"Name": ["A", "B"]}})  # fmt: skip
    moved = path.rename(tmp_path / "moved.ome.tif")
    assert list(read_scan(moved).channels) == ["A", "B"]


def npy_header(shape):
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        head, {"descr": "<f4", "fortran_order": False, "shape": shape}
    )
    return head.getvalue()


def npz_of_zeros(path):
    """An archive that is what it says: 200 MB of zeros in 200 kB."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", npy_header((5000, 10000)) + bytes(200_000_000))


def npz_with_a_lie(path):
    """A header that declares far more than its entry holds: memory is asked for by the header."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.npy", npy_header((200_000, 200_000)) + bytes(1000))


def npy_with_a_lie(path):
    path.write_bytes(npy_header((2_000_000, 1_000_000)) + bytes(1000))


def npy_of_text(path):
    """Another version of the header, which no image has."""
    path.write_bytes(b"\x93NUMPY\x03\x00" + bytes(100))


def h5_axis(path):
    """An NSID image whose axis declares 80 GB in no chunk at all."""
    with h5py.File(path, "w") as file:
        group = file.create_group("m/Channel_000")
        data = group.create_dataset("image", data=image())
        data.attrs["DIMENSION_LABELS"] = ["x", "y"]
        group.create_dataset("x", shape=(10**10,), dtype="f8", chunks=(10**6,))
        group.create_dataset("y", data=np.arange(8.0))


BOMBS = {
    "zeros.npz": npz_of_zeros, "lie.npz": npz_with_a_lie, "lie.npy": npy_with_a_lie,
    "version.npy": npy_of_text, "axis.h5": h5_axis,
}  # fmt: skip
_READ = """
import resource, sys
from corescout.data import InputError
from corescout.readers import read_scan
try:
    read_scan(sys.argv[1])
except InputError as error:
    print("refused:", error)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_before_it_unpacks(tmp_path, name):
    """In a process of its own, whose memory is looked at afterwards."""
    path = tmp_path / name
    BOMBS[name](path)
    found = subprocess.run(
        [sys.executable, "-c", _READ, str(path)], capture_output=True, text=True, check=True
    )
    said, peak = found.stdout.rsplit("\n", 2)[:2]
    assert said.startswith("refused: expected"), found.stdout
    small = tmp_path / "small.npy"
    np.save(small, image())
    plain = subprocess.run(
        [sys.executable, "-c", _READ, str(small)], capture_output=True, text=True, check=True
    )
    unit = 2**20 if sys.platform == "darwin" else 2**10
    assert (int(peak) - int(plain.stdout.split()[-1])) / unit < 120  # MiB, of parsers too


def test_what_is_no_regular_file_is_never_opened(tmp_path):
    pipe, link = tmp_path / "p.ibw", tmp_path / "z.npy"
    os.mkfifo(pipe)
    link.symlink_to("/dev/zero")
    large = tmp_path / "large.gsf"
    with large.open("wb") as file:
        file.truncate(LARGEST_FILE_BYTES + 1)
    for path, why in ((pipe, "no regular file"), (link, "no regular file"), (large, "at most")):
        with pytest.raises(InputError, match=why):
            read_scan(path)
        assert not can_read(path)


def with_external_storage(path, secret):
    with h5py.File(path, "w") as file:
        file.create_dataset("a", (64,), dtype="u1", external=[(str(secret), 0, 64)])


def with_external_link(path, secret):
    with h5py.File(path, "w") as file:
        file["a"] = h5py.ExternalLink(str(secret), "/a")


def with_soft_link(path, secret):
    with h5py.File(path, "w") as file:
        file["b"] = image()
        file["a"] = h5py.SoftLink("/b")


def with_virtual_dataset(path, secret):
    layout = h5py.VirtualLayout(shape=(8, 8), dtype="f4")
    layout[:] = h5py.VirtualSource(str(secret), "a", shape=(8, 8))
    with h5py.File(path, "w") as file:
        file.create_group("g").create_virtual_dataset("a", layout)


def with_a_declared_size(path, secret):
    with h5py.File(path, "w") as file:
        file.create_dataset("a", shape=(10**5, 10**5), dtype="f8", chunks=(1000, 1000))


ELSEWHERE = {
    "storage": (with_external_storage, "leads elsewhere"),
    "link": (with_external_link, "leads elsewhere"),
    "soft link": (with_soft_link, "leads elsewhere"),
    "virtual": (with_virtual_dataset, "leads elsewhere"),
    "size": (with_a_declared_size, "80,000,000,000 bytes"),
}


@pytest.mark.parametrize("kind", ELSEWHERE)
def test_a_result_holds_its_own_data(tmp_path, kind):
    make, why = ELSEWHERE[kind]
    secret = tmp_path / "secret.bin"
    with h5py.File(secret, "w") as file:
        file["a"] = image()
    path = tmp_path / "result.h5"
    make(path, secret)
    with pytest.raises(InputError, match=why), own_h5(path):
        pass


def test_groups_that_hold_themselves_end(tmp_path):
    path = tmp_path / "ring.h5"
    with h5py.File(path, "w") as file:
        file["g/a"] = image()
        file["g/again"] = file["g"]
    with own_h5(path) as file:
        assert file["g/again/a"].shape == (8, 8)
