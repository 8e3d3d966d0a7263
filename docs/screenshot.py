"""Make the pictures of the window: `python docs/screenshot.py SCAN OUT.png [WIDTH HEIGHT]`."""

import sys

from corescout.gui.session import open_session


def main() -> None:
    """Explore a scan in a real window and save what it shows."""
    scan, out = sys.argv[1:3]
    size = (int(sys.argv[3]), int(sys.argv[4])) if len(sys.argv) > 4 else (1400, 900)
    with open_session(scan if scan != "sample" else None, size=size) as session:
        session.explore(600)
        session.viewer.reset_view()
        session.pump(0.5)
        session.screenshot(out)


if __name__ == "__main__":
    main()
