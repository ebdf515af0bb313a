"""The site's settings with the benchmark's fixed page among its addresses."""

from commonweal.config.settings import *  # noqa: F403  a settings file is its names

ROOT_URLCONF = "_dashboard_urls"
