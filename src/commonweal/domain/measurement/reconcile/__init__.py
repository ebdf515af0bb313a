"""Whether printed tables agree with themselves and with each other: layout, inference, rules and findings.

``run.reconcile(sheets)`` is the way in. ``layout`` cuts a sheet into tables, ``cells`` and ``labels`` read them,
``totals``, ``derived``, ``shares``, ``ranks``, ``keys``, ``dates``, ``scales`` and ``facts`` each hold the rules of
one kind, ``declared`` those a file declares beside itself, and ``rules`` names them all.
"""
