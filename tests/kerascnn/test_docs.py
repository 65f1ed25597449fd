"""The numbers and commands of the pages under docs/."""

import contextlib
import io
import re
from pathlib import Path

import pytest

from kerascnn.cli import main

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted(DOCS.glob("*.md"))


def test_the_plan_of_imagenet_holds_what_its_lines_print():
    text = (DOCS / "distribution.md").read_text()
    lines = next(
        block for block in re.findall(r"```python\n(.*?)```", text, re.S) if "get_system" in block
    )
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(lines, {})
    assert printed.getvalue() in text
    assert printed.getvalue().count("\n") == 7
    assert all(f"| {1281167 // batch:,} |" in text for batch in (1024, 32768))


LINES = [
    line.strip()
    for page in PAGES
    for line in re.findall(r"kerascnn [a-z-]+ [^`\n#]+", page.read_text())
]


@pytest.mark.parametrize("line", LINES)
def test_commands_and_their_options_exist(call, line):
    _, command, *words = line.split()
    options = {word for word in words if word.startswith("--")}
    code, out, _ = call(main, command, "--help")
    assert code == 0
    assert options <= set(re.findall(r"--[a-z-]+", out))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pictures_and_pages_that_are_linked_exist(page):
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
        assert (page.parent / target).exists(), target
