"""What the command line and the demonstration use of referrals and bookings."""

from commonweal.apps.exchange.bars.sending import deliver_due
from commonweal.apps.exchange.bars.services import endpoints, load, load_endpoints, services
from commonweal.apps.exchange.bars.submitting import submit

__all__ = ["deliver_due", "endpoints", "load", "load_endpoints", "services", "submit"]
