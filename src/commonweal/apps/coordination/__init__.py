"""Acting together: alerts when a person's circumstances change, and what they suspend."""

HAS_PAGES = True
