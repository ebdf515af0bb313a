"""WSGI entry point: ``granian --interface wsgi commonweal.config.wsgi:application``."""

import gc
import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "commonweal.config.settings")

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from commonweal.cli.parent import end_with_parent

application = get_wsgi_application()
end_with_parent()  # a worker whose server was killed would go on answering on its port, and nobody could stop it
get_resolver().check()  # imports every view now: the first request would wait seconds for it
gc.collect()
gc.freeze()  # what is loaded stays: a full collection that looked through it would hold a request up for a tenth of one
