"""A small OpenID Connect service on this machine's own address, for tests: honest unless a test bends it."""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

CLIENT = "commonweal-test"


def pem(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def public_pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


class OidcProvider:
    """Signs people in; ``subject`` and ``said`` are of the next one. ``bend`` may change what is signed."""

    def __init__(self, address: str, client_key: rsa.RSAPrivateKey) -> None:
        self.issuer = address
        self.key = rsa.generate_private_key(65537, 2048)
        self.client_key = client_key
        self.subject = "sub-1"
        self.said: dict[str, Any] = {}
        self.userinfo: dict[str, Any] = {}
        self.codes: dict[str, dict[str, str]] = {}
        self.sign: Callable[[dict[str, Any]], str] = self._sign
        self.bend: Callable[[dict[str, Any]], Any] = lambda said: None
        self.asked: dict[str, str] = {}
        self.assertions: list[dict[str, Any]] = []

    def authorize(self, address: str) -> str:
        """What the browser is sent back to from the page at ``address``, where somebody has signed in."""
        self.asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        code = secrets.token_urlsafe(16)
        self.codes[code] = self.asked
        back = {"code": code, "state": self.asked["state"], "iss": self.issuer}
        return f"{self.asked['redirect_uri']}?{urlencode(back)}"

    def get(self, path: str, headers: Any) -> dict[str, Any] | None:
        if path == "/.well-known/openid-configuration":
            names = ("authorization", "token", "userinfo")
            return {
                "issuer": self.issuer,
                "jwks_uri": f"{self.issuer}/jwks",
                **{f"{name}_endpoint": f"{self.issuer}/{name}" for name in names},
            }
        if path == "/jwks":
            public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
            return {"keys": [{**public, "kid": "k1", "use": "sig", "alg": "RS256"}]}
        if path == "/userinfo" and headers["Authorization"] == "Bearer at":
            return {"sub": self.subject, **self.userinfo}
        return None

    def token(self, form: dict[str, str]) -> dict[str, Any] | None:
        """As RFC 6749, section 4.1.3, with PKCE and the client's signed assertion (RFC 7523)."""
        asked = self.codes.pop(form["code"], None)
        assertion = jwt.decode(
            form["client_assertion"], public_pem(self.client_key), ["RS512"], audience=f"{self.issuer}/token"
        )
        self.assertions.append(assertion)
        digest = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).decode().rstrip("=")
        if asked is None or digest != asked["code_challenge"] or form["redirect_uri"] != asked["redirect_uri"]:
            return None
        now = int(time.time())
        said = {"iss": self.issuer, "aud": CLIENT, "sub": self.subject, "nonce": asked["nonce"], "iat": now}
        said |= {"exp": now + 300, **self.said}
        self.bend(said)
        return {"access_token": "at", "token_type": "Bearer", "id_token": self.sign(said)}

    def _sign(self, said: dict[str, Any]) -> str:
        return jwt.encode(said, self.key, "RS256", {"kid": "k1"})


@contextmanager
def oidc_provider() -> Iterator[OidcProvider]:
    """The service, answering until the block ends."""
    holder: list[OidcProvider] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(holder[0].get(self.path, self.headers))

        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._answer(holder[0].token({name: values[0] for name, values in parse_qs(text).items()}))

        def _answer(self, found: dict[str, Any] | None) -> None:
            body = json.dumps(found or {"error": "invalid_grant"}).encode()
            self.send_response(200 if found else 400)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    holder.append(OidcProvider(f"http://127.0.0.1:{server.server_port}", rsa.generate_private_key(65537, 2048)))
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield holder[0]
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
