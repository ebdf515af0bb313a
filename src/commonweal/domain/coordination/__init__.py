"""Rules of coordination between organisations: alerts and what they suspend."""
