"""Reports put together from measurements, and from nothing else."""
