"""Linkage of any files of people, with weights learned from the files themselves.

    from commonweal.lake.linking import link
    link([Path("people.csv")], truth="person", out=Path("linked"))

``files`` reads and recognises columns, ``standard`` brings rows to one form, ``comparisons`` says what is compared,
``model`` learns and weighs (Splink on DuckDB), ``run`` groups, writes and scores.
"""

from commonweal.lake.linking.files import LinkInput
from commonweal.lake.linking.run import LIKELY, link

__all__ = ["LIKELY", "LinkInput", "link"]
