"""The record has no ORM models, on purpose.

Its tables (``migrations/0001_initial.py``) are written by staged COPY in ``actions`` and read by SQL in
``selectors``: a model would invite a query that goes around the gate, and is twenty times slower to load.
"""
