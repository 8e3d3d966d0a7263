"""Files arrive in every way that instruments write them."""

import os
import shutil
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from corescout.data import InputError, Scan
from corescout.data.bounds import LARGEST_FILE_BYTES
from corescout.instruments.folder import FolderScans, SetAside
from corescout.instruments.folder.arrivals import BATCH


def write(path, seed=0):
    """A scan that differs by its seed."""
    values = np.random.default_rng(seed).normal(size=(16, 16)).astype(np.float32)
    with path.open("wb") as file:
        np.save(file, values)


class Collected:
    """What a watch yields, from a thread of its own."""

    def __init__(self, scans):
        self.scans, self.found = scans, []
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        for found in self.scans:
            self.found.append(found)

    def wait_for(self, count, seconds=120.0):
        end = time.monotonic() + seconds
        while len(self.found) < count and time.monotonic() < end:
            time.sleep(0.02)
        assert len(self.found) >= count, (self.found, self.scans.waiting)
        return self.found

    def close(self):
        self.scans.stop()
        self._thread.join(60)
        assert not self._thread.is_alive()


@pytest.fixture(params=["system", "polling"])
def watch(request, tmp_path):
    """A watch of a new folder."""
    made = []

    def start(**options):
        options = {"poll_s": 0.05, "timeout_s": 1.0} | options
        scans = FolderScans(tmp_path, polling=request.param == "polling", **options)
        made.append(Collected(scans))
        return made[-1]

    yield start
    for one in made:
        one.close()


def test_new_files_are_yielded_once_and_old_ones_are_not(watch, tmp_path):
    write(tmp_path / "old.npy", 1)
    seen = watch()
    write(tmp_path / "new.npy", 2)
    (scan,) = seen.wait_for(1)
    assert isinstance(scan, Scan)
    assert scan.source.endswith("new.npy")
    assert scan.revision == 0
    assert len(scan.metadata["file_sha256"]) == 64
    os.utime(tmp_path / "new.npy")  # touched, not changed
    time.sleep(0.5)
    assert len(seen.found) == 1


def test_files_that_are_there_count_if_asked(watch, tmp_path):
    write(tmp_path / "old.npy", 1)
    assert watch(existing=True).wait_for(1)[0].source.endswith("old.npy")


def test_a_file_that_grows_is_read_when_it_is_whole(watch, tmp_path, scan_file):
    """At 99 % of its bytes igor2 reads it without complaint."""
    content = scan_file("image_ibw.ibw").read_bytes()
    seen = watch(timeout_s=30.0)
    with (tmp_path / "scan.ibw").open("wb") as file:
        for share in (0.3, 0.6, 0.99, 1.0):
            file.write(content[file.tell() : int(share * len(content))])
            file.flush()
            os.fsync(file.fileno())
            time.sleep(0.4)
            assert share == 1.0 or seen.found == []
    (scan,) = seen.wait_for(1)
    assert np.isfinite(scan.channel()).all()


def test_a_file_that_never_completes_is_set_aside_with_the_reason(watch, tmp_path, scan_file):
    content = scan_file("image_ibw.ibw").read_bytes()
    seen = watch()
    (tmp_path / "scan.ibw").write_bytes(content[: int(0.99 * len(content))])
    (aside,) = seen.wait_for(1)
    assert isinstance(aside, SetAside)
    assert aside.path.name == "scan.ibw"
    assert "ends within its footer" in aside.reason
    (tmp_path / "scan.ibw").write_bytes(content)  # and if it does complete after all
    assert isinstance(seen.wait_for(2)[1], Scan)


def test_the_same_name_written_again_is_a_new_revision(watch, tmp_path):
    seen = watch()
    write(tmp_path / "scan.npy", 1)
    seen.wait_for(1)
    write(tmp_path / "scan.npy", 2)
    first, second = seen.wait_for(2)
    assert (first.revision, second.revision) == (0, 1)
    assert first.content_sha256 != second.content_sha256


def test_a_copy_and_a_new_name_are_set_aside(watch, tmp_path):
    seen = watch()
    write(tmp_path / "scan.npy", 1)
    seen.wait_for(1)
    shutil.copy(tmp_path / "scan.npy", tmp_path / "copy.npy")
    assert seen.wait_for(2)[1] == SetAside(tmp_path / "copy.npy", "the same content as scan.npy")
    (tmp_path / "scan.npy").rename(tmp_path / "other.npy")
    assert seen.wait_for(3)[2].path.name == "other.npy"


