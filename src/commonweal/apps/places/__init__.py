"""Organisations with dated succession, places and networks, small areas and postcodes."""
