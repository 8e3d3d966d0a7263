"""A file is there as a whole, or the one before it is."""

import pytest

from corescout.whole import whole_file, write_whole


@pytest.mark.parametrize("sync", [False, True])
@pytest.mark.parametrize(
    ("content", "expected"), [("a\nb\n", b"a\nb\n"), (b"\x00\r\n", b"\x00\r\n")]
)
def test_content_is_written_as_it_is(tmp_path, content, expected, sync):
    write_whole(tmp_path / "a.txt", content, sync=sync)
    assert (tmp_path / "a.txt").read_bytes() == expected
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_a_failure_keeps_the_file_that_was_there(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("before")

    def write_half():
        with whole_file(path) as partial:
            partial.write_text("half of")
            assert path.read_text() == "before"
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_half()
    assert path.read_text() == "before"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_a_full_disk_keeps_the_file_that_was_there(tmp_path, full_disk):
    path = tmp_path / "a.txt"
    path.write_text("before")
    with pytest.raises(OSError), full_disk(1000):  # noqa: PT011
        write_whole(path, b"x" * 100_000, sync=True)
    assert path.read_text() == "before"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]
