"""The journal survives what ends the program."""

import os
import signal
import subprocess
import sys
import time

import pytest

from corescout.instruments import Journal
from corescout.instruments.entries import StateChanged, Unknown
from corescout.whole import read_journal

WRITER = """
import sys
from corescout.instruments import Journal
from corescout.instruments.entries import Unknown
journal = Journal(sys.argv[1])
for i in range(100000):
    journal.write(Unknown(kind="message", values={"number": i, "target_uid": str(i)}))
    print(i, flush=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="no SIGKILL on Windows")
@pytest.mark.parametrize("after_s", [0.05, 0.2])
def test_what_was_written_is_there_after_a_kill(tmp_path, after_s):
    path = tmp_path / "journal.jsonl"
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True
    )
    writer.stdout.readline()
    time.sleep(after_s)
    writer.send_signal(signal.SIGKILL)
    rest = writer.communicate()[0].split()
    said = int(rest[-1]) if rest else 0
    numbers = [e["number"] for e in read_journal(path)]
    assert numbers == list(range(len(numbers)))
    assert len(numbers) >= said + 1


def test_a_line_that_was_cut_short_is_left_out_and_the_next_is_whole(tmp_path):
    path = tmp_path / "journal.jsonl"
    first = Journal(path)
    first.write(StateChanged(state="RUNNING"))
    first.close()
    with path.open("ab") as file:
        file.write(b'{"what": "mess')
    second = Journal(path)
    second.write(StateChanged(state="HOLD"))
    second.close()
    assert [e["state"] for e in read_journal(path)] == ["RUNNING", "HOLD"]


def test_a_full_disk_is_said_and_leaves_no_half_line(tmp_path, full_disk):
    path = tmp_path / "journal.jsonl"
    journal = Journal(path)
    journal.write(Unknown(kind="first", values={"number": 1}))
    size = path.stat().st_size
    with full_disk(size + 20), pytest.raises(OSError, match="large"):
        journal.write(Unknown(kind="refused", values={"number": 2}))
    assert path.stat().st_size == size
    journal.write(Unknown(kind="third", values={"number": 3}))
    journal.close()
    assert [e["number"] for e in read_journal(path)] == [1, 3]
