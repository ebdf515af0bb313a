"""A citizen's own pages: the record held about them, and who has looked at it."""

HAS_PAGES = True
