"""The demonstration's analysis project: proposed, approved, extracted, and a list that waits for care to take it up."""

import csv
from datetime import date, timedelta

from commonweal.cli.demo_safeguards import OFFICERS

CODE = "diabetes-2020"
_MOST = 200


def run(system: str, today: date) -> dict[str, int | str]:
    """Make the project with one extract, and mark people of working age with diabetes."""
    from commonweal.apps.access import api as access
    from commonweal.apps.population.api import projects

    analyst = access.Actor("user:analyst", "Sam Iqbal", access.Role.ANALYST, system)
    officer = access.Actor(f"user:{OFFICERS[0]}", "Nadia Rahman", access.Role.PRIVACY_OFFICER, system)
    if any(one.code == CODE for one in projects.projects()):
        return {"project": CODE, "marked": 0}
    projects.propose(
        analyst,
        projects.Proposal(
            code=CODE,
            title="Diabetes at working age",
            question="Who of working age lives with diabetes, and whose review could be out of hours?",
            purpose=projects.ProjectPurpose.POPULATION_HEALTH,
            lawful_basis="UK GDPR Article 6(1)(e) and 9(2)(h)",
            confidentiality="Pseudonymised; analysts cannot identify anybody",
            agreement="ISA-PLANNING-2020",
            controller=system,
            dpia="DPIA-2020-11",
            starts=today - timedelta(days=30),
            ends=today + timedelta(days=60),
            custodian=OFFICERS[1],
            analysts=("analyst",),
            columns=(
                "person.age_band",
                "person.sex",
                "person.place",
                "person.deprivation_quintile",
                "person.diabetes",
                "person.emergency_admissions",
                "condition.code",
                "condition.month",
            ),
            exemption="",
        ),
    )
    projects.decide(officer, CODE, projects.ProjectStep.APPROVE, "Nothing finer than the question needs is asked for.")
    made = projects.make(CODE, "operator:demo")
    with (projects.folder(projects.project_by_id(made.project_id), made.number) / "person.csv").open(
        encoding="utf-8", newline=""
    ) as lines:
        found = [
            row["pseudonym"]
            for row in csv.DictReader(lines)
            if row["diabetes"] == "true" and row["age_band"] in ("18-39", "40-64")
        ][:_MOST]
    if not found:
        return {"project": CODE, "people": made.people, "left_out": made.left_out, "marked": 0}
    marked = projects.mark(
        analyst,
        CODE,
        projects.Marking(
            made.number,
            "Diabetes at working age: reviews outside working hours",
            "They live with diabetes and are of an age to be at work when reviews are offered.",
            "A review with the practice's diabetes nurse in the evening or at the weekend.",
            tuple(found),
        ),
    )
    projects.decide_list(officer, marked, projects.ListStep.ALLOW, "The offer is ordinary care by their own practice.")
    return {"project": CODE, "people": made.people, "left_out": made.left_out, "marked": len(found)}
