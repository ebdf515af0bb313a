"""What can go wrong with a landing as a whole; a bad line never does, it goes to quarantine.

ExchangeError
├── UnknownFeed      no feed of that name; the message lists the known ones
├── UnknownSource    no --source, and the file's name is not an organisation's code
└── MissingFile      a path that is not there, or a folder with nothing in it
"""


class ExchangeError(Exception):
    """A landing that could not start; the message says what to do."""


class UnknownFeed(ExchangeError):
    """No feed of that name."""


class UnknownSource(ExchangeError):
    """Nobody said whose file it is."""


class MissingFile(ExchangeError):
    """A path that is not there, or a folder with nothing in it."""
