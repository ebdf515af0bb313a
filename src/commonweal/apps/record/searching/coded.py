"""``:in``, ``:not-in`` and ``:below`` of a token, by the code systems and value sets that are loaded.

https://hl7.org/fhir/R4/search.html#token
"""

from commonweal.apps.record.searching.terms import BadSearch, divided
from commonweal.apps.record.terminology import selectors
from commonweal.apps.record.terminology.errors import TerminologyFault


def expand(modifier: str, value: str) -> list[tuple[str, str]]:
    """(system, code) pairs of a value set by its address, or of a concept (``system|code``) and all below it.

    Raises BadSearch for what is not loaded, has too many codes, or cannot be asked.
    """
    try:
        if modifier == "below":
            parts = divided(value, "|")
            if len(parts) != 2 or not all(parts):
                raise BadSearch(f":below={value}: give system|code")
            return [(parts[0], code) for code in selectors.below(parts[0], parts[1])]
        if modifier in ("in", "not-in"):
            return [(system, code) for system, codes in selectors.codes_of(value).items() for code in codes]
    except TerminologyFault as error:
        raise BadSearch(f":{modifier}={value}: {error}") from error
    raise BadSearch(f":{modifier} is not supported for a token; :below, :in and :not-in are")
