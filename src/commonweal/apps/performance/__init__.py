"""Delivery, activity, workforce, capacity, ratings and priorities as the system's board sees them."""

HAS_PAGES = True
