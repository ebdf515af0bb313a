"""The public face of access: every read or write of a person's data goes through a session made here.

    with session(actor_of(request), Purpose.DIRECT_CARE, "record.page") as s:
        scope = s.open_person(person_id, compartments)   # raises Refused, audited
        ...                                              # reads see the scope's rows and no others

Errors: ``SignInRequired`` (nobody known is asking), ``Refused`` (somebody is, and may not).
"""

from commonweal.apps.access import (
    app_launches,
    availability,
    care_restricting,
    competence,
    confirming,
    copies,
    erasing,
    proxies,
    restricting,
    rights,
)
from commonweal.apps.access.acting import Acting, acting, as_person
from commonweal.apps.access.actions import (
    add_relationships,
    close_account,
    create_system,
    create_token,
    create_user,
    grant_emergency,
    may_enquire,
    open_for_safeguarding,
    register_worker,
    service_run,
)
from commonweal.apps.access.actors import (
    NotAsPresumed,
    Presumed,
    SignInRequired,
    actor_of,
    default_purpose,
    presumed,
    remembered,
)
from commonweal.apps.access.ages import ask_births
from commonweal.apps.access.agreements import load as load_agreements
from commonweal.apps.access.agreements import standing_agreements, standing_of, today
from commonweal.apps.access.alone import alone
from commonweal.apps.access.anomalies import review_audit
from commonweal.apps.access.app_grants import allow as allow_app
from commonweal.apps.access.app_grants import app_of
from commonweal.apps.access.app_tokens import ALGORITHMS as ASSERTION_ALGORITHMS
from commonweal.apps.access.audit import seal, verify_chain
from commonweal.apps.access.audit_reading import Audited, audited
from commonweal.apps.access.bindings import bind, unbind
from commonweal.apps.access.cases import question, waiting
from commonweal.apps.access.client_apps import ClientApp
from commonweal.apps.access.client_apps import close as close_app
from commonweal.apps.access.client_apps import register as register_app
from commonweal.apps.access.enrolment import make as make_enrolment_code
from commonweal.apps.access.gate import warm as warm_policies
from commonweal.apps.access.named_accounts import open_accounts, with_password
from commonweal.apps.access.opt_outs import (
    audit_use,
    digest_of,
    opt_outs_of,
    opted_out_numbers,
    people_opted_out,
    replace_list,
    set_opt_out,
)
from commonweal.apps.access.opt_outs import rules as opt_out_rules
from commonweal.apps.access.prepared import prepared, together
from commonweal.apps.access.selectors import Look, looked, open_compartments, organisation_relationships
from commonweal.apps.access.session import AccessSession, session
from commonweal.apps.access.sessions import watching
from commonweal.apps.access.single_look import SingleLook, single_look
from commonweal.apps.access.straight import Straight, own_database
from commonweal.apps.access.telling import (
    Worker,
    administrators,
    may_be_told,
    names_of,
    related_organisations,
    roles_allowed,
    workers,
)
from commonweal.domain.access.absence import Absence, Message, explain
from commonweal.domain.access.agreements import AgreementError, Standing
from commonweal.domain.access.cases import CaseError, CaseState
from commonweal.domain.access.objections import ObjectionError, ObjectionState, ObjectionStep
from commonweal.domain.access.opt_outs import BEYOND_CARE, Form, LeftOut, OptOut, OptOutFault
from commonweal.domain.access.relationship import Relationship
from commonweal.domain.access.scope import Actor, Refused, RefusedKind, Scope, SourceScope, Withheld
from commonweal.domain.access.smart import EVERY, App
from commonweal.domain.access.smart import granted as scopes_granted
from commonweal.domain.access.smart import in_words as scope_in_words
from commonweal.domain.access.vocabulary import (
    CARE_ROLES,
    Action,
    Category,
    Purpose,
    RelationshipKind,
    RestrictionReason,
    Role,
)

__all__ = [
    "ASSERTION_ALGORITHMS",
    "BEYOND_CARE",
    "CARE_ROLES",
    "EVERY",
    "Absence",
    "AccessSession",
    "Acting",
    "Action",
    "Actor",
    "AgreementError",
    "App",
    "Audited",
    "CaseError",
    "CaseState",
    "Category",
    "ClientApp",
    "Form",
    "LeftOut",
    "Look",
    "Message",
    "NotAsPresumed",
    "ObjectionError",
    "ObjectionState",
    "ObjectionStep",
    "OptOut",
    "OptOutFault",
    "Presumed",
    "Purpose",
    "Refused",
    "RefusedKind",
    "Relationship",
    "RelationshipKind",
    "RestrictionReason",
    "Role",
    "Scope",
    "SignInRequired",
    "SingleLook",
    "SourceScope",
    "Standing",
    "Straight",
    "Withheld",
    "Worker",
    "acting",
    "actor_of",
    "add_relationships",
    "administrators",
    "allow_app",
    "alone",
    "app_launches",
    "app_of",
    "as_person",
    "ask_births",
    "audit_use",
    "audited",
    "availability",
    "bind",
    "care_restricting",
    "close_account",
    "close_app",
    "competence",
    "confirming",
    "copies",
    "create_system",
    "create_token",
    "create_user",
    "default_purpose",
    "digest_of",
    "erasing",
    "explain",
    "grant_emergency",
    "load_agreements",
    "looked",
    "make_enrolment_code",
    "may_be_told",
    "may_enquire",
    "names_of",
    "open_accounts",
    "open_compartments",
    "open_for_safeguarding",
    "opt_out_rules",
    "opt_outs_of",
    "opted_out_numbers",
    "organisation_relationships",
    "own_database",
    "people_opted_out",
    "prepared",
    "presumed",
    "proxies",
    "question",
    "register_app",
    "register_worker",
    "related_organisations",
    "remembered",
    "replace_list",
    "restricting",
    "review_audit",
    "rights",
    "roles_allowed",
    "scope_in_words",
    "scopes_granted",
    "seal",
    "service_run",
    "session",
    "set_opt_out",
    "single_look",
    "standing_agreements",
    "standing_of",
    "today",
    "together",
    "unbind",
    "verify_chain",
    "waiting",
    "warm_policies",
    "watching",
    "with_password",
    "workers",
]
