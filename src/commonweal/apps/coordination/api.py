"""The public face of coordination: raising and escalating alerts, as the batch role, and what is waiting.

Errors: ``AlertError`` is of ``domain.coordination.alerts``.
"""

from commonweal.apps.coordination.alerter import run
from commonweal.apps.coordination.escalating import escalate
from commonweal.apps.coordination.raising import work_off

__all__ = ["escalate", "run", "work_off"]
