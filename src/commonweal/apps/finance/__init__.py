"""The system's money as reported: plan, actual, claims and commitments in integer pence."""
