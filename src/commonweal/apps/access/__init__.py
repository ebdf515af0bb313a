"""Access: the gate every read or write of a person's data passes, and the audit of each passage."""

HAS_PAGES = True
