"""Code systems and value sets a deployer has loaded, in tables, asked by SQL. None of it is about a person."""
