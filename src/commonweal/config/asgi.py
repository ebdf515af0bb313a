"""ASGI entry point of the stream of alerts: ``granian --interface asgi commonweal.config.asgi:application``.

The site itself is WSGI (``wsgi.py``); this answers one address, ``/alerts/stream``, and holds a page's connection open.
"""

import os
from importlib import import_module

import django

from commonweal.cli.parent import end_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "commonweal.config.settings")
django.setup()
application = import_module("commonweal.apps.coordination.stream").Stream()
end_with_parent()
