"""Examples below the help of each command; the tests run them."""

from __future__ import annotations

EXAMPLES: dict[str, tuple[str, ...]] = {
    "sample": ("corescout sample", "corescout sample list", "corescout sample --seed 1 --out b.h5"),
    "plan": ("corescout plan paper > plan.json", "corescout plan live --set training.epochs=80"),
    "info": ("corescout info scan.h5", "corescout info scan.h5 --json"),
    "explore": (
        "corescout explore scan.h5 --dry-run",
        "corescout explore scan.h5 --windows 9,13 --invariances none,r",
        "corescout explore scan.h5 --plan plan.json --set decision.seeds=2 --seed 1 --dry-run",
        "corescout explore image.npy --pixel-size 10nm --budget 60s --dry-run",
    ),
    "apply": (
        "corescout apply scan.h5.corescout next.h5",
        "corescout apply scan.h5.corescout other.h5 --channel-map Amplitude=Amp",
    ),
    "targets": (
        "corescout targets scan.h5.corescout --per-type 3 --spacing 200nm",
        "corescout targets scan.h5.corescout --format json --action spectrum --bias 5V",
    ),
    "report": ("corescout report scan.h5.corescout",),
    "export": (
        "corescout export scan.h5.corescout",
        "corescout export scan.h5.corescout --script again.py",
    ),
    "types": ("corescout types list scan.h5.corescout",),
    "runs": ("corescout runs list .", "corescout runs verify scan.h5.corescout"),
    "demo": ("corescout demo --windows 9 --invariances none",),
    "connect": ("corescout connect", "corescout connect toy"),
    "watch": ("corescout watch FOLDER", "corescout watch twin --most-scans 3"),
    "twin": ("corescout twin --nanonis 127.0.0.1:6501 --scan",),
    "mcp": ("corescout mcp scans --out agent",),
    "bench": ("corescout bench list",),
}


def epilog(command: str) -> str | None:
    r"""Return the examples of a command as they stand below its help (``\b``: lines are kept)."""
    lines = EXAMPLES.get(command)
    return None if lines is None else "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)
