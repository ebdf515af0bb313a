"""What the command line and the demonstration use of referrals and bookings."""

from commonweal.apps.exchange.bars.sending import deliver_due
from commonweal.apps.exchange.bars.services import load, services
from commonweal.apps.exchange.bars.submitting import submit

__all__ = ["deliver_due", "load", "services", "submit"]
