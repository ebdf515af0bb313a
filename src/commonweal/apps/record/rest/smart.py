"""Where apps get their tokens. https://hl7.org/fhir/smart-app-launch/STU2.2/conformance.html#using-well-known"""

from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse

from commonweal.apps.access import api as access
from commonweal.apps.record.rest.handling import fhir

_CAPABILITIES = (
    *("client-confidential-asymmetric", "client-public", "launch-standalone", "context-standalone-patient"),
    *("launch-ehr", "context-ehr-patient"),
    *("permission-patient", "permission-user", "permission-v2"),
)
_SCOPES = ("launch", "launch/patient", "online_access", "patient/*.rs", "user/*.cruds", "system/*.cruds")
_EXTENSION = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
_SERVICE = "http://terminology.hl7.org/CodeSystem/restful-security-service"


def endpoints(address: str) -> dict[str, str]:
    """The OAuth addresses of the site whose FHIR base is ``address``."""
    site = address.removesuffix("/fhir/R4")
    return {name: f"{site}/oauth/{name}" for name in ("authorize", "token", "revoke")}


def security(address: str) -> dict[str, Any]:
    """What the CapabilityStatement says of it: https://hl7.org/fhir/R4/valueset-restful-security-service.html"""
    told = [{"url": name, "valueUri": uri} for name, uri in endpoints(address).items()]
    return {
        "cors": False,
        "service": [{"coding": [{"system": _SERVICE, "code": "SMART-on-FHIR"}]}],
        "extension": [{"url": _EXTENSION, "extension": told}],
        "description": "Authorization: Bearer TOKEN, or to read the session of a signed-in page.",
    }


@fhir("GET", "HEAD")
def configuration(request: HttpRequest) -> HttpResponse:
    """The configuration; needs no sign-in, and a browser app elsewhere may read it."""
    told = endpoints(request.build_absolute_uri("/fhir/R4"))
    said = {
        "authorization_endpoint": told["authorize"],
        "token_endpoint": told["token"],
        "revocation_endpoint": told["revoke"],
        "grant_types_supported": ["authorization_code", "client_credentials", "refresh_token"],
        "response_types_supported": ["code"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["private_key_jwt", "none"],
        "token_endpoint_auth_signing_alg_values_supported": list(access.ASSERTION_ALGORITHMS),
        "scopes_supported": list(_SCOPES),
        "capabilities": list(_CAPABILITIES),
    }
    return HttpResponse(
        orjson.dumps(said), content_type="application/json", headers={"Access-Control-Allow-Origin": "*"}
    )
