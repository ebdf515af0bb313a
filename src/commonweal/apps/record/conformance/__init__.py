"""Which definitions are loaded, which profiles whose data is held to, and what a resource breaks of them."""
