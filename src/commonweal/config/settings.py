"""Django settings. Nothing imports this module; it is named by DJANGO_SETTINGS_MODULE."""

import os
from functools import partial
from pathlib import Path

from commonweal.cli import home
from commonweal.config import database

HOME = home.home_dir()
SOURCE = Path(__file__).resolve().parents[1]
PROJECT = Path(os.environ.get("COMMONWEAL_PROJECT", SOURCE.parents[1]))

SECRET_KEY = home.secret(HOME, "django")
DEBUG = False
ALLOWED_HOSTS = os.environ.get("COMMONWEAL_HOSTS", "127.0.0.1,localhost").split(",")


COMMONWEAL_NOW = partial(home.care_clock, HOME)  # the time for care, set behind in a demonstration
COMMONWEAL_HOME = HOME
COMMONWEAL_BASE_BACKUP = partial(database.base_backup, HOME)
COMMONWEAL_REVIVE_DATABASE = partial(database.revive, HOME)  # after a kill: starts the embedded server again
COMMONWEAL_PUBLISHED = PROJECT / "examples" / "published"
COMMONWEAL_TOLD_OF_WRITES = "commonweal.apps.exchange.changes.note_written"  # in a write's own transaction
COMMONWEAL_ALERTS_PORT = os.environ.get("COMMONWEAL_ALERTS_PORT", "")  # of the stream of alerts; empty: the site's own
COMMONWEAL_LINKAGE_ENGINE = os.environ.get("COMMONWEAL_LINKAGE_ENGINE", "duckdb")  # or spark
COMMONWEAL_PDS_URL = os.environ.get("COMMONWEAL_PDS_URL", "")  # tracing is off without it
COMMONWEAL_PDS_TOKEN = os.environ.get("COMMONWEAL_PDS_TOKEN", "")
COMMONWEAL_BARS_TOKEN = os.environ.get("COMMONWEAL_BARS_TOKEN", "")  # sent to partners that receive referrals
COMMONWEAL_PSEUDONYM_KEY = home.secret(HOME, "pseudonym")
COMMONWEAL_REMOVAL_KEY = home.secret(HOME, "removal")  # of the digests of what was lawfully removed
COMMONWEAL_FACTOR_KEY = home.secret(HOME, "factors")  # enciphers the secrets of authenticator apps
COMMONWEAL_PROJECT_KEY = home.secret(HOME, "projects")  # enciphers the keys of analysis projects
COMMONWEAL_SYNTHETIC = (HOME / "synthetic.json").exists()

_APPS = (
    "places",
    "measurement",
    "access",
    "identity",
    "record",
    "exchange",
    "population",
    "performance",
    "finance",
    "reporting",
    "coordination",
    "citizen",
)
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "procrastinate.contrib.django",
    *(f"commonweal.apps.{name}" for name in _APPS if (SOURCE / "apps" / name / "__init__.py").exists()),
]
AUTH_USER_MODEL = "access.User"
AUTHENTICATION_BACKENDS = ["commonweal.apps.access.sessions.Accounts"]
SESSION_ENGINE = "commonweal.apps.access.sessions"

MIDDLEWARE = [
    "commonweal.web.middleware.ByToken",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "commonweal.web.middleware.SecurityHeaders",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
ROOT_URLCONF = "commonweal.config.urls"
WSGI_APPLICATION = "commonweal.config.wsgi.application"
LOGIN_URL = "/sign-in"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"

TEMPLATES = [
    {
        "BACKEND": "commonweal.web.jinja.Templates",
        "DIRS": [SOURCE / "web" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "environment": "commonweal.web.jinja.environment",
            "context_processors": [
                "django.template.context_processors.request",
                "commonweal.web.context.page",
            ],
        },
    }
]

DATABASES = {"default": database.connection_settings(HOME, home.secret(HOME, "database"))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Jobs: what the worker imports when it starts. A process that only defers imports the one task it defers.
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = ""
PROCRASTINATE_IMPORT_PATHS = [
    "commonweal.apps.exchange.bulk.tasks",
    "commonweal.apps.exchange.tasks",
    "commonweal.apps.exchange.bars.tasks",
    "commonweal.apps.coordination.tasks",
    "commonweal.apps.citizen.tasks",
    "commonweal.apps.population.projects.tasks",
]

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "Europe/London"
USE_TZ = True
USE_I18N = False

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 8 * 60 * 60
SESSION_COOKIE_SECURE = os.environ.get("COMMONWEAL_HTTPS") == "1"
CSRF_COOKIE_SECURE = SESSION_COOKIE_SECURE
SESSION_EXPIRE_AT_BROWSER_CLOSE = True  # at a shared computer, closing the browser is how most people sign out
SECURE_HSTS_SECONDS = 31_536_000 if SESSION_COOKIE_SECURE else 0
PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher"]

STATIC_URL = "/static/"
STATIC_ROOT = HOME / "static"
STATIC_ROOT.mkdir(exist_ok=True)  # whitenoise warns at each start where it is missing
STATICFILES_DIRS = [
    SOURCE / "web" / "static",
    *(path for path in [PROJECT / "node_modules" / "nhsuk-frontend" / "dist"] if path.exists()),
]
STATICFILES_FINDERS = ["commonweal.web.assets.Finder", "django.contrib.staticfiles.finders.AppDirectoriesFinder"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"without_path": {"()": "commonweal.web.logs.WithoutPath"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "filters": ["without_path"]}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    # A warning of a refused request names its path, and a path may name a person; the audit has it, the log must not.
    "loggers": {"django.request": {"level": "ERROR"}},
}
