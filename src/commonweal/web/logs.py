"""What a log may say of a request: never its path, for a path may name a person. The audit has it."""

import logging


class WithoutPath(logging.Filter):
    """Takes the request's path out of what Django logs about it, and the request itself."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Blank the arguments that hold the path; every record passes."""
        request = record.__dict__.pop("request", None)
        path = getattr(request, "path", None)
        if path and isinstance(record.args, tuple):
            spellings = (path, path.encode("unicode_escape").decode("ascii"))  # Django logs the second
            record.args = tuple("(path kept out of the log)" if arg in spellings else arg for arg in record.args)
        return True
