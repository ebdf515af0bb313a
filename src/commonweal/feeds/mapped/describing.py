"""A mapping in English: the page of documentation that stands beside it, written from it and from nothing else."""

from collections.abc import Iterator

from commonweal.feeds.mapped.kinds import kinds
from commonweal.feeds.mapped.language import Column, Mapping, Resource, Value

_PERSON = {
    "local_id": "the supplier's own number", "nhs_number": "NHS number", "family": "family name",
    "given": "given names", "birth_date": "date of birth", "death_date": "date of death", "gender": "gender",
    "ethnicity": "ethnic category", "postcode": "postcode", "practice": "general practice",
}  # fmt: skip
_DOORS = {
    "keep": "kept as it is", "pseudonym": "replaced by a pseudonym", "age": "turned into whole years of age",
    "month": "cut to the month", "area": "turned from postcode into small area",
}  # fmt: skip


def page(mapping: Mapping) -> str:
    """The page, as Markdown."""
    return "\n".join(_lines(mapping)) + "\n"


def _lines(mapping: Mapping) -> Iterator[str]:
    kind = kinds()[mapping.feed]
    yield f"# {kind.name} from {mapping.supplier}, from {mapping.valid_from.isoformat()}"
    yield ""
    if mapping.about:
        yield mapping.about
        yield ""
    whose = f"files of {', '.join(mapping.sources)}" if mapping.sources else "files of any source without its own"
    yield f"Read for {whose} received from {mapping.valid_from.isoformat()} on, until a later mapping."
    yield f"Encoding {mapping.encoding}; columns as below, in any order" + (
        "; further columns are ignored." if mapping.extra_columns else "; a further column stops the file."
    )
    yield ""
    yield "| column | holds | goes to |"
    yield "|---|---|---|"
    for column in mapping.columns.values():
        yield f"| {column.name} | {_holds(column)} | {_goes(mapping, column.name)} |"
    yield ""
    if mapping.latest_by:
        if len(mapping.person) == 1:  # and a file that is about nobody says nothing of people
            yield "Nothing is taken of a person but whose number it is: another feed of the sender says who they are."
        elif mapping.person:
            yield f"A person is what all their rows say, in order of {mapping.latest_by}; former names are kept beside."
        yield "Of two rows with one reference the later counts; two of one date that disagree are both set aside."
        yield ""
    for one in mapping.resources:
        yield f"## {one.name[:1].upper()}{one.name[1:]}: {one.type}"
        yield ""
        yield from (f"- {line}" for line in _resource(one))
        yield ""
    for name, codes in mapping.code_maps.items():
        yield f"## Codes: {name}"
        yield ""
        yield "| theirs | becomes |"
        yield "|---|---|"
        for cell, code in codes.items():
            yield f"| {cell} | {code.code}{f' ({code.display})' if code.display else ''} |"
        yield ""


def _holds(column: Column) -> str:
    parts = [column.kind if column.kind != "text" else ""]
    if column.form:
        parts.append(f"as {column.form}")
    if column.one_of:
        parts.append("one of " + ", ".join(column.one_of))
    if column.required:
        parts.append("required")
    return ", ".join(filter(None, parts)) or "text"


def _goes(mapping: Mapping, column: str) -> str:
    found = [f"person: {_PERSON[name]}" for name, value in mapping.person.items() if value.column == column]
    for one in mapping.resources:
        if column in one.when:
            found.append(f"decides whether a row is a {one.name}")
        if column in one.reference:
            found.append(f"{one.name}: its reference")
        found += [f"{one.name}: {path}" for path, values in one.elements.items() for v in values if v.column == column]
        found += [f"{one.name}: {name}" for name, value in one.extensions.items() if value.column == column]
    for passed in mapping.analysis:
        if passed.column == column:
            found.append(f"analysis: {passed.name}, {_DOORS[passed.door]}")
    if not found:
        return "nowhere; the landed file keeps it"
    return "; ".join(found)


def _resource(one: Resource) -> Iterator[str]:
    if one.when:
        conditions = " and ".join(f"{column} is {' or '.join(words)}" for column, words in one.when.items())
        yield f"made of rows where {conditions}"
    else:
        yield "made of every row"
    yield f"known by {' and '.join(one.reference)}"
    for path, values in one.elements.items():
        yield f"{path}: {'; '.join(_value(value) for value in values)}"
    for name, value in one.extensions.items():
        yield f"{name}: {_value(value)}"


def _value(value: Value) -> str:
    if value.is_source:
        return "the organisation that sent the file"
    if value.constant:
        return f"always {value.constant}"
    if value.present or value.absent:
        return f"{value.present} where {value.column} is filled, else {value.absent or 'nothing'}"
    said = value.column
    if value.map:
        said += f", by the codes of {value.map}"
    if value.otherwise:
        said += f", else {value.otherwise}"
    if value.refers_to:
        said += f", as a reference to the {value.refers_to}"
    return said
