"""Reports put together from measurements, and from nothing else."""

HAS_PAGES = True
