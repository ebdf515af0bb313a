"""What a command does not handle itself still ends in one line and exit status 1."""

import pytest

from commonweal.cli import main
from commonweal.domain.errors import CommonwealError


class _Known(CommonwealError):
    """Said when there is no message."""


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (_Known("the lake is damaged; refresh to rebuild it"), "the lake is damaged; refresh to rebuild it"),
        (_Known(), "Said when there is no message."),
    ],
)
def test_an_error_of_ours_is_one_line_and_no_traceback(
    error: CommonwealError, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr(main, "app", fail)
    with pytest.raises(SystemExit) as ended:
        main.main()
    assert ended.value.code == 1
    assert capsys.readouterr().err == f"commonweal: {said}\n"


def test_a_fault_of_the_program_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(main, "app", fail)
    with pytest.raises(ZeroDivisionError):
        main.main()
