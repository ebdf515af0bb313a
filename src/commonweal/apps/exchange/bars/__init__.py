"""Referrals and bookings between organisations by the Booking and Referral Standard, in and out."""
