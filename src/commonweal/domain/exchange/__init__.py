"""Rules of the exchange that need no file and no database."""
