"""WSGI entry point: ``granian --interface wsgi commonweal.config.wsgi:application``."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "commonweal.config.settings")

from django.core.wsgi import get_wsgi_application

from commonweal.cli.parent import end_with_parent

application = get_wsgi_application()
end_with_parent()  # a worker whose server was killed would go on answering on its port, and nobody could stop it
