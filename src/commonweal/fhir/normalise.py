"""Names and postcodes brought to one form, so that they can be compared and indexed without ICU or unaccent."""

import re
import unicodedata
from functools import lru_cache

# Letters that Unicode does not decompose into a base letter and a mark.
_LETTERS = str.maketrans({"ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th", "ı": "i", "ħ": "h"})
_GAPS = re.compile(r"[\s\-_/,]+")
_POSTCODE = re.compile(r"([A-Z]{1,2}[0-9][A-Z0-9]?)([0-9][A-Z]{2})")
_SOUNDS = {
    letter: digit for digit, letters in enumerate(("bfpv", "cgjkqsxz", "dt", "l", "mn", "r"), 1) for letter in letters
}


@lru_cache(maxsize=65_536)
def name_key(name: str) -> str:
    """``name`` casefolded, accents and punctuation off, hyphens and runs of space as one space.

    >>> name_key("  O'Néill-Smith ")
    'oneill smith'
    """
    if name.isascii() and name.isalpha():
        return name.lower()
    folded = unicodedata.normalize("NFKD", name.casefold().translate(_LETTERS))
    spaced = _GAPS.sub(" ", folded)
    return "".join(c for c in spaced if c.isalnum() or c == " ").strip()


@lru_cache(maxsize=65_536)
def phonetic(name: str) -> str:
    """The Soundex code of ``name``, '' for a name without Latin letters.

    American Soundex as the US National Archives states it, H and W not separating equal sounds:
    https://www.archives.gov/research/census/soundex

    >>> phonetic("Ashcraft")
    'A261'
    """
    letters = [c for c in name_key(name) if "a" <= c <= "z"]
    if not letters:
        return ""
    code = letters[0].upper()
    last = _SOUNDS.get(letters[0], 0)
    for letter in letters[1:]:
        if letter in "hw":
            continue
        sound = _SOUNDS.get(letter, 0)
        if sound and sound != last:
            code += str(sound)
            if len(code) == 4:
                break
        last = sound
    return code.ljust(4, "0")


@lru_cache(maxsize=65_536)
def postcode(text: str) -> str:
    """A UK postcode as ``AB1 2CD``; other letters and digits in capitals without spaces; else the text itself.

    Form of postcodes: https://www.gov.uk/government/publications/bulk-data-transfer-for-sponsors-xml-schema

    >>> postcode("sw1a1aa")
    'SW1A 1AA'
    """
    squeezed = "".join(c for c in text.upper() if c.isalnum())
    match = _POSTCODE.fullmatch(squeezed)
    return f"{match[1]} {match[2]}" if match else squeezed or text.strip()
