"""WSGI entry point: ``granian --interface wsgi commonweal.config.wsgi:application``."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "commonweal.config.settings")

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
