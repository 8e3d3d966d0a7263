"""What a script or a notebook calls: whatever holds an image in, a result that shows itself out."""

from corescout.interactive.calls import apply, explore, load
from corescout.interactive.exploration import Exploration
from corescout.interactive.inputs import as_scan

__all__ = ["Exploration", "apply", "as_scan", "explore", "load"]
