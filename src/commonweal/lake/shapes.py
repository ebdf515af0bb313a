"""What R4 says of an element: whether it repeats and its type, so that a view over valid R4 needs no guessing."""

from functools import lru_cache

from commonweal.fhir import definitions


@lru_cache(maxsize=4096)
def element(shape: str, name: str, type_: str = "") -> tuple[bool | None, str]:
    """(single, type) of element ``name`` of R4 type ``shape``; (None, '') where R4 says nothing of it.

    ``type_`` is the chosen type if ``name`` is one form of a choice (``valueQuantity`` of ``value[x]``). The type is
    '' where the element may be of several.
    """
    if shape not in definitions.paths():
        return None, ""
    known = definitions.elements(shape)
    if name in known:
        found = known[name]
        return not found.many, found.types[0] if len(found.types) == 1 else ""
    choice = known.get(name.removesuffix(type_[:1].upper() + type_[1:]) + "[x]") if type_ else None
    if choice is not None and type_ in choice.types:
        return not choice.many, type_
    return None, ""
