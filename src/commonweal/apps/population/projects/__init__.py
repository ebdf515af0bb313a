"""Analysis projects: proposed and approved, extracts under their own pseudonyms, and lists that go back to care."""
