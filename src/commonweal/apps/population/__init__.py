"""Registers and measures of the population, from the de-identified lake to released figures."""

HAS_PAGES = True
