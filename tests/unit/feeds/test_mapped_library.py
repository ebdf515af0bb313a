"""Mappings held to their target before a file is read: every fault names what is wrong and the nearest right name."""

from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from commonweal.cli.main import app
from commonweal.feeds.mapped import describing, examples
from commonweal.feeds.mapped.language import MappingFault, parse
from commonweal.feeds.mapped.library import SHIPPED, Library, restored
from commonweal.feeds.mapped.reading import plan

DAY = date(2026, 11, 22)
GENERIC = (SHIPPED / "community" / "generic-2015-04-01.yaml").read_text("utf-8")
APC = (SHIPPED / "apc" / "generic-2015-04-01.yaml").read_text("utf-8")


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("nhs_number: NHSNumber", "nhs_number: NHSNumbr", "no column 'NHSNumbr'; did you mean 'NHSNumber'?"),
        ("period.start: Date", "period.begin: Date", "no element 'begin' to fill"),
        ("period.start: Date", "periods.start: Date", "did you mean 'period'?"),
        ("attended: finished", "attended: finishd", "'finishd' is not a code of it; did you mean 'finished'?"),
        ("{code: HH, display", "{code: HOME, display", "'HOME' is not a code of it"),
        ("map: attended", "map: attend", "no code map 'attend'; did you mean 'attended'?"),
        ("    did not attend: cancelled\n", "", "has no 'did not attend', which 'Attended' may hold"),
        ("refers_to: referral", "refers_to: referal", "did you mean 'referral'?"),
        ("system: community-team-type", "system: comunity-team-type", "did you mean 'community-team-type'?"),
        ("type: Encounter", "type: Encouter", "did you mean 'Encounter'?"),
        ("feed: community", "feed: comunity", "did you mean 'community'?"),
        ("  GPPracticeCode:\n", "  GPPracticeCode:\n  GPPracticeCode:\n", "'GPPracticeCode' is said twice"),
        ("EndDate: {date: '%d/%m/%Y'}", "EndDate:", "needs a date; say in columns how 'EndDate' is written"),
        ("latest_by: Date\n", "", "latest_by: is missing"),
        ("  local_id: PatientId\n", "", "person.local_id: is missing"),
        ("{RecordType: contact}", "{RecordType: contacts}", "did you mean 'contact'?"),
        ("      class: {column: ContactType, map: how, system: encounter-class}\n", "", "Encounter requires class"),
        ("responsible-team", "responsible-teem", "did you mean 'responsible-team'?"),
        ("valid_from: 2015-04-01", "valid_from: April", "must be a day"),
        ("latest_by: Date", "latest_by: TeamName", "is no date"),
        ("columns:", "colums:", "did you mean 'columns'?"),
        ("person:", "subject: x\nperson:", "not a word of a mapping"),
        ("supplier: generic", "supplier: [", "correct it"),
    ],
)
def test_a_fault_names_the_nearest_right_name(before: str, after: str, says: str) -> None:
    assert before in GENERIC
    with pytest.raises(MappingFault) as fault:
        plan(parse(GENERIC.replace(before, after), "community/acme.yaml"))
    assert says in str(fault.value)
    assert str(fault.value).startswith("community/acme.yaml")


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("person: {pseudonym: NHSNumber}", "person: {keep: NHSNumber}", "'NHSNumber' identifies people"),
        ("lsoa: {area: Postcode}", "lsoa: {keep: Postcode}", "'Postcode' identifies people"),
        ("age: {age: BirthDate, at: AdmissionDate}", "age: {keep: BirthDate}", "'BirthDate' identifies people"),
        ("age: {age: BirthDate, at: AdmissionDate}", "age: {age: BirthDate}", "an age needs two dates"),
        ("analysis:", "person: {local_id: SpellId}\nanalysis:", "goes only into the analysis zone"),
    ],
)
def test_a_commissioning_mapping_cannot_let_anybody_through(tmp_path: Path, before: str, after: str, says: str) -> None:
    folder = tmp_path / "apc"
    folder.mkdir()
    (folder / "generic-2015-04-01.yaml").write_text(APC.replace(before, after), "utf-8")
    with pytest.raises(MappingFault, match=says):
        Library([tmp_path], DAY)


