"""What is shipped: the wheel, the imports, the public names and the cleanliness of the tree."""

import hashlib
import json
import os
import re
import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

import assistant
import assistant.errors
from assistant.corpus import Corpus, Sentence

ROOT = Path(__file__).parent.parent
SEED_SHA256 = "a1e0a3094e85a09cd22830a8424cb058831df554f4bb9c7c92409d094ed96869"


def run(*command: str | Path, cwd: Path, **env: str) -> str:
    """Run a command without coverage's own file accesses and return what it printed."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("COVERAGE_", "COV_CORE_", "PYTHONPATH"))}
    done = subprocess.run(command, cwd=cwd, env=inherited | env, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


# --- The wheel ---


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the sdist, so that whatever is in it is in the sdist too."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    return next(folder.glob("*.whl"))


def test_wheel_holds_the_package_with_seeds_and_prompts_and_nothing_else(wheel: Path) -> None:
    def files(folder: str) -> set[str]:
        return {p.relative_to(ROOT).as_posix() for p in sources() if p.is_relative_to(ROOT / folder)}

    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert held == files("assistant") | {f"assistant/{name}" for name in files("seeds") | files("prompts")}
    assert {"assistant/py.typed", "assistant/seeds/corpus.toml"} <= held
    weights = {
        f"assistant/weights/{name}"
        for name in ("encoder.onnx", "tokenizer.json", "verdict.npy", "reader.onnx", "README.md")
    }
    assert weights <= held
    for name in weights:
        assert zipfile.ZipFile(wheel).read(name) == (ROOT / name).read_bytes()
    assert any(re.fullmatch(r"assistant/prompts/\w+\.md", name) for name in held)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_wheel_installed_elsewhere_answers(wheel: Path, corpus: Corpus, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=True)
    scripts = tmp_path / "venv" / ("Scripts" if os.name == "nt" else "bin")
    run(scripts / "python", "-m", "pip", "install", "--quiet", "-c", ROOT / "requirements.txt", wheel, cwd=tmp_path)

    home, away = tmp_path / "home", tmp_path / "away"
    home.mkdir()
    away.mkdir()
    user = {"HOME": str(home), "XDG_CACHE_HOME": str(home / ".cache"), "ASSISTANT_INDEX": str(home / "index")}
    answer = json.loads(run(scripts / "assistant", "ask", "怎样让创新成果更好惠及人民？", "--json", cwd=away, **user))
    assert answer["kind"] == "answer"
    for citation in answer["citations"]:
        assert citation["quote"].strip() == corpus.find(citation["address"]).text.strip()
        assert citation["quote"] == corpus.speeches[0].text[citation["start"] : citation["end"]]
    assert "7.5" in [citation["address"] for citation in answer["citations"]]

    shown = run(scripts / "assistant", "show", "7.5", cwd=away, **user)
    assert isinstance(corpus.find("7.5"), Sentence)
    assert corpus.find("7.5").text.strip() in "".join(shown.split())
    assert not list(away.iterdir())


# --- The imports ---

HELP = """
import json, sys
import assistant, assistant.cli
try:
    sys.argv = ["assistant", "--help"]
    assistant.cli.main()
except SystemExit as end:
    assert not end.code
print("\\n" + json.dumps(sorted(sys.modules)))
"""


def test_help_loads_nothing_heavy(tmp_path: Path) -> None:
    printed = run(sys.executable, "-c", HELP, cwd=tmp_path)
    assert "Usage" in printed
    heavy = {"bm25s", "chromadb", "gradio", "langchain", "langchain_core", "numpy", "openai", "opencc", "pydantic"}
    assert (heavy | {"onnxruntime", "rjieba", "tokenizers"}).isdisjoint(json.loads(printed.splitlines()[-1]))


IMPORT_ALL = """
import importlib, json, os, pkgutil, sys
opened, read = [], []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
look_up = os._Environ.__getitem__
os._Environ.__getitem__ = lambda self, name: read.append(name) or look_up(self, name)
import assistant
names = [m.name for m in pkgutil.walk_packages(assistant.__path__, "assistant.") if m.name != "assistant.__main__"]
# Gradio reads a handler's annotations, so the page's own modules import it; nothing else imports them.
names = [name for name in names if not name.startswith("assistant.web.") or name.endswith((".words", ".feedback"))]
for name in names:
    importlib.import_module(name)
