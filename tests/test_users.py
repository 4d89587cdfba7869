"""Who may see the page: the file of users, and the command that makes a line for it."""

import io
import sys
from pathlib import Path

import pytest

from assistant.cli import main
from assistant.errors import SettingsError
from assistant.web.users import Users, user_line


def test_a_line_lets_in_who_has_its_password_and_nobody_else(tmp_path: Path) -> None:
    file = tmp_path / "users"
    file.write_text(f"# who\n\n{user_line('编辑', '密码 correct')}\n{user_line('b', 'x')}\n", encoding="utf-8")
    users = Users.from_file(file)
    assert users.accept("编辑", "密码 correct")
    assert users.accept("b", "x")
    for name, password in [("编辑", "x"), ("编辑", ""), ("", ""), ("nobody", "x"), ("b", "x "), ("b", "\udc80")]:
        assert not users.accept(name, password)


def test_a_line_is_salted_and_holds_no_password() -> None:
    first, second = user_line("a", "secret"), user_line("a", "secret")
    assert first != second
    assert "secret" not in first


@pytest.mark.parametrize(("name", "password"), [("", "x"), ("a:b", "x"), (" a", "x"), ("a\n", "x"), ("a", "")])
def test_what_cannot_be_a_user_is_told(name: str, password: str) -> None:
    with pytest.raises(SettingsError):
        user_line(name, password)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "names nobody"),
        ("# a:b\n", "names nobody"),
        ("reader:secret\n", "line 1"),
        ("\nreader\n", "line 2"),
        ("reader:scrypt$00$11\n", "line 1"),
        ("reader:bcrypt$" + "00" * 16 + "$" + "00" * 32, "line 1"),
        (":scrypt$" + "00" * 16 + "$" + "00" * 32, "line 1"),
        (2 * ("reader:scrypt$" + "00" * 16 + "$" + "00" * 32 + "\n"), "line 2: 'reader' stands there twice"),
    ],
)
def test_a_wrong_file_is_one_clear_line(text: str, told: str, tmp_path: Path) -> None:
    file = tmp_path / "users"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=told) as raised:
        Users.from_file(file)
    assert "\n" not in str(raised.value)
    assert "secret" not in str(raised.value)


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="No such file"):
        Users.from_file(tmp_path / "missing")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match="UTF-8"):
        Users.from_file(tmp_path / "binary")


def test_web_user_prints_a_line_that_lets_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["assistant", "web-user", "reader"])
    monkeypatch.setattr(sys, "stdin", io.StringIO("a good password\n"))
    with pytest.raises(SystemExit) as left:
        main()
    out, err = capsys.readouterr()
    assert (left.value.code or 0, err) == (0, "")
    (tmp_path / "users").write_text(out, encoding="utf-8")
    assert Users.from_file(tmp_path / "users").accept("reader", "a good password")
