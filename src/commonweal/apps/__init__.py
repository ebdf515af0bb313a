"""Django apps, one per bounded context; another app reaches one only through its ``api`` module."""
