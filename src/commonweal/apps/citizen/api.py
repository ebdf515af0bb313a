"""The public face of the citizen app: nothing lower may use it, and nothing higher exists."""

from commonweal.apps.citizen.selectors import Visit, own_document, own_record, question, who_looked

__all__ = ["Visit", "own_document", "own_record", "question", "who_looked"]
