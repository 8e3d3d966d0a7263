"""The user's folders: where sessions, days, types, locks and profiles are kept.

Everything lies below one data folder and one configuration folder of the operating system.
"""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_config_path, user_data_path

_APP = "corescout"
LIBRARY_VARIABLE = "CORESCOUT_LIBRARY"
CONTROL_VARIABLE = "CORESCOUT_CONTROL"


def sessions_folder() -> Path:
    """Return where the sessions of windows are kept."""
    return user_data_path(_APP) / "sessions"


def days_folder() -> Path:
    """Return where a window keeps the days of its watches unless another folder is chosen."""
    return user_data_path(_APP) / "days"


def control_folder() -> Path:
    """Return where the locks of the instruments lie: one place for all users of this computer."""
    named = os.environ.get(CONTROL_VARIABLE)
    if named:
        return Path(named)
    if os.name == "nt":
        return Path(os.environ.get("PROGRAMDATA", "C:/ProgramData")) / _APP / "control"
    return Path("/tmp") / f"{_APP}-control"  # not TMPDIR, which differs from user to user


def profiles_file() -> Path:
    """Return where the profiles of the instruments are looked for."""
    return user_config_path(_APP) / "instruments.toml"


def channels_file() -> Path:
    """Return where the user's own names of channels are looked for."""
    return user_config_path(_APP) / "channels.toml"


def types_folder() -> Path:
    r"""Return where the library of named types is: `CORESCOUT_LIBRARY`, or a folder of the data.

    On Windows version 0.1.0 kept the library in ``corescout\types`` beside the data folder
    ``corescout\corescout``; what lies there is moved.
    """
    named = os.environ.get(LIBRARY_VARIABLE)
    if named:
        return Path(named)
    folder = user_data_path(_APP) / "types"
    move_files(user_data_path(_APP, appauthor=False) / "types", folder)
    return folder


def move_files(old: Path, new: Path) -> None:
    """Move the files of a folder into another; a file whose name is taken there stays.

    Two programs may do so at once: each file is moved by one of them. A folder that cannot be
    read or written is left as it is.
    """
    if old == new or not old.is_dir():
        return
    try:
        new.mkdir(parents=True, exist_ok=True)
        for file in sorted(old.iterdir()):
            if not (new / file.name).exists():
                file.rename(new / file.name)
        old.rmdir()
    except OSError:
        return  # gone meanwhile, not ours to move, or not empty
