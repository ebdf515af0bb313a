"""Registers and measures of a population: declared once, read as a sentence, counted by any engine."""
