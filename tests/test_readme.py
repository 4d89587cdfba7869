"""The README says the truth: its Python is run, its console sessions are compared, its translation shows the same.

A ```python block runs in a fresh interpreter. In a ```console block, each `$ ` line is run by the shell and what it
prints on stdout must be the lines below it; a line that is only `…` stands for any lines. A `make` line is not run,
but its targets must exist. Blocks of other languages are left alone.
"""

import os
import re
import subprocess
import sys
from itertools import takewhile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def read(name: str) -> str:
    path = ROOT / name
    return path.read_text(encoding="utf-8") if path.exists() else ""


def blocks(language: str) -> list[str]:
    return [code for found, code in BLOCK.findall(read("README.md")) if found == language]


def commands() -> list[tuple[str, list[str]]]:
    """Every command of the console blocks with the lines shown below it."""
    found = []
    for block in blocks("console"):
        lines = [line.rstrip() for line in block.splitlines()]
        for i, line in enumerate(lines):
            if line.startswith("$ "):
                found.append((line[2:], list(takewhile(lambda shown: not shown.startswith("$ "), lines[i + 1 :]))))
    return found


def run(command: list[str], cwd: Path) -> subprocess.CompletedProcess[str]:
    # `.venv/bin/assistant`, as a reader types it, is the one under test.
    (cwd / ".venv").symlink_to(sys.prefix)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    env = os.environ | {"PATH": path, "PYTHONUTF8": "1", "NO_COLOR": "1", "COLUMNS": "120"}
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, encoding="utf-8", check=False, timeout=100)


def test_the_readme_shows_both_ways_in() -> None:
    assert blocks("python")
    assert [command for command, _ in commands() if command.startswith("make ")]
    assert [command for command, shown in commands() if "assistant" in command and shown]


@pytest.mark.parametrize("code", blocks("python"))
def test_python_runs(code: str, tmp_path: Path) -> None:
    done = run([sys.executable, "-c", code], tmp_path)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("command", "shown"), [each for each in commands() if not each[0].startswith("make ")])
def test_console_shows_what_is_printed(command: str, shown: list[str], tmp_path: Path) -> None:
    done = run(["bash", "-c", command], tmp_path)
    assert done.returncode in (0, 3), done.stderr  # 3 is a refusal
    printed = "".join(line.rstrip() + "\n" for line in done.stdout.splitlines()).strip("\n")
    lines = "\n".join(shown).strip("\n").split("\n")
    pattern = "".join(r"(?:.*\n)*?" if line.strip() == "…" else re.escape(line) + r"\n" for line in lines)
    assert re.fullmatch(pattern, printed + "\n"), f"$ {command}\n{done.stdout}{done.stderr}"


@pytest.mark.parametrize("command", [command for command, _ in commands() if command.startswith("make ")])
def test_make_targets_exist(command: str) -> None:
    targets = [word for word in command.partition("#")[0].split()[1:] if "=" not in word]
    missing = [name for name in targets if not re.search(rf"^{re.escape(name)}:", read("Makefile"), re.MULTILINE)]
    assert targets
    assert not missing


def test_the_translation_shows_the_same() -> None:
    english, chinese = read("README.md"), read("README.zh.md")
    assert BLOCK.findall(chinese) == BLOCK.findall(english)
    headings = [re.findall(r"^(#+) ", BLOCK.sub("", text), re.MULTILINE) for text in (english, chinese)]
    assert headings[0] == headings[1]


@pytest.mark.slow
def test_the_figures_are_todays(tmp_path: Path) -> None:
    """Those of the scores; `make eval` also compares those of the changed speeches, which take a minute."""
    for arguments in (["run", "today"], ["readme", "today", "--check"]):
        command = [sys.executable, "-m", "eval", *arguments, "--runs", str(tmp_path)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=False, timeout=100)
        assert done.returncode == 0, done.stderr
