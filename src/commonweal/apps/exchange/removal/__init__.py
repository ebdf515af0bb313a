"""Lawful removal: asked for by one person, confirmed by another, and then carried to every copy."""
