"""The words access is decided in. Policies (``apps/access/policies``) use the same strings."""

from enum import StrEnum


class Role(StrEnum):
    """What a person (or a service) is signed in as."""

    CLINICIAN = "clinician"
    SOCIAL_WORKER = "social_worker"
    CITIZEN = "citizen"
    ANALYST = "analyst"
    PERFORMANCE_LEAD = "performance_lead"
    BOARD_SECRETARY = "board_secretary"
    ADMINISTRATOR = "administrator"
    PRIVACY_OFFICER = "privacy_officer"
    REFERRAL_CLERK = "referral_clerk"
    SERVICE = "service"


class Purpose(StrEnum):
    """What the access is for; it bounds what may be seen as much as the role does."""

    DIRECT_CARE = "direct_care"
    EMERGENCY = "emergency"
    SAFEGUARDING = "safeguarding"
    OWN_RECORD = "own_record"
    ON_BEHALF = "on_behalf"
    POPULATION_HEALTH = "population_health"
    SERVICE_PLANNING = "service_planning"
    RESEARCH = "research"
    PERFORMANCE = "performance"
    OPERATIONS = "operations"
    INFORMATION_GOVERNANCE = "information_governance"


class Category(StrEnum):
    """The five categories a person's resources fall in; row security knows each row's."""

    DEMOGRAPHICS = "demographics"
    CLINICAL = "clinical"
    MEDICATION = "medication"
    MENTAL_HEALTH = "mental_health"
    SOCIAL_CARE = "social_care"


class RelationshipKind(StrEnum):
    """Why an organisation (or one actor) may see a person.

    ``registered``: on the practice's list. ``under_care``: admitted, attending, or receiving a service.
    ``referred``: referred and not yet seen. ``emergency``: an actor's stated reason, for four hours.
    ``self``: the person; derived at sign-in, never stored. ``proxy``: somebody the person (or a court, a power of
    attorney, the law of parents) lets act for them; asked for each time (``apps/access/acting.py``).
    ``awaiting``: a source says one of the first three, and by the policy in force it waits to be confirmed
    (``domain/access/confirmation``); never stored as a kind.
    """

    REGISTERED = "registered"
    UNDER_CARE = "under_care"
    REFERRED = "referred"
    EMERGENCY = "emergency"
    SELF = "self"
    PROXY = "proxy"
    AWAITING = "awaiting"


class RestrictionReason(StrEnum):
    """Why something held is withheld.

    ``objection``: the person objects to sharing. ``safeguarding``: sharing it with other organisations
    would put somebody at risk. ``serious_harm``: seeing it would seriously harm the person or another
    (UK GDPR: Data Protection Act 2018, Schedule 3, paragraph 5); it binds the person's own view only.
    """

    OBJECTION = "objection"
    SAFEGUARDING = "safeguarding"
    SERIOUS_HARM = "serious_harm"


class Action(StrEnum):
    """What is asked of the gate. The first three name a category of a person; the rest name none."""

    READ = "read"
    WRITE = "write"
    RESTRICT = "restrict"
    SEARCH_PEOPLE = "search_people"
    READ_DIRECTORY = "read_directory"
    READ_AGGREGATE = "read_aggregate"
    READ_FEEDS = "read_feeds"
    READ_QUARANTINE = "read_quarantine"
    SETTLE_REFERRALS = "settle_referrals"
    REVIEW_IDENTITY = "review_identity"
    MAINTAIN_SOURCE = "maintain_source"
    READ_POLICIES = "read_policies"
    REVIEW_ACCESS = "review_access"
    KEEP_AGREEMENTS = "keep_agreements"
    KEEP_RESTRICTIONS = "keep_restrictions"
    CONFIRM_RELATIONSHIPS = "confirm_relationships"
    MANAGE_SIGN_IN = "manage_sign_in"
    PROPOSE_DEFINITION = "propose_definition"
    REVIEW_DEFINITION = "review_definition"
    IMPORT_FIGURES = "import_figures"
    PREPARE_REPORT = "prepare_report"
    SIGN_OFF_REPORT = "sign_off_report"
    ANNOTATE_FIGURES = "annotate_figures"
    WORK_ON_PROJECT = "work_on_project"
    DECIDE_PROJECT = "decide_project"
    ACT_ON_LIST = "act_on_list"


CARE_ROLES = frozenset({Role.CLINICIAN, Role.SOCIAL_WORKER})

_DEFAULT_PURPOSE = {
    Role.CLINICIAN: Purpose.DIRECT_CARE,
    Role.SOCIAL_WORKER: Purpose.DIRECT_CARE,
    Role.CITIZEN: Purpose.OWN_RECORD,
    Role.ANALYST: Purpose.POPULATION_HEALTH,
    Role.PERFORMANCE_LEAD: Purpose.PERFORMANCE,
    Role.BOARD_SECRETARY: Purpose.PERFORMANCE,
    Role.ADMINISTRATOR: Purpose.OPERATIONS,
    Role.PRIVACY_OFFICER: Purpose.INFORMATION_GOVERNANCE,
    Role.REFERRAL_CLERK: Purpose.OPERATIONS,
    Role.SERVICE: Purpose.OPERATIONS,
}


def default_purpose(role: Role) -> Purpose:
    """The purpose a role works under unless it states another."""
    return _DEFAULT_PURPOSE[role]
