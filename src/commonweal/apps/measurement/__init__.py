"""Every aggregate figure, in one form, with where it came from."""
