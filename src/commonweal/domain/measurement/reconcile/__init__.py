"""Whether printed tables agree with themselves and with each other: layout, inference, rules and findings.

``run.reconcile(sheets)`` is the way in. ``layout`` cuts a sheet into tables; ``cells``, ``labels`` and ``figures``
read them. ``totals`` (which ones, ``believing`` says), ``derived`` (from ``formulas`` and ``signs``), ``series``,
``shares``, ``ranks``, ``balances``, ``keys``, ``dates``, ``as_at``, ``scales`` and ``parts`` each hold the rules of one
kind; ``facts`` holds tables to each other, ``told`` to them what ``prose`` reads in sentences, ``declared`` what a file
declares beside itself. ``rules`` names them all.
"""
