"""Two commands on a fresh machine, with the standard library alone.

    python3 dev.py demo     set everything up and run the demonstration
    python3 dev.py test     set everything up and run the checks and the tests; with --coverage
                            they fail below 85 % outside of gui and below 70 % in it
    python3 dev.py docs     set everything up and build the documentation into site/
    python3 dev.py setup    set everything up
    python3 dev.py package  build sdist and wheel and check both; unused and undeclared dependencies
    python3 dev.py oldest   a subset of the tests with the oldest dependencies that are promised
    python3 dev.py licences write docs/licences.md and the SBOM sbom.cdx.json

A second call finds everything there and does nothing twice.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
ENVIRONMENT = ROOT / ".venv"
STAMP = ENVIRONMENT / "corescout-setup.txt"
# What Qt and OpenGL need on Debian and Ubuntu, and the display for machines without one.
DEBIAN_PACKAGES = (
    "libegl1", "libgl1", "libglib2.0-0", "libdbus-1-3", "libfontconfig1", "libxkbcommon-x11-0",
    "libxcb-cursor0", "libxcb-icccm4", "libxcb-keysyms1", "libxcb-shape0", "xvfb", "xauth",
)  # fmt: skip
RENAMED = {"libglib2.0-0": "libglib2.0-0t64"}  # Debian 13, Ubuntu 24.04 and later


def main() -> int:
    """Run one command; return its exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("command", choices=("demo", "test", "docs", "setup", *RELEASE))
    arguments, rest = parser.parse_known_args()
    if sys.version_info < (3, 11):
        print(f"Corescout needs Python 3.11 or newer; this is {sys.version.split()[0]}.")
        return 2
    system_packages()
    environment()
    if arguments.command == "demo":
        out = [] if any(a.startswith("--out") for a in rest) else ["--out", "demo.corescout"]
        return run([python(), "-m", "corescout", "demo", "--overwrite", *out, *rest])
    if arguments.command == "test":
        return checks(rest)
    if arguments.command == "docs":
        must([python(), "-m", "pip", "install", "-q", "--group", "docs"])
        return run([python(), "-m", "mkdocs", "build", "--strict", *rest])
    return RELEASE[arguments.command](rest) if arguments.command in RELEASE else 0


def package(rest: list[str]) -> int:
    """Look for unused and undeclared dependencies, build sdist and wheel, check both."""
    must([python(), "-m", "pip", "install", "-q", "--group", "release"])
    codes = [
        run([python(), "-m", "deptry", "src"]),
        run([python(), ".ci/package.py", *rest]),
    ]
    return next((code for code in codes if code), 0)


def oldest(rest: list[str]) -> int:
    """Test with the lowest direct dependencies."""
    must([python(), "-m", "pip", "install", "-q", "--group", "release"])
    return run([python(), ".ci/oldest.py", *rest])


def licences(rest: list[str]) -> int:
    """Write the page of licences and the bill of materials of this environment."""
    must([python(), "-m", "pip", "install", "-q", "--group", "release"])
    page = subprocess.run([python(), ".ci/licences.py"], cwd=ROOT, capture_output=True, check=True)
    (ROOT / "docs" / "licences.md").write_bytes(page.stdout)
    bill = ["environment", "--pyproject", "pyproject.toml", "--output-file", "sbom.cdx.json"]
    return run([python(), "-m", "cyclonedx_py", *bill, *rest, python()])


RELEASE = {"package": package, "oldest": oldest, "licences": licences}
# All tests by several processes, each of which keeps to one thread; tests/conftest.py says how
# many, and in which order.
# A process that crashes ends the run: without its tests the rest would wait for good.
SPREAD = (
    "-n", "auto", "--dist", "loadfile", "--no-loadscope-reorder", "--max-worker-restart", "0",
)  # fmt: skip
ALONE = {"OMP_NUM_THREADS": "1"}


COVERAGE = "--coverage"


