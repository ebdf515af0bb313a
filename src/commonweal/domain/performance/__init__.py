"""Statistics over time and between organisations: signals, limits, comparisons, and what they mean in words."""
