"""The site's settings with the benchmark's fixed page among its addresses."""

from commonweal.config.settings import *  # noqa: F403

ROOT_URLCONF = "_record_page_urls"
