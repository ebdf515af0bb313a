"""What can be wrong with definitions that a deployer loads."""

from commonweal.fhir.errors import FhirError


class ProfileError(FhirError):
    """Base of the faults of packages and profiles."""


class PackageFault(ProfileError):
    """The archive or folder is no package we would open; the message says what to do."""


class SnapshotFault(ProfileError):
    """A profile cannot be put together: its base is not loaded, or an element of it has no place there."""
