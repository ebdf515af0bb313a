"""NHS Booking and Referral Standard (BaRS): messages read, judged and made; a simulator; scenarios that test a peer."""
