"""Pure rules of access: who, what for, by which relationship, to which category; and the audit chain."""
