"""The promise of the two confidences, on the generator's own feeds through landing: a seed nothing else uses."""

import json
from pathlib import Path

import pytest

pytestmark = pytest.mark.usefixtures("database")


def test_verified_links_are_all_right_and_probable_ones_find_nearly_everybody(tmp_path: Path) -> None:
    from commonweal.apps.exchange import api as exchange
    from commonweal.apps.identity import api
    from commonweal.synthetic import generate

    generate(tmp_path, 800, 90_125)
    for file in json.loads((tmp_path / "manifest.json").read_text())["files"]:
        path = tmp_path / file["path"]
        if file["feed"] == "gp":  # who is who rests on the Patient resources alone
            lines = path.read_bytes().splitlines(keepends=True)
            path.write_bytes(b"".join(line for line in lines if b'"resourceType":"Patient"' in line))
        if file["feed"] in {"gp", "adt", "cld", "mh", "community", "ambulance"}:
            exchange.land(file["feed"], [path], file["source"])

    result = api.identify()
    right = api.evaluate(tmp_path / "truth")

    assert result["records"] > 800
    assert right["verified"]["pairs"] > 400
    assert right["verified"]["precision"] == 1.0
    assert right["verified"]["recall"] > 0.85  # what missing and wrong numbers leave
    assert right["probable"]["precision"] >= 0.999
    assert right["probable"]["recall"] >= 0.97

    report = api.bias_report()
    assert {one.kind for one in report} >= {"age", "sex", "ethnicity", "deprivation", "source"}
    assert result["uneven"] == sum(abs(one.place) == 2 for one in report)
    by_sex = {one.group: one for one in report if one.kind == "sex"}
    assert sum(one.records for one in by_sex.values()) <= result["records"]
    for one in report:
        assert 0 <= one.rate <= 1
        assert (one.place == 0) <= (one.low <= one.rate <= one.high)
