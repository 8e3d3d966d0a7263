"""A folder as an instrument: files that come in, a plan that goes out as a file."""

from corescout.instruments.folder.watching import FolderScans, SetAside

__all__ = ["FolderScans", "SetAside"]
