"""A guarded process opens no connection, starts no program and writes to no other folder."""

import subprocess
import sys
import textwrap

import pytest

ALLOWED = (
    "open(own / 'a', 'w').close()", "(own / 'a').write_text('x'); (own / 'a').rename(own / 'b')",
    "(own / 'd').mkdir(); shutil.rmtree(own / 'd')", "open(outside / 'there').read()",
    "open(os.devnull, 'w').close()",
    "import tempfile; tempfile.TemporaryDirectory(dir=own).cleanup()",
)  # fmt: skip
REFUSED = (
    "open(outside / 'a', 'w')", "open(outside / 'there', 'a')", "open(outside / 'there', 'r+')",
    "os.open(outside / 'a', os.O_CREAT)", "(outside / 'there').unlink()", "(outside / 'd').mkdir()",
    "open(own / '..' / 'outside' / 'a', 'w')", "(own / 'l').symlink_to(outside)",
    "(outside / 'there').rename(own / 'a')", "shutil.rmtree(outside)", "os.chmod(outside, 0)",
    "socket.create_connection(('127.0.0.1', 6501))", "socket.socket().bind(('127.0.0.1', 0))",
    "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 9))",
    "subprocess.run(['true'])", "os.system('true')", "os.fork()",
    "os.posix_spawn('/bin/true', ['true'], {})", "os.execv('/bin/true', ['true'])",
)  # fmt: skip


def outcome_of(statements, tmp_path):
    """Run statements one by one in a process that is guarded; which of them were refused."""
    own, outside = tmp_path / "own", tmp_path / "outside"
    own.mkdir()
    outside.mkdir()
    (outside / "there").write_text("as it was")
    code = f"""
        import os, shutil, socket, subprocess
        from pathlib import Path
        from corescout.mcp_server.guard import guard
        own, outside = Path({str(own)!r}), Path({str(outside)!r})
        guard(own)
        for statement in {statements!r}:
            try:
                exec(statement)
                print("done", flush=True)
            except PermissionError as error:
                print("refused" if "refused" in str(error) else error, flush=True)
    """
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True
    )
    return ended.stdout.split(), outside


def test_what_is_needed_is_allowed_and_all_else_refused(tmp_path):
    said, outside = outcome_of((*ALLOWED, *REFUSED), tmp_path)
    found = dict(zip((*ALLOWED, *REFUSED), said, strict=True))
    assert [s for s in ALLOWED if found[s] != "done"] == []
    assert [s for s in REFUSED if found[s] != "refused"] == []
    assert [p.name for p in outside.iterdir()] == ["there"]
    assert (outside / "there").read_text() == "as it was"


@pytest.mark.skipif(sys.platform == "win32", reason="a link needs a right there")
def test_a_link_in_the_own_folder_is_no_way_out(tmp_path):
    said, outside = outcome_of(("open(own / 'link', 'w')",), tmp_path)
    assert said == ["done"]
    again = tmp_path / "again"
    again.mkdir()
    (again / "own").mkdir()
    code = (
        "from pathlib import Path; from corescout.mcp_server.guard import guard\n"
        f"own = Path({str(again / 'own')!r}); (own / 'link').symlink_to({str(outside)!r})\n"
        "guard(own)\n"
        "try: open(own / 'link' / 'a', 'w')\n"
        "except PermissionError: print('refused')"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == ["refused"]
    assert not (outside / "a").exists()
