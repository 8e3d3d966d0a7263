"""The commands of `docs/cluster.md` as they stand: Dask's own, ours, and the settings of TLS."""

import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from corescout.runs import is_run
from documentation.blocks import blocks_of, commands_of

pytest.importorskip("distributed")
PAGE = "docs/cluster.md"
ADDRESS = ("127.0.0.1", 8786)
BLOCKS = [b for b in blocks_of(PAGE) if "dask scheduler" in b.code]


@pytest.mark.slow
@pytest.mark.parametrize("block", BLOCKS, ids=["plain", "tls"])
def test_the_commands_of_the_page_run_as_they_stand(block, tmp_path):
    """In the order of the page; HOST is this computer, and certificates are made for it."""
    from corescout.samples import write_sample

    write_sample("surface", tmp_path / "scan.h5", size_px=96)
    environment = dict(os.environ)
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    if "TLS" in block.code:
        make_certificates(tmp_path)
    with ExitStack() as running:
        for command in commands_of(block):
            words = shlex.split(command.replace("HOST", ADDRESS[0]))
            if words[0] == "pip":
                continue
            if words[0] == "export":
                environment |= [words[1].split("=", 1)]
            elif words[0] == "dask":
                running.enter_context(started(words, tmp_path, environment))
                if words[1] == "scheduler":
                    wait_for_port()
            else:
                done = subprocess.run(
                    [sys.executable, "-m", *words], cwd=tmp_path, env=environment, check=False,
                    capture_output=True, text=True, timeout=900,
                )  # fmt: skip
                assert done.returncode == 0, done.stderr[-2000:]
    assert is_run(tmp_path / "scan.h5.corescout")
    assert len(re.findall(r"tcp://|tls://", done.stderr)) > 1, done.stderr  # workers are named


@contextmanager
def started(words, folder, environment):
    process = subprocess.Popen(
        words, cwd=folder, env=environment, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        process.terminate()  # a nanny takes its workers along
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for_port():
    end = time.monotonic() + 120
    while True:
        try:
            socket.create_connection(ADDRESS, 1).close()
        except OSError:
            assert time.monotonic() < end, "the scheduler does not listen"
            time.sleep(0.2)
        else:
            return


def make_certificates(folder):
    """An authority of one's own and a certificate of this computer, by openssl."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl here")

    def openssl(*words):
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    made = ("req", "-newkey", "rsa:2048", "-nodes", "-subj")
    openssl(*made, "/CN=authority", "-x509", "-keyout", "ca-key.pem", "-out", "ca.pem")
    openssl(*made, "/CN=127.0.0.1", "-keyout", "key.pem", "-out", "asked.pem")
    openssl("x509", "-req", "-in", "asked.pem", "-CA", "ca.pem", "-CAkey", "ca-key.pem",
            "-CAcreateserial", "-out", "cert.pem", "-days", "2")  # fmt: skip