def test_a_temporary_name_is_waited_out(watch, tmp_path):
    seen = watch()
    write(tmp_path / "scan.npy.part", 1)
    time.sleep(0.3)
    assert seen.found == []
    (tmp_path / "scan.npy.part").rename(tmp_path / "scan.npy")
    assert seen.wait_for(1)[0].source.endswith("scan.npy")


def test_a_burst_is_lost_nowhere(watch, tmp_path):
    seen = watch()
    for i in range(50):
        write(tmp_path / f"scan{i}.npy", i)
    assert len({s.source for s in seen.wait_for(50)}) == 50


def test_a_scan_that_comes_now_does_not_wait_for_many_old_ones(tmp_path):
    for i in range(100):
        write(tmp_path / f"old{i:03d}.npy", i)
        os.utime(tmp_path / f"old{i:03d}.npy", (1e9 + i, 1e9 + i))
    scans, names = FolderScans(tmp_path, existing=True, poll_s=0.05), []
    for found in scans:
        names.append(Path(found.source).name)
        if len(names) == 3:
            write(tmp_path / "now.npy", 1000)
        if len(names) == 101:
            scans.stop()
    assert sorted(names[:BATCH]) == [f"old{i:03d}.npy" for i in range(100 - BATCH, 100)]
    assert "now.npy" in names[: 4 * BATCH]
    assert len(set(names)) == 101


def test_what_was_taken_in_an_earlier_watch_is_not_taken_again(watch, tmp_path):
    write(tmp_path / "scan.npy", 1)
    first = watch(existing=True)
    (scan,) = first.wait_for(1)
    first.close()
    write(tmp_path / "next.npy", 2)
    later = watch(existing=True, known=[scan.metadata["file_sha256"]])
    later.wait_for(1)
    write(tmp_path / "last.npy", 3)
    found = [Path(f.source).name for f in later.wait_for(2)]
    assert found == ["next.npy", "last.npy"]  # it has its outcome already, and gets no second one


def test_what_was_written_since_a_watch_broke_off_is_taken(watch, tmp_path):
    write(tmp_path / "old.npy", 1)
    first = watch()
    there = first.scans.there_before()
    first.close()
    write(tmp_path / "missed.npy", 2)
    seen = watch(before=there)
    assert Path(seen.wait_for(1)[0].source).name == "missed.npy"
    write(tmp_path / "next.npy", 3)
    assert [Path(f.source).name for f in seen.wait_for(2)] == ["missed.npy", "next.npy"]


def test_a_spectrum_is_told_of_or_set_aside(watch, tmp_path):
    text = "X (m)\t1e-9\nY (m)\t2e-9\n[DATA]\nBias (V)\tCurrent (A)\n0\t1\n1\t2\n"
    told = []
    seen = watch(on_spectrum=lambda path, curve: told.append((path, curve)))
    without = FolderScans(tmp_path, poll_s=0.05)
    (tmp_path / "curve.dat").write_text(text)
    other = Collected(without)
    write(tmp_path / "scan.npy", 1)
    assert isinstance(seen.wait_for(1)[0], Scan)
    while not told:
        time.sleep(0.02)
    assert told[0][0].name == "curve.dat"
    assert told[0][1].xy_m == (1e-9, 2e-9)
    found = other.wait_for(2)
    other.close()
    assert "spectrum" in next(f.reason for f in found if isinstance(f, SetAside))


def test_run_folders_are_not_entered(watch, tmp_path):
    (tmp_path / "a.corescout").mkdir()
    (tmp_path / "day").mkdir()
    write(tmp_path / "a.corescout" / "result.npy", 1)
    write(tmp_path / "day" / "scan.npy", 2)
    (found,) = watch(existing=True, recursive=True).wait_for(1)
    assert found.source.endswith("scan.npy")
    time.sleep(0.3)


def test_stopping_waits_for_no_look_and_leaves_no_thread(tmp_path):
    """The next look at the file that is not whole is an hour away."""
    before = threading.active_count()
    seen = Collected(FolderScans(tmp_path, poll_s=3600.0))
    (tmp_path / "scan.npy").write_bytes(b"\x93NUMPY")
    while not seen.scans.waiting:
        time.sleep(0.02)
    seen.close()
    assert threading.active_count() == before


def test_no_folder_is_said(tmp_path):
    with pytest.raises(InputError, match="folder to watch"):
        FolderScans(tmp_path / "none")


