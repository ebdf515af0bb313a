"""The site's settings with the benchmark's bare view among its addresses."""

from commonweal.config.settings import *  # noqa: F403

ROOT_URLCONF = "_rest_urls"
