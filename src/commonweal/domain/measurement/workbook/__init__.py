"""Workbooks as they come: what a cell says, where a table is, and which figures it holds. No I/O."""