def test_every_shipped_mapping_is_sound_and_its_example_and_page_are_up_to_date() -> None:
    library = Library([SHIPPED], DAY)
    found = library.mappings()
    assert {mapping.feed for mapping, _ in found} == {
        "community", "ambulance", "caseload", "care_home_capacity", "apc", "ecds", "op"
    }  # fmt: skip
    for mapping, path in found:
        version = library.version(path, DAY)
        data, kept = path.with_suffix(".example.csv").read_bytes(), path.with_suffix(".example.ndjson").read_bytes()
        assert examples.differs(version.plan, data, kept) == "", mapping.label
        assert path.with_suffix(".md").read_text("utf-8") == describing.page(version.mapping), mapping.label


def make(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, "utf-8")


def test_the_mapping_of_the_day_and_of_the_source_counts(tmp_path: Path) -> None:
    later = GENERIC.replace("2015-04-01", "2020-01-01", 1)
    own = GENERIC.replace("supplier: generic", "supplier: acme\nsources: [RY8]").replace("2015-04-01", "2018-01-01", 1)
    make(tmp_path, "community/generic-2015-04-01.yaml", GENERIC)
    make(tmp_path, "community/generic-2020-01-01.yaml", later)
    make(tmp_path, "community/acme-2018-01-01.yaml", own)
    library = Library([tmp_path], DAY)

    def chosen(source: str, on: date) -> str:
        version = library.choose("community", source, on)
        return version.mapping.label if version else ""

    assert chosen("RY9", date(2015, 3, 31)) == ""
    assert chosen("RY9", date(2019, 12, 31)) == "community/generic-2015-04-01.yaml"
    assert chosen("RY9", date(2020, 1, 1)) == "community/generic-2020-01-01.yaml"
    assert chosen("RY8", date(2020, 1, 1)) == "community/acme-2018-01-01.yaml"


def test_codes_and_aliases_are_dated_and_a_version_says_all_of_what_it_was(tmp_path: Path) -> None:
    start = GENERIC.index("  how:")
    text = GENERIC[:start] + GENERIC[GENERIC.index("person:") :]
    make(tmp_path, "community/generic-2015-04-01.yaml", text)
    (tmp_path / "code_maps.csv").write_text(
        "map,from,code,display,valid_from,valid_to\n"
        "how,home visit,FLD,,2015-04-01,2019-12-31\nhow,home visit,HH,,2020-01-01,\n"
    )
    (tmp_path / "organisations.csv").write_text("alias,ods,valid_from,valid_to\nSt Elsewhere,RZ1,2015-04-01,\n")
    library = Library([tmp_path], DAY)
    codes = {}
    for year in (2019, 2020):
        version = library.choose("community", "RY9", date(year, 6, 1))
        assert version is not None
        again = restored(version.text)
        assert again.digest == version.digest
        assert again.plan.aliases == {"st elsewhere": "RZ1"}
        codes[year] = again.mapping.code_maps["how"]["home visit"].code
    assert codes == {2019: "FLD", 2020: "HH"}


@pytest.mark.parametrize(
    ("name", "says"),
    [("community/acme-2015-04-01.yaml", "call the file so"), ("community/generic-2015-04-02.yaml", "call the file so")],
)
def test_a_file_is_called_what_it_is(tmp_path: Path, name: str, says: str) -> None:
    make(tmp_path, name, GENERIC)
    with pytest.raises(MappingFault, match=says):
        Library([tmp_path], DAY)


def test_two_mappings_for_the_same_files_are_refused(tmp_path: Path) -> None:
    make(tmp_path, "community/generic-2015-04-01.yaml", GENERIC)
    make(tmp_path, "community/acme-2015-04-01.yaml", GENERIC.replace("supplier: generic", "supplier: acme"))
    with pytest.raises(MappingFault, match="for any source from that day too; say sources"):
        Library([tmp_path], DAY)


def sample(path: Path) -> Path:
    lines = ["Client Ref,NHS No,Surname,Forename,DOB,Sex,Visit ID,Visit Date,Team,Contact Method,Outcome,Notes"]
    numbers = ("9990000018", "9990000026", "9990000034")
    for n in range(30):
        lines.append(
            f"C{n % 3},{numbers[n % 3]},Sur{n % 3},Fore{n % 3},0{1 + n % 3}/12/1950,{'FM'[n % 2]},V{n},"
            f"{13 + n % 10}/09/2020,Nursing,{('Home visit', 'Telephone')[n % 2]},{('Attended', 'DNA')[n % 2]},"
            f"secret {n}"
        )
    path.write_text("\n".join(lines) + "\n")
    return path


