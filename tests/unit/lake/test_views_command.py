"""``commonweal views run``: rows as JSON, or one line that says what is wrong and where."""

import json
from pathlib import Path

import pytest
from typer import Typer
from typer.testing import CliRunner

from commonweal.cli.views import register

VIEW = b'{"resource": "Observation", "select": [{"column": [{"name": "v", "path": "x", "type": "decimal"}]}]}'
RESOURCE = b'{"resourceType": "Observation", "x": 5.0}\n'


def run(folder: Path, view: bytes, resources: bytes) -> tuple[int, str, str]:
    app = Typer()
    register(app)
    (folder / "view.json").write_bytes(view)
    (folder / "resources.ndjson").write_bytes(resources)
    done = CliRunner().invoke(app, ["views", "run", str(folder / "view.json"), str(folder / "resources.ndjson")])
    if not isinstance(done.exception, SystemExit | None):
        raise done.exception
    return done.exit_code, done.stdout, done.stderr


def test_rows_are_a_json_list(tmp_path: Path) -> None:
    mark = b"\xef\xbb\xbf"
    code, out, _ = run(tmp_path, mark + VIEW, mark + RESOURCE + b"\n" + RESOURCE.replace(b"5.0", b"0.5"))
    assert (code, out) == (0, '[\n{"v":5},\n{"v":0.5}\n]\n')
    assert run(tmp_path, VIEW, b"")[:2] == (0, "[]\n")


@pytest.mark.parametrize(
    ("view", "resources", "message"),
    [
        (b"", RESOURCE, "view.json: line 1: not JSON"),
        (VIEW.decode().encode("utf-16"), RESOURCE, "view.json: line 1: not JSON"),
        (b'{"resource": "Observation"', RESOURCE, "view.json: line 1: not JSON"),
        (b"[]", RESOURCE, "the view: must be a JSON object"),
        (b'{"a":' * 5_000 + b"1" + b"}" * 5_000, RESOURCE, "view.json: line 1: not JSON"),
        (VIEW.replace(b'"x"', json.dumps("x" + " or x" * 250_000).encode()), RESOURCE, "column[0].path: "),
        (VIEW.replace(b'"x"', b'"x."'), RESOURCE, "select[0].column[0].path: expected a name"),
        (VIEW, RESOURCE + b"{\n", "resources.ndjson: line 2: not JSON"),
        (VIEW, b'{"resourceType": "Observation", "x": "\xe9"}', "resources.ndjson: line 1: not JSON"),
        (VIEW, RESOURCE.replace(b"5.0", b"9" * 500), "resources.ndjson: line 1: not JSON"),
        (VIEW, b"[1]", "line 1: no resourceType"),
        (VIEW, RESOURCE.replace(b"5.0", b"[1, 2]"), "column v: 2 values, but collection is not true; narrow the path"),
    ],
    ids=lambda one: one[:40] if isinstance(one, str) else "-",
)
def test_what_cannot_be_run_is_one_line(tmp_path: Path, view: bytes, resources: bytes, message: str) -> None:
    code, out, err = run(tmp_path, view, resources)
    assert (code, out) == (1, "")
    assert message in err
    assert err.count("\n") == 1
    assert len(err) < 1_000
