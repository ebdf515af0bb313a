"""The work of a bulk import: uploaded NDJSON, landed like any other file of the organisation's.

The file goes to the landing floor with its checksum, gets a receipt and is read line by line: sound resources into
the record, the others into quarantine with field, rule and reason. Each batch is one transaction, so an import that
was killed goes on where its receipt stands, and a file that was landed before changes nothing.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from commonweal.apps.access import api as access
from commonweal.apps.exchange import actions, selectors
from commonweal.apps.exchange.bulk import files, requests, uploads
from commonweal.apps.exchange.errors import ExchangeError
from commonweal.apps.record import api as record

MOST_PROBLEMS = 10_000  # told of one import; the feeds page has them all
_PAGE = 1_000
_SAYS_NOTHING = 3  # characters: a shorter value tells of nobody, and blotting it out would blot out words


def run(asked: requests.Asked) -> None:
    """Land what was uploaded and complete the request. Raises ``Cancelled``: what is landed by then stays landed."""
    said: Mapping[str, Any] = asked.parameters
    digests = [one["sha256"] for one in said["files"]]
    source, feed = asked.actor.organisation, said["feed"]
    requests.begin(asked.id, {"held": sorted(selectors.landed(source, feed, digests))})
    held = set((requests.find(asked.id) or asked).manifest.get("held", ()))
    beside = requests.Beside(asked.id)
    try:
        with access.session(asked.actor, asked.purpose, "bulk.import", str(asked.id)) as opened:
            opened.open_source()  # asked again, in the name of who sent it: policies may have changed since
        landed = _land(asked, source, feed, beside)
    except ExchangeError as refused:
        requests.fail(asked.id, str(refused))
        drop(asked)
        return
    finally:
        beside.close()
    with files.Folder(asked.id) as out:
        results = [_told(one, said["files"], held, out) for one in landed["files"]]
    manifest = {
        "files": results,
        **{
            group: [{"type": one.type, "name": one.name, "count": one.count} for one in written]
            for group, written in out.files.items()
        },
    }
    if not requests.complete(asked.id, manifest):
        raise requests.Cancelled
    drop(asked)


def drop(asked: requests.Asked) -> None:
    """Forget what was uploaded for a request that is over: what was read of it is on the landing floor."""
    for one in asked.parameters.get("files", ()):
        uploads.remove(asked.actor.key, UUID(one["upload"]))


def _land(asked: requests.Asked, source: str, feed: str, beside: requests.Beside) -> dict[str, Any]:
    paths = [uploads.path(asked.actor.key, UUID(one["upload"])) for one in asked.parameters["files"]]

    def tell(name: str, done: int, size: int) -> None:
        beside.tell(f"{name}: {min(100, done * 100 // max(size, 1))}% of {size} bytes")

    return actions.land(feed, paths, source, tell, same_numbering=bool(asked.parameters.get("same_numbering")))


def _told(one: Mapping[str, Any], sent: list[Mapping[str, Any]], held: set[str], out: files.Folder) -> dict[str, Any]:
    """What became of one file; its problems as OperationOutcomes, without the values, which may be somebody's."""
    receipt = selectors.receipt(one["receipt"])
    for start in range(0, MOST_PROBLEMS, _PAGE):
        problems = selectors.quarantine(receipt.id, _PAGE, start)
        for problem in problems:
            said = (
                problem.message.replace(problem.value, "…") if len(problem.value) > _SAYS_NOTHING else problem.message
            )
            text = f"line {problem.line}: {problem.rule}: {said}"
            out.add(
                "error", "OperationOutcome", record.outcome([record.Issue("error", "invalid", text, problem.field)])
            )
        if len(problems) < _PAGE:
            break
    before = receipt.sha256 in held
    upload = next(item for item in sent if one["file"] == f"{item['upload']}.ndjson")
    return {
        "input": upload["address"],
        "sha256": receipt.sha256,
        "read": receipt.read,
        "accepted": 0 if before else receipt.accepted,
        "duplicate": receipt.read - receipt.quarantined if before else receipt.duplicate,
        "quarantined": receipt.quarantined,
        "resources": 0 if before else receipt.resources,
    }
