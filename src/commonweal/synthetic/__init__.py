"""A whole made-up Integrated Care System with known truth, written out as the partners' own raw feeds.

``docs/reference/synthetic-data.md`` lists the files, the rates and where each number comes from.
"""

from commonweal.synthetic.generate import GenerationError, Manifest, generate
from commonweal.synthetic.real_geography import GeographyError

__all__ = ["GenerationError", "GeographyError", "Manifest", "generate"]
