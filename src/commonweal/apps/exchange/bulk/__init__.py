"""Bulk export and import: asked for by one request, done by the worker, fetched by others."""
