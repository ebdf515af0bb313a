"""What can go wrong with a landing as a whole; a bad line never does, it goes to quarantine."""

from commonweal.domain.errors import CommonwealError


class ExchangeError(CommonwealError):
    """A landing that could not start; the message says what to do."""


class UnknownFeed(ExchangeError):
    """No feed of that name; the message lists the known ones."""


class UnknownSource(ExchangeError):
    """Nobody said whose file it is: no --source, and its name is not an organisation's code."""


class NoMapping(ExchangeError):
    """A feed that is read by a mapping, and none is for this source on this day."""


class BadSchedule(ExchangeError):
    """A table of schedules that cannot be read."""


class BadOwners(ExchangeError):
    """The list of who owns a feed cannot be read, or gives one feed two owners on one day."""


class NotReadAgain(ExchangeError):
    """A whole file of a feed that no mapping reads into the record."""


class MissingFile(ExchangeError):
    """A path that is not there, or a folder with nothing in it."""


class NumberedApart(ExchangeError):
    """A source's second feed, and nobody has said that both number people alike."""


class BadUpload(ExchangeError):
    """An uploaded body that is cut short, not packed as it says, empty or too long; nothing of it was kept."""


class RemovalRefused(ExchangeError):
    """A lawful removal that cannot be asked for, confirmed or done as asked; the message says why."""


class BadSenders(ExchangeError):
    """The list of who may send over MLLP cannot be read or names nobody."""


class BadServices(ExchangeError):
    """The list of services of the Booking and Referral Standard cannot be read, or says two things of one day."""


class ReferralRefused(ExchangeError):
    """A referral that cannot be sent, cancelled, answered or matched as asked; the message says why."""


class ReaderLost(ExchangeError):
    """The process that read a file was ended from outside; what is stored by then stays, and the command goes on."""