def test_after_a_loss_it_goes_on_with_what_is_known(tmp_path):
    folder = tmp_path / "share"
    folder.mkdir()
    write(folder / "old.npy", 1)
    scans = FolderScans(folder, poll_s=0.05)
    iterator = iter(scans)
    write(folder / "new.npy", 2)
    assert next(iterator).source.endswith("new.npy")
    folder.rename(tmp_path / "away")
    with pytest.raises(InputError, match="none any more"):
        next(iterator)
    with pytest.raises(InputError, match="to watch"):
        next(iter(scans))
    write(tmp_path / "away" / "later.npy", 3)
    (tmp_path / "away").rename(folder)
    iterator = iter(scans)
    assert next(iterator).source.endswith("later.npy")
    iterator.close()


def test_what_is_no_regular_file_is_set_aside_unread(watch, tmp_path):
    """A pipe would be waited for and a device read for ever: neither is opened."""
    seen = watch()
    os.mkfifo(tmp_path / "pipe.ibw")
    (tmp_path / "zero.npy").symlink_to("/dev/zero")
    with (tmp_path / "large.gsf").open("wb") as file:
        file.truncate(LARGEST_FILE_BYTES + 1)
    write(tmp_path / "scan.npy", 1)
    found = seen.wait_for(4)
    aside = {f.path.name: f.reason for f in found if isinstance(f, SetAside)}
    assert "no regular file" in aside["pipe.ibw"]
    assert "no regular file" in aside["zero.npy"]
    assert f"at most {LARGEST_FILE_BYTES:,}" in aside["large.gsf"]
    assert [Path(f.source).name for f in found if isinstance(f, Scan)] == ["scan.npy"]
    time.sleep(0.5)
    assert len(seen.found) == 4  # once each


def test_old_times_are_no_reason_to_pass_over_a_file(watch, tmp_path):
    """Copied with their time kept, or from a computer whose clock is behind."""
    write(tmp_path / "old.npy", 1)
    first = watch()
    there = first.scans.there_before()
    first.close()
    assert list(there) == ["old.npy"]
    write(tmp_path / "kept.npy", 2)
    os.utime(tmp_path / "kept.npy", (1e9, 1e9))
    write(tmp_path / "aside.npy", 3)
    size, mtime_ns = (
        getattr((tmp_path / "aside.npy").stat(), n) for n in ("st_size", "st_mtime_ns")
    )
    later = watch(before={**there, "aside.npy": (size, mtime_ns)})
    write(tmp_path / "now.npy", 4)
    names = {Path(f.source).name for f in later.wait_for(2)}
    assert names == {"kept.npy", "now.npy"}


def test_a_scan_of_the_same_size_within_a_step_of_the_clock_is_seen(watch, tmp_path, monkeypatch):
    """A share counts in two seconds: size and time of the second scan are those of the first."""
    from corescout.instruments.folder import arrivals

    def coarse(found):
        return found.st_size, found.st_mtime_ns // 10**10, 0

    monkeypatch.setattr(arrivals, "_state", coarse)
    monkeypatch.setattr(arrivals, "CLOCK_STEP_S", 1.0)
    seen = watch()
    write(tmp_path / "scan.npy", 1)
    seen.wait_for(1)
    write(tmp_path / "scan.npy", 2)
    first, second = seen.wait_for(2)
    assert (first.revision, second.revision) == (0, 1)
    assert first.content_sha256 != second.content_sha256


def test_a_file_is_taken_when_its_rights_come_back(watch, tmp_path, monkeypatch):
    """Size and time do not change by that. Denied here by its mode, whoever runs the test."""
    from corescout.instruments.folder import arrivals

    really = arrivals.sha256_of

    def as_a_user(path):
        if not path.stat().st_mode & 0o400:
            raise PermissionError(13, "Permission denied")
        return really(path)

    monkeypatch.setattr(arrivals, "sha256_of", as_a_user)
    (tmp_path / "elsewhere").mkdir()
    write(tmp_path / "elsewhere" / "scan.npy", 1)
    (tmp_path / "elsewhere" / "scan.npy").chmod(0o200)
    seen = watch(timeout_s=0.3)
    (tmp_path / "elsewhere" / "scan.npy").rename(tmp_path / "scan.npy")
    assert "Permission denied" in seen.wait_for(1)[0].reason
    (tmp_path / "scan.npy").chmod(0o600)
    assert isinstance(seen.wait_for(2)[1], Scan)
