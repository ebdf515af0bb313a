"""When two names may be one person's. Works on normalised keys (letters and digits, lower case).

Similarity is Jaro-Winkler: W. E. Winkler, "String Comparator Metrics and Enhanced Decision Rules in the
Fellegi-Sunter Model of Record Linkage", Proceedings of the Section on Survey Research Methods, ASA, 1990.
"""

from functools import lru_cache

from commonweal.domain.identity.nicknames import origins

SAME = 0.88  # similarity from which a difference in spelling is taken for a slip
_PREFIX_WEIGHT = 0.1


@lru_cache(maxsize=65536)
def similarity(first: str, second: str) -> float:
    """Jaro-Winkler similarity of two keys, 0 (nothing in common) to 1 (equal, and not empty)."""
    if not first or not second:
        return 0.0
    if first == second:
        return 1.0
    if second < first:  # the search for common letters is greedy: fix its direction, so that order never counts
        first, second = second, first
    reach = max(max(len(first), len(second)) // 2 - 1, 0)
    taken = [False] * len(second)
    matched: list[str] = []
    for i, letter in enumerate(first):
        for j in range(max(0, i - reach), min(len(second), i + reach + 1)):
            if not taken[j] and second[j] == letter:
                taken[j] = True
                matched.append(letter)
                break
    if not matched:
        return 0.0
    other = [letter for letter, used in zip(second, taken, strict=True) if used]
    swapped = sum(a != b for a, b in zip(matched, other, strict=True)) / 2
    count = len(matched)
    jaro = (count / len(first) + count / len(second) + (count - swapped) / count) / 3
    prefix = 0
    for a, b in zip(first[:4], second[:4], strict=False):
        if a != b:
            break
        prefix += 1
    return jaro + prefix * _PREFIX_WEIGHT * (1 - jaro)


@lru_cache(maxsize=65536)
def given_agree(first: str, second: str) -> bool:
    """Whether two first given names may be one person's: equal, a short form, an initial, or a slip."""
    if not first or not second:
        return False
    shorter, longer = sorted((first, second), key=len)
    if len(shorter) == 1:
        return longer.startswith(shorter)
    return bool(origins(first) & origins(second)) or similarity(first, second) >= SAME


@lru_cache(maxsize=65536)
def family_agree(first: str, second: str) -> bool:
    """Whether two family names may be one person's: equal, one part of a double name, or a slip."""
    if not first or not second:
        return False
    shorter, longer = sorted((first, second), key=len)
    part = len(shorter) >= 4 and (longer.startswith(shorter) or longer.endswith(shorter))
    return part or similarity(first, second) >= SAME


def one_slip(first: str, second: str) -> bool:
    """Whether two keys share their first letter and differ by one letter more, less, other or swapped."""
    if not first or not second or first[0] != second[0] or abs(len(first) - len(second)) > 1:
        return False
    at = next((i for i, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), None)
    if at is None:
        return True
    one, other = first[at:], second[at:]
    swapped = one[1:2] + one[:1] + one[2:] == other and len(one) > 1
    return one[1:] == other[1:] or one[1:] == other or one == other[1:] or swapped
