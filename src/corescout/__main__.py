"""`python -m corescout` is the command `corescout`."""

import os
import sys

if __name__ == "__main__":
    # As the command does, it imports nothing from the folder that it is started in.
    if not sys.flags.safe_path and sys.path and sys.path[0] in ("", os.getcwd()):  # noqa: PTH109
        del sys.path[0]

    from corescout.cli import main

    main()
