"""Workbooks and CSV tables as they come: bytes → sheets of cells in bounded memory, and whether their figures agree."""
