"""Say which links and anchors of a built site lead nowhere: `links.py SITE`."""

from __future__ import annotations

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class Page(HTMLParser):
    """Names and targets of one page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.targets: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what a tag is called and where it leads."""
        values = {k: v or "" for k, v in attrs}
        self.names |= {values[k] for k in ("id", "name") if values.get(k)}
        if tag in ("a", "img", "link", "script"):
            self.targets += [values[k] for k in ("href", "src") if values.get(k)]


def broken(site: Path) -> list[str]:
    """Links of the pages of a folder that lead to no file or no anchor of it, as words."""
    pages = {p.resolve(): Page(p.read_text("utf-8")) for p in site.rglob("*.html")}
    found = []
    for path, page in pages.items():
        if path.name == "404.html":  # its links are those of the address where it is to stand
            continue
        for target in page.targets:
            parts = urlsplit(target)
            if parts.scheme or parts.netloc:
                continue
            aim = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            aim = aim / "index.html" if aim.is_dir() else aim
            anchor = unquote(parts.fragment)
            lost = not aim.exists() or (anchor and aim in pages and anchor not in pages[aim].names)
            if lost:
                found.append(f"{path.relative_to(site.resolve())}: {target}")
    return found


if __name__ == "__main__":
    lost = broken(Path(sys.argv[1]))
    sys.exit("\n".join(lost) if lost else 0)
