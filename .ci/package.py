"""Build sdist and wheel, and hold both to what a stranger needs of them.

    .venv/bin/python .ci/package.py [--docs]

Run with the environment of `dev.py` and its group `release`: contents of both, `twine check`, the
wheel with `lazy-loader` alone, where it must import, and with all it needs; the plugin's manifest.
``--docs`` builds the documentation from the sdist.
"""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "corescout"
# What an sdist must hold to be tested and documented without the repository.
IN_SDIST = (
    "src/corescout/pipeline.py", "tests/conftest.py", "benchmarks/outcome.py", "docs/index.md",
    "docs/images/concept_icl.png", "mkdocs.yml", "napari.yaml", "dev.py", "README.md", "LICENSE",
    "CHANGELOG.md", "CITATION.cff",
)  # fmt: skip
_PLUGIN = """
from importlib.metadata import distribution
from pathlib import Path
import corescout
from npe2 import PluginManager, PluginManifest
home = Path(corescout.__file__).resolve()
assert Path({root!r}).resolve() in home.parents, f"the wheel is not what was imported: {{home}}"
manager = PluginManager()
manager.discover()
manifest = manager.get_manifest("napari-corescout")
assert isinstance(manifest, PluginManifest)
manifest.validate_imports()
print("plugin", manifest.name, distribution("napari-corescout").version, "is valid")
"""


def main() -> None:
    """Build, look, install, import."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        run(sys.executable, "-m", "build", "--outdir", work / "dist", ROOT)
        (wheel,) = (work / "dist").glob("*.whl")
        (sdist,) = (work / "dist").glob("*.tar.gz")
        run(sys.executable, "-m", "twine", "check", "--strict", wheel, sdist)
        check_wheel(wheel)
        check_sdist(sdist)
        bare = environment(work / "bare", wheel, "lazy-loader")
        shared = environment(work / "env", wheel)
        run(bare, "-c", "import corescout; print('bare import', corescout.__version__)", cwd=work)
        share_dependencies(shared)
        run(shared, "-c", _PLUGIN.format(root=str(work)), cwd=work)
        run(shared, "-m", "corescout", "--version", cwd=work)
        if "--docs" in sys.argv:
            with tarfile.open(sdist) as archive:
                archive.extractall(work, filter="data")
            (unpacked,) = work.glob("napari_corescout-*")
            mkdocs = (sys.executable, "-m", "mkdocs", "build", "--strict")
            run(*mkdocs, "--site-dir", work / "site", cwd=unpacked)


def check_wheel(wheel: Path) -> None:
    """Every file of the package and nothing else, the manifest as a file."""
    with zipfile.ZipFile(wheel) as archive:
        names = {n for n in archive.namelist() if ".dist-info/" not in n}
        links = [i.filename for i in archive.infolist() if (i.external_attr >> 28) == 0o12]
    files = [p for p in SOURCE.rglob("*") if p.is_file() and "__pycache__" not in p.parts]
    wanted = {f"corescout/{p.relative_to(SOURCE).as_posix()}" for p in files}
    say("missing in the wheel", sorted(wanted - names))
    say("not of the package, in the wheel", sorted(names - wanted))
    say("links in the wheel", links)


def check_sdist(sdist: Path) -> None:
    """What tests and documentation need."""
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    say("missing in the sdist", sorted(set(IN_SDIST) - names))
    say("not for the sdist", sorted(n for n in names if "__pycache__" in n or n.endswith(".pyc")))


def environment(folder: Path, *packages: object) -> str:
    """Make an environment with these packages and no other; return its interpreter."""
    venv.create(folder, with_pip=True)
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    run(python, "-m", "pip", "install", "-q", "--no-deps", *packages)
    return str(python)


def share_dependencies(python: str) -> None:
    """Let an environment see the packages of the one that runs this."""
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    own = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    Path(own.stdout.strip(), "shared.pth").write_text(sysconfig.get_path("purelib") + "\n")


def run(*command: object, cwd: Path = ROOT) -> None:
    """Run a command; end with its exit code if it fails."""
    done = subprocess.run([str(part) for part in command], cwd=cwd, check=False)
    if done.returncode:
        raise SystemExit(done.returncode)


def say(what: str, found: list[str]) -> None:
    """End with what was found, if anything was."""
    if found:
        raise SystemExit(f"{what}: {', '.join(found[:20])}")


if __name__ == "__main__":
    main()