print(json.dumps([names, opened, read, sorted(sys.modules)]))
"""


def test_imports_open_no_file_read_no_setting_and_load_no_model(tmp_path: Path) -> None:
    names, opened, read, loaded = json.loads(run(sys.executable, "-B", "-c", IMPORT_ALL, cwd=tmp_path))
    assert "assistant.cli" in names
    installed = (sys.prefix, sys.base_prefix)
    assert [name for name in opened if not name.endswith((".py", ".pyc")) and not name.startswith(installed)] == []
    assert [name for name in read if name.startswith(("ASSISTANT_", "OPENAI_"))] == []
    assert {"chromadb", "gradio", "onnxruntime", "openai", "opencc", "rjieba", "tokenizers"}.isdisjoint(loaded)


# --- The public names ---


def test_all_is_what_can_be_imported() -> None:
    loaded = {name: getattr(assistant, name) for name in assistant.__all__}
    assert len(loaded) == len(assistant.__all__)
    assert set(loaded) <= set(dir(assistant))
    ours = {
        name for name, value in vars(assistant).items() if "assistant" in (getattr(value, "__module__", None) or "")
    }
    assert {name for name in ours if not name.startswith("_")} <= set(loaded)
    with pytest.raises(AttributeError, match="no_such_name"):
        assistant.no_such_name  # noqa: B018


def test_every_error_is_public() -> None:
    errors = {name for name, value in vars(assistant.errors).items() if isinstance(value, type)}
    assert errors <= set(assistant.__all__)


# --- The tree ---


def sources() -> list[Path]:
    """Every file of the checkout that is written by hand."""
    tops = [p for p in ROOT.iterdir() if p.name == ".ci" or not p.name.startswith((".", "build", "dist"))]
    return [p for top in tops for p in (top, *top.rglob("*")) if p.is_file() and "__pycache__" not in p.parts]


def test_the_speech_is_the_one_given() -> None:
    entry = tomllib.loads((ROOT / "seeds" / "corpus.toml").read_text(encoding="utf-8"))["speech"][0]
    assert hashlib.sha256((ROOT / "seeds" / entry["file"]).read_bytes()).hexdigest() == SEED_SHA256
    assert entry["sha256"] == SEED_SHA256


def test_pins_can_be_had_from_every_registry() -> None:
    pins = dict(re.findall(r"^([\w-]+)==([\d.]+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE))
    # Later ones need a certifi that not every registry serves.
    assert [int(part) for part in pins["langchain"].split(".")] < [1, 5]
    assert pins["pytest"]


def test_every_dependency_is_pinned() -> None:
    pins = set(re.findall(r"^([\w-]+)==", (ROOT / "requirements.txt").read_text(), re.MULTILINE))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    needed = {re.match(r"[\w-]+", each)[0] for each in (*project["dependencies"], *extras["test"], *extras["eval"])}  # type: ignore[index]
    assert {"onnxruntime", "tokenizers"} <= needed
    assert sorted(needed - pins) == []


@pytest.mark.parametrize(
    ("what", "pattern"),
    [
        ("an absolute path", r"(?<![\w.~-])/(?:home|root|tmp|work|Users)/"),
        (
            "a package index",
            r"--(?:extra-)?index-[u]rl|^-i http|registry = .h[t]tp|/simple/?\"|pypi[.]org",
        ),
    ],
    ids=["path", "index"],
)
def test_the_tree_names_no_place_of_ours(what: str, pattern: str) -> None:
    text = {".css", ".js", ".html", ".in", ".json", ".md", ".py", ".toml", ".txt", ".yaml", ".yml", ""}
    for path in sources():
        if path.suffix in text:
            found = re.search(pattern, path.read_text(encoding="utf-8", errors="replace"), re.MULTILINE)
            assert not found, f"{path.relative_to(ROOT)} names {what}: {found[0]}"


def test_only_the_page_catches_everything() -> None:
    broad = re.compile(r"^\s*except(?: \(?[\w, ]*\b(?:Base)?Exception\b.*)?:", re.MULTILINE)
    counts = {p: len(broad.findall(p.read_text(encoding="utf-8"))) for p in sorted((ROOT / "assistant").rglob("*.py"))}
    page = sum(n for path, n in counts.items() if path.parent.name == "web")
    assert page <= 1
    assert sum(counts.values()) == page
