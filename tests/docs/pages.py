"""The pages that people read, and what they say of the command line."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
SOURCES = [file for room in ("service", "notifiers", "habits") for file in (ROOT / room).rglob("*.py")]
TYPED = re.compile(r"(?:docker compose (?:exec|run)(?: -\S+)* \w+ )?attune (?P<words>\S.*)")
QUOTED = re.compile(r"`attune(?P<words> [^`{…]*)`")


def blocks(page: Path) -> list[str]:
    """Return the lines that a reader is to type: of fenced and of indented blocks."""
    lines, fenced = [], False
    for line in page.read_text("utf-8").splitlines():
        if line.lstrip().startswith("```"):
            fenced = not fenced and "text" not in line
        elif fenced or line.startswith("       "):
            lines.append(line.strip())
    return lines


def typed(page: Path) -> list[str]:
    """Return what follows `attune` in the lines that a reader is to type."""
    return [found["words"] for line in blocks(page) if (found := TYPED.fullmatch(line))]


def quoted(file: Path) -> list[str]:
    """Return what follows `attune` wherever a sentence names a command."""
    text = re.sub(r'"\s*\n\s*f?"', "", file.read_text("utf-8"))  # A sentence of the source, put together.
    return [found["words"].strip() for found in QUOTED.finditer(text)]


def links(page: Path) -> list[str]:
    """Return the files, relative to the page, that it links to or shows."""
    found = re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8"))
    return [link.partition("#")[0] for link in found if "://" not in link and not link.startswith("#")]
