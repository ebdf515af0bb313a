"""What the demonstration's partners agreed, and who opted out: written as files, and loaded as an operator would."""

import csv
from datetime import date
from pathlib import Path
from typing import Any

import yaml

OFFICERS = ("privacy.officer", "second.officer")
_EVERY = ["demographics", "clinical", "medication", "mental_health", "social_care"]
_ONE_IN = 19  # 5.3 per cent: of the order of the national rate of opt-outs that NHS England publishes


def agree(folder: Path, system: str, organisations: list[str]) -> dict[str, int]:
    """Write ``agreements.yaml`` to ``folder`` and load it: one for care, one due for review, one that ran out."""
    from commonweal.apps.access import api as access

    path = folder / "agreements.yaml"
    path.write_text(yaml.safe_dump(_agreements(system, organisations), sort_keys=False, width=110), encoding="utf-8")
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    new, same = access.load_agreements(document, by=OFFICERS[0], approved_by=OFFICERS[1])
    return {"new_versions": new, "unchanged": same}


def _agreements(system: str, organisations: list[str]) -> dict[str, Any]:
    common = {"controller": "the parties, each for what it writes", "dpia": "DPIA-2019-03"}
    public_task = "UK GDPR Article 6(1)(e) and 9(2)(h)"
    return {
        "agreements": [
            {
                "reference": "ISA-CARE-2019", "title": "Shared care record", "parties": organisations,
                "categories": _EVERY, "purposes": ["direct_care", "safeguarding"],
                "from": date(2019, 4, 1), "to": date(2024, 3, 31), "review": date(2021, 4, 1), **common,
                "basis": public_task, "confidentiality": "Implied consent for care; Care Act 2014 for safeguarding",
            },
            {
                "reference": "ISA-PLANNING-2020", "title": "Planning of services and population health",
                "gives": organisations, "receives": [system], "categories": _EVERY,
                "purposes": ["population_health", "service_planning", "performance"],
                "from": date(2020, 1, 1), "to": date(2020, 12, 31), "review": date(2020, 10, 1), **common,
                "basis": public_task, "confidentiality": "De-identified before use; opt-outs are honoured",
            },
            {
                "reference": "ISA-RESEARCH-2020", "title": "Research on recovery after the first wave",
                "gives": organisations, "receives": [system], "categories": ["clinical", "medication"],
                "purposes": ["research"], "from": date(2020, 4, 1), "to": date(2020, 9, 30),
                "review": date(2020, 9, 1), **common, "basis": "UK GDPR Article 6(1)(e) and 9(2)(j)",
                "confidentiality": "De-identified before use; opt-outs are honoured",
            },
        ]
    }  # fmt: skip


def opt_out(folder: Path) -> dict[str, int]:
    """Write ``opt-outs.csv`` to ``folder``, one made-up person in nineteen, and load it as the national list."""
    from commonweal.apps.access import api as access

    with (folder / "truth" / "people.csv").open(encoding="utf-8", newline="") as lines:
        numbers = sorted({row["nhs_number"] for row in csv.DictReader(lines) if row["nhs_number"]})
    chosen = numbers[::_ONE_IN]
    path = folder / "opt-outs.csv"
    path.write_text("\n".join(["nhs_number", *chosen]) + "\n", encoding="utf-8")
    listed, gone = access.replace_list(access.OptOut.NATIONAL_DATA, chosen, source="demo", by="operator:demo")
    return {"listed": listed, "withdrawn": gone}
