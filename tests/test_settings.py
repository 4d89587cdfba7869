"""Settings: where a value comes from, and the one line that says what is wrong with it."""

import hashlib
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from assistant.errors import SettingsError
from assistant.settings import Settings, bundled

ROOT = Path(__file__).parent.parent
SECRET = "sk-very-secret-4711"


@pytest.fixture(autouse=True)
def no_index_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ASSISTANT_INDEX")


# --- Values ---


def test_defaults() -> None:
    assert Settings.load().model_dump() == {
        "seeds": ROOT / "seeds",
        "index": None,
        "embedder": "bundled",
        "base_url": None,
        "api_key": None,
        "passages": 8,
        "answerer": "auto",
        "model": None,
        "language": "auto",
        "fallback": True,
        "feedback": None,
        "temperature": None,
        "max_tokens": 3000,
        "connect_timeout": 5.0,
        "read_timeout": 60.0,
        "max_retries": 2,
    }


def test_the_environment_is_read_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_PASSAGES", "3")
    monkeypatch.setenv("ASSISTANT_SEEDS", "/my/speeches")
    monkeypatch.setenv("ASSISTANT_EMBEDDER", "openai:m")
    loaded = Settings.load()
    assert (loaded.passages, loaded.seeds, loaded.embedder) == (3, Path("/my/speeches"), "openai:m")
    monkeypatch.setenv("ASSISTANT_PASSAGES", "4")
    assert Settings.load().passages == 4


def test_an_argument_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_PASSAGES", "3")
    monkeypatch.setenv("ASSISTANT_API_KEY", "other")
    loaded = Settings.load(passages=5, api_key=SECRET)
    assert loaded.passages == 5
    assert loaded.api_key == SecretStr(SECRET)


def test_a_good_argument_does_not_excuse_a_bad_variable_of_another_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_ANSWERER", "oracle")
    with pytest.raises(SettingsError, match="ASSISTANT_ANSWERER"):
        Settings.load(passages=5)
    assert Settings.load(answerer="extractive").answerer == "extractive"


@pytest.mark.parametrize("passages", [1, 50, "7"])
def test_the_limits_are_allowed(passages: object) -> None:
    assert Settings.load(passages=passages).passages == int(str(passages))


def test_variables_of_others_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_ASSISTANT_FOO", "1")
    monkeypatch.setenv("ASSISTANTS", "1")
    monkeypatch.setenv("PASSAGES", "3")
    assert Settings.load().passages == 8


def test_settings_do_not_change() -> None:
    loaded = Settings.load()
    with pytest.raises(ValidationError, match="frozen"):
        loaded.passages = 3  # type: ignore[misc]
    assert loaded.passages == 8


# --- Mistakes ---


@pytest.mark.parametrize("name", ["ASSISTANT_FOO", "ASSISTANT_", "ASSISTANT_PASSAGE", "ASSISTANT_SEEDS_"])
def test_an_unknown_variable_is_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "1")
    with pytest.raises(SettingsError) as raised:
        Settings.load()
    assert str(raised.value).startswith(f"{name} is not a setting. Known: ASSISTANT_SEEDS, ")
    assert "ASSISTANT_ANSWERER" in str(raised.value)


def test_an_unknown_argument_is_named() -> None:
    with pytest.raises(SettingsError) as raised:
        Settings.load(passage=3)
    assert str(raised.value).startswith("'passage' is not a setting. Known: seeds, index, ")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("passages", "0"),
        ("passages", "51"),
        ("passages", "-1"),
        ("passages", "many"),
        ("passages", "3.5"),
        ("passages", "1e99"),
        ("passages", "9" * 5000),
        ("answerer", "oracle"),
    ],
)
def test_a_value_that_does_not_fit_is_one_line_that_names_the_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"ASSISTANT_{name.upper()}", value)
    with pytest.raises(SettingsError) as of_variable:
        Settings.load()
    monkeypatch.undo()
    with pytest.raises(SettingsError) as of_argument:
        Settings.load(**{name: value})
    assert str(of_variable.value) == str(of_argument.value)
    message = str(of_variable.value)
    assert message.startswith(f"{name} (ASSISTANT_{name.upper()}): ")
    assert message.endswith(".")
    assert "\n" not in message
    assert len(message) < 200


@pytest.mark.parametrize("value", [None, object(), [], {"a": 1}])
def test_an_argument_of_a_wrong_type_is_named(value: object) -> None:
    for name in ("seeds", "embedder", "passages", "answerer"):
        with pytest.raises(SettingsError, match=rf"^{name} \(ASSISTANT_{name.upper()}\): "):
            Settings.load(**{name: value})


# --- The key ---


def test_the_key_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_API_KEY", SECRET)
    loaded = Settings.load()
    for shown in (repr(loaded), str(loaded), str(loaded.model_dump()), loaded.model_dump_json()):
        assert SECRET not in shown
    assert loaded.api_key is not None
    assert loaded.api_key.get_secret_value() == SECRET


def test_the_key_is_not_in_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_API_KEY", SECRET)
    for overrides in ({"passages": 0}, {"unknown": 1}, {"api_key": [SECRET]}):
        with pytest.raises(SettingsError) as raised:
            Settings.load(**overrides)
        assert SECRET not in str(raised.value) + repr(raised.value)
        assert raised.value.__cause__ is None
        assert raised.value.__suppress_context__ or raised.value.__context__ is None


# --- Folders ---


def test_each_folder_of_speeches_has_an_index_of_its_own(tmp_path: Path) -> None:
    folders = [Settings.load(seeds=tmp_path / name).index_folder for name in ("a", "b", "a")]
    assert folders[0] == folders[2] != folders[1]
    assert all(folder.is_absolute() for folder in folders)
    assert not any(folder.exists() for folder in folders)


def test_the_same_folder_written_differently_has_one_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link").symlink_to("seeds")
    ways = [tmp_path / "seeds", "seeds", "./seeds/", "~/seeds", tmp_path / "x" / ".." / "seeds", "link"]
    assert len({Settings.load(seeds=way).index_folder for way in ways}) == 1


def test_the_name_of_an_index_does_not_change_between_runs() -> None:
    key = hashlib.sha256(b"/my/speeches").hexdigest()[:12]
    assert Settings.load(seeds="/my/speeches").index_folder.name == f"index-{key}"


def test_the_index_may_lie_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_INDEX", str(tmp_path / "mine"))
    assert Settings.load().index_folder == tmp_path / "mine"
    assert Settings.load(seeds="/other").index_folder == tmp_path / "mine"
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("ASSISTANT_INDEX", "~/cache/mine")
    assert Settings.load().index_folder == tmp_path / "cache" / "mine"
    assert Settings.load(index="~").index_folder == tmp_path


@pytest.mark.parametrize("name", ["seeds", "prompts"])
def test_a_checkout_uses_its_own_folders(name: str) -> None:
    assert bundled(name) == ROOT / name
    assert bundled(name).is_dir()


def test_the_working_directory_plays_no_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "seeds").mkdir()
    monkeypatch.chdir(tmp_path)
    assert Settings.load().seeds == ROOT / "seeds"


def test_an_empty_variable_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_PASSAGES", "")
    monkeypatch.setenv("ASSISTANT_SEEDS", "")
    assert Settings.load().passages == 8
    assert Settings.load().seeds == bundled("seeds")