def run(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["feeds", *words])
    return done.exit_code, done.output


def test_a_sample_becomes_a_mapping_a_test_and_a_page(tmp_path: Path) -> None:
    file, folder = sample(tmp_path / "sample.csv"), tmp_path / "feeds"
    common = ("--folder", str(folder), "--valid-from", "2026-01-01", "--no-ask")
    code, said = run("new", str(file), "--feed", "community", "--supplier", "acme", "--source", "RY8", *common)
    assert code == 0, said
    assert "30 Encounter" in said
    path = folder / "community" / "acme-2026-01-01.yaml"
    mapping = parse(path.read_text("utf-8"), "community/acme-2026-01-01.yaml")
    assert mapping.columns["DOB"].form == "%d/%m/%Y"
    assert mapping.person["nhs_number"].column == "NHS No"
    assert {cell: code.code for cell, code in mapping.code_maps["class"].items()} == {
        "home visit": "HH", "telephone": "VR"
    }  # fmt: skip
    assert mapping.columns["Notes"].ignored
    written = "".join(one.read_text("utf-8") for one in folder.rglob("*.*"))
    assert not [word for word in ("Sur1", "Fore2", "9990000034", "secret", "C2") if word in written]
    assert run("check", "--folder", str(folder))[0] == 0
    assert run("try", str(path), str(file))[0] == 0
    assert run("new", str(file), "--feed", "community", "--supplier", "acme", *common)[0] == 1


def test_the_headers_of_strangers_are_understood(tmp_path: Path) -> None:
    """Given a file as a supplier nobody has met writes it; then what each column is for is seen, an empty one too."""
    file = tmp_path / "extract.csv"
    rows = [
        "Client Ref No.;NHS Num;Surname;Forename(s);D.O.B.;Sex;Ethnic Origin;Post Code;GP Surgery Code;Visit ID;"
        "Visit Date;Contact Method;Outcome;Notes"
    ]
    rows += [
        f"C{n};;O’Neill;Zoë;0{n}/12/1950;Female;White;za2 3bb;X90001;V{n};1{n}/09/2020;Clinic;Seen;"
        for n in range(1, 9)
    ]
    file.write_bytes("\r\n".join(rows).encode("utf-8-sig"))
    folder = tmp_path / "feeds"
    code, said = run("new", str(file), "--feed", "community", "--supplier", "acme", "--source", "RY8", "--no-ask",
                     "--folder", str(folder), "--valid-from", "2026-01-01")  # fmt: skip
    assert code == 0, said
    mapping = parse(
        (folder / "community" / "acme-2026-01-01.yaml").read_text("utf-8"), "community/acme-2026-01-01.yaml"
    )
    assert {purpose: value.column for purpose, value in mapping.person.items()} == {
        "local_id": "Client Ref No.", "nhs_number": "NHS Num", "family": "Surname", "given": "Forename(s)",
        "birth_date": "D.O.B.", "gender": "Sex", "ethnicity": "Ethnic Origin", "postcode": "Post Code",
        "practice": "GP Surgery Code",
    }  # fmt: skip
    assert [name for name, column in mapping.columns.items() if column.ignored] == ["Notes"]


def test_what_only_a_person_can_know_is_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "sample.csv"
    file.write_text("A,B\n1,2\n3,4\n")
    code, said = run("new", str(file), "--feed", "community", "--supplier", "acme", "--no-ask")
    assert (code, "which column is the local id? say --local-id" in " ".join(said.split())) == (1, True)


def test_an_edited_mapping_whose_example_no_longer_fits_is_told(tmp_path: Path) -> None:
    file, folder = sample(tmp_path / "sample.csv"), tmp_path / "feeds"
    run("new", str(file), "--feed", "community", "--supplier", "acme", "--source", "RY8", "--folder", str(folder),
        "--valid-from", "2026-01-01", "--no-ask")  # fmt: skip
    path = folder / "community" / "acme-2026-01-01.yaml"
    path.write_text(path.read_text("utf-8").replace("Home visit: HH", "Home visit: FLD"))
    code, said = run("check", "--folder", str(folder))
    assert (code, "differs in class" in said) == (1, True)
    assert run("check", "--folder", str(folder), "--write")[0] == 0
