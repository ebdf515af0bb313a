"""One written form for a postcode inside the places app."""


def normalised(postcode: str) -> str:
    """The postcode in capitals without spaces, which is how it is stored and looked up."""
    return "".join(postcode.split()).upper()