def checks(rest: list[str]) -> int:
    """Lint, types beside the tests, the tests with the import contracts; all of them run."""
    measured = COVERAGE in rest
    rest = [word for word in rest if word != COVERAGE]
    if rest:
        return run([python(), "-m", "pytest", *rest])
    codes = [
        run([python(), "-m", "ruff", "check", "."]),
        run([python(), "-m", "ruff", "format", "--check", "."]),
    ]
    traced = ["--cov=corescout", "--cov-report="] if measured else []
    with tempfile.TemporaryFile("w+") as said:
        types = subprocess.Popen(
            [python(), "-m", "mypy"], cwd=ROOT, stdout=said, stderr=subprocess.STDOUT
        )
        codes.append(run([python(), "-m", "pytest", *SPREAD, *traced], ALONE))
        codes.append(types.wait())
        said.seek(0)
        say(f"mypy, beside the tests\n{said.read().rstrip()}")
    if measured:
        report = [python(), "-m", "coverage", "report", "--skip-covered"]
        codes.append(run([*report, "--omit=*/gui/*", "--fail-under=85"]))
        codes.append(run([*report, "--include=*/gui/*", "--fail-under=70"]))
    return next((code for code in codes if code), 0)


def system_packages() -> None:
    """Install what is missing on Debian and Ubuntu, or say which one line does."""
    if not shutil.which("dpkg-query") or not shutil.which("apt-get"):
        return
    missing = [p for p in DEBIAN_PACKAGES if not (_installed(p) or _installed(RENAMED.get(p, p)))]
    if importlib.util.find_spec("ensurepip") is None:
        missing.append("python3-venv")
    if not missing:
        return
    say(f"system packages: {' '.join(missing)}")
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if sudo and (
        not shutil.which("sudo")
        or subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode
    ):
        print("    without the right to install them; run this line, then start again:")
        print(f"    sudo apt-get install --no-install-recommends -y {' '.join(missing)}")
        return
    quiet = {
        "stdout": subprocess.DEVNULL,
        "env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
    }
    subprocess.run([*sudo, "apt-get", "update", "-qq"], check=False, **quiet)
    install = [*sudo, "apt-get", "install", "-y", "-qq", "--no-install-recommends"]
    if subprocess.run([*install, *missing], check=False, **quiet).returncode:
        renamed = [RENAMED.get(p, p) for p in missing]
        if subprocess.run([*install, *renamed], check=False, **quiet).returncode:
            print(f"    could not be installed; the window needs: {' '.join(missing)}")


def environment() -> None:
    """Make .venv and install the package with what its tests need, once for each pyproject.toml."""
    wanted = hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()
    if STAMP.is_file() and STAMP.read_text() == wanted:
        return
    if not Path(python()).exists():
        say("making .venv")
        venv.create(ENVIRONMENT, with_pip=True)
    say("installing the packages (about 6 GB with torch; a few minutes)")
    started = time.monotonic()
    pip = [python(), "-m", "pip", "install", "--disable-pip-version-check", "--progress-bar", "off"]
    # dependency groups need pip 25.1
    must([*pip, "-q", "--upgrade", "pip>=25.1"])
    must([*pip, "-e", ".[pyqt,distributed,dtmicroscope]", "--group", "dev"], quiet=True)
    STAMP.write_text(wanted)
    say(f"installed in {time.monotonic() - started:.0f} s")


def must(command: list[str], *, quiet: bool = False) -> None:
    """Run a command; quietly, one dot stands for ten lines. End with its output if it fails."""
    if not quiet:
        subprocess.run(command, cwd=ROOT, check=True)
        return
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    lines: list[str] = []
    assert process.stdout is not None
    for number, line in enumerate(process.stdout):
        lines.append(line)
        if number % 10 == 0:
            print(".", end="", flush=True)
    print()
    if process.wait():
        print("".join(lines[-40:]))
        raise SystemExit(process.returncode)


def run(command: list[str], changed: dict[str, str] | None = None) -> int:
    """Run a command from the root, with changed variables; return its exit code."""
    say(" ".join(Path(part).name if part == python() else part for part in command))
    return subprocess.run(
        command, cwd=ROOT, env=os.environ | (changed or {}), check=False
    ).returncode


def python() -> str:
    """Path of the environment's interpreter."""
    folder = "Scripts" if os.name == "nt" else "bin"
    return str(ENVIRONMENT / folder / ("python.exe" if os.name == "nt" else "python"))


def say(text: str) -> None:
    """Print a line that stands out from the output of the tools."""
    print(f"==> {text}", flush=True)


def _installed(package: str) -> bool:
    query = ["dpkg-query", "-W", "-f", "${Status}", package]
    done = subprocess.run(query, capture_output=True, text=True, check=False)
    return "install ok installed" in done.stdout


if __name__ == "__main__":
    sys.exit(main())
