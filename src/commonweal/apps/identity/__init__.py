"""Which compartments are one person: links kept beside the record, never inside it."""

HAS_PAGES = True
