"""The public face of coordination: alerts about people and about feeds, as the batch role, and who looks after whom.

Errors: ``AlertError`` is of ``domain.coordination.alerts``.
"""

from commonweal.apps.coordination.about import Told, told_about
from commonweal.apps.coordination.alerter import run
from commonweal.apps.coordination.escalating import escalate
from commonweal.apps.coordination.feed_alerts import bring as feed_alerts
from commonweal.apps.coordination.raising import work_off
from commonweal.apps.coordination.recipients import teams_of
from commonweal.apps.coordination.registered import note_deaths
from commonweal.apps.coordination.storing import open_alerts

__all__ = ["Told", "escalate", "feed_alerts", "note_deaths", "open_alerts", "run", "teams_of", "told_about", "work_off"]
