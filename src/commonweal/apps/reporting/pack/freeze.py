"""A pack as bytes and back: canonical JSON, so that the same pack has the same hash wherever it is made."""

import hashlib
import json
import zlib
from dataclasses import fields, is_dataclass
from decimal import Decimal
from typing import Any

from commonweal.apps.reporting import model
from commonweal.apps.reporting.pack import model as pack_model
from commonweal.apps.reporting.pack.model import Pack
from commonweal.charts.drawings import Chart

_KINDS: dict[str, Any] = {
    one.__name__: one
    for one in (
        Chart,
        model.Cell,
        model.Check,
        model.Headline,
        model.Restated,
        model.Source,
        model.Table,
        pack_model.Bullets,
        pack_model.Figure,
        pack_model.Headlines,
        pack_model.Icons,
        pack_model.Pack,
        pack_model.Para,
        pack_model.Section,
        pack_model.Sources,
        pack_model.Terms,
    )
}


def frozen(pack: Pack) -> tuple[bytes, str]:
    """The pack compressed, and the SHA-256 of its canonical JSON in hexadecimal."""
    text = json.dumps(_plain(pack), ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    return zlib.compress(text, 6), hashlib.sha256(text).hexdigest()


def thawed(body: bytes, code: str) -> Pack:
    """The pack of ``frozen`` again. Raises ``ValueError`` if its content is not what the hash was made of."""
    text = zlib.decompress(body)
    if hashlib.sha256(text).hexdigest() != code:
        raise ValueError("the stored content of this version is not what was frozen")
    pack = _made(json.loads(text))
    if not isinstance(pack, Pack):
        raise ValueError("the stored content is no pack")
    return pack


def _plain(held: Any) -> Any:
    if is_dataclass(held):
        name = type(held).__name__
        if name not in _KINDS:
            raise TypeError(f"a pack holds no {name}")
        return {"_": name} | {one.name: _plain(getattr(held, one.name)) for one in fields(held)}
    if isinstance(held, tuple | list):
        return [_plain(one) for one in held]
    if isinstance(held, Decimal):
        return {"_": "Decimal", "is": f"{held:f}"}
    return held


def _made(held: Any) -> Any:
    if isinstance(held, list):
        return tuple(_made(one) for one in held)
    if not isinstance(held, dict):
        return held
    name = held["_"]
    if name == "Decimal":
        return Decimal(held["is"])
    return _KINDS[name](**{key: _made(value) for key, value in held.items() if key != "_"})
