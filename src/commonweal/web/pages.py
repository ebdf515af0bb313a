"""Which pages each role starts from: one list feeds the menu and the home page alike."""

from dataclasses import dataclass

from commonweal.apps.access.api import Role


@dataclass(frozen=True, slots=True)
class Entry:
    """One page of the site: its address, its short name in the menu, its card on the home page."""

    address: str
    short: str
    title: str
    description: str


FIND = Entry(
    "/people",
    "Find a person",
    "Find a person",
    "Open the joined-up record of someone you care for: by NHS number, or by name with birth date or postcode.",
)
ALERTS = Entry(
    "/alerts",
    "Alerts",
    "Alerts",
    "Admitted, moved, discharged, died: what changed for the people your team looks after, and who has taken it on.",
)
FEED_ALERTS = Entry(
    "/alerts",
    "Alerts",
    "Alerts about feeds",
    "A feed that has stopped: since when, whose it is, and who has taken it on.",
)
CASELOAD = Entry(
    "/caseload",
    "My people",
    "My people, and who is away",
    "Whom you work with, so that alerts about them come to you first; and who covers while somebody is away.",
)
REFERRALS = Entry(
    "/referrals",
    "Referrals",
    "Referrals in and out",
    "What was referred to your organisation, and by it: accept, answer, send, withdraw, and see what became of each.",
)
UNMATCHED = Entry(
    "/referrals/waiting",
    "Unmatched",
    "Referrals that wait to be matched",
    "Referrals and bookings about nobody who is known for certain: match, file or decline them.",
)
OWN = Entry(
    "/my-record",
    "My record",
    "Your record",
    "What your GP, hospitals, mental-health team and council have recorded about you, in one place.",
)
LOOKED = Entry(
    "/my-record/who-looked",
    "Who looked",
    "Who has looked at your record",
    "Every organisation and role that opened your record, when, and why.",
)
OWN_COPY = Entry(
    "/my-record/copy",
    "A copy",
    "A copy of your record",
    "Ask for everything held about you, see where your request stands, and download the copy.",
)
OWN_PROXIES = Entry(
    "/my-record/acting-for-me",
    "Who acts for you",
    "Who acts for you",
    "Let somebody you trust read your record for you, choose what they see, and stop it at once.",
)
OWN_CHOICES = Entry(
    "/my-record/choices",
    "Your choices",
    "Your choices about sharing",
    "Opt out of research and planning, or object to something being shown to those who care for you.",
)
ACTING = Entry(
    "/acting-for",
    "You act for",
    "People you act for",
    "The record of a child, or of somebody who has asked you to act for them.",
)
REQUESTS = Entry(
    "/requests",
    "Requests",
    "Requests people have made",
    "People you care for who want a copy of their record, or somebody to act for them.",
)
COPIES = Entry(
    "/information-governance/copies",
    "Copies",
    "Requests for a copy of a record",
    "Each request with its deadline: what was left out and why, and the release by a second person.",
)
REGISTERS = Entry(
    "/registers",
    "Registers",
    "Registers",
    "How many people have diabetes, high blood pressure, or care for someone, and where the gaps are. Counts only.",
)
BOARD = Entry(
    "/reports/board",
    "Board report",
    "Board report of the latest month",
    "Plan, actual and variance by service area, inequality gaps and money, each figure with where it came from.",
)
PACKS = Entry(
    "/reports/packs",
    "Packs",
    "Packs and versions",
    "A pack for the board, a committee or the public: preview, download, freeze a version, sign it off.",
)
INDICATORS = Entry(
    "/performance/indicators",
    "Indicators",
    "Indicators over time",
    "Control charts that tell a change from chance, with the target, peers, and where every figure came from.",
)
DEFINITIONS = Entry(
    "/measurement/definitions",
    "Definitions",
    "Definitions",
    "What each figure means, who answers for it, its target and how it adds up; changes with a second person's review.",
)
IMPORT = Entry(
    "/measurement/import",
    "Import",
    "Import figures",
    "From workbooks as they come: every row shown before it is stored, every cell that could not be read named.",
)
RECONCILE = Entry(
    "/reconciliation",
    "Reconcile",
    "Reconcile tables",
    "Whether the totals, variances, percentages and dates of a paper agree with themselves, before a board reads them.",
)
OUTCOMES = Entry(
    "/performance/outcomes",
    "Outcomes",
    "Outcomes",
    "From what the system is for to the figures that say whether it gets there, and where that chain is broken.",
)
OVERSIGHT = Entry(
    "/performance/oversight",
    "Oversight",
    "Oversight",
    "Service areas, segments with what-if, ratings, transformation, peers, contract indicators, escalation.",
)
ANSWERED = Entry(
    "/alerts/figures",
    "Alerts",
    "How alerts are answered",
    "How many alerts a worker has, how quickly they are taken on, what escalates, and changes that reached nobody.",
)
FEEDS = Entry(
    "/feeds",
    "Feeds",
    "Feeds",
    "What each partner has sent, what was accepted, and the rows set aside with the reason.",
)

PROJECTS = Entry(
    "/projects",
    "Projects",
    "Analysis projects",
    "What de-identified data is used for, by whom and until when: propose, decide, fetch an extract, mark for care.",
)
LISTS = Entry(
    "/lists",
    "Lists",
    "Lists from analysis",
    "People whom analysis found without knowing who they are: take a list up and see those you look after.",
)
REVIEW = Entry(
    "/identity/review",
    "Review",
    "Identity review",
    "Pairs of records that may be one person's: compare them side by side and decide.",
)

FAIRNESS = Entry(
    "/identity/fairness",
    "Linkage",
    "Whom linkage serves worse",
    "How often records find their partner, and the errors to expect, by ethnicity, deprivation, age, sex and source.",
)

RULES = Entry(
    "/information-governance/rules",
    "Rules",
    "Who may see what",
    "The rules of access in plain English, with what each was found to open or withhold.",
)
TRIAL = Entry(
    "/information-governance/trial",
    "Try a question",
    "Could they see it, and why?",
    "Put a role, an organisation, a purpose, a category and a day to the gate, and see which rule decides.",
)
AGREEMENTS = Entry(
    "/information-governance/agreements",
    "Agreements",
    "Sharing agreements",
    "Who shares what with whom and for what: due for review first. One officer proposes, another approves.",
)
CHOICES = Entry(
    "/information-governance/choices",
    "Objections",
    "Objections, opt-outs and restrictions",
    "What people object to, to be decided; opt-outs to be recorded; and everything that is withheld, and why.",
)
CONFIRM = Entry(
    "/information-governance/relationships",
    "Relationships",
    "Relationships to confirm",
    "Organisations that say for the first time that they look after somebody, and see nothing of others’ until then.",
)
CASES = Entry(
    "/information-governance/cases",
    "Reviews",
    "Emergencies and questions to review",
    "Each emergency access, and each look that a person has questioned: decide whether it was justified.",
)

AUDIT_REVIEW = Entry(
    "/information-governance/audit-review",
    "Audit review",
    "Looks that somebody should ask about",
    "What the rules raised and why: same surname, colleagues, records to watch, out of hours, more than peers.",
)

ACCOUNTS = Entry(
    "/administration/accounts",
    "Accounts",
    "Accounts",
    "Somebody leaves: find their account, see where it is signed in, and close it at once.",
)
LOST = Entry(
    "/administration/second-factors",
    "Lost second steps",
    "Lost second steps",
    "Let in somebody who has lost phone, key and recovery codes: one administrator asks, another agrees.",
)

ROLE_NAMES = {
    Role.CLINICIAN: "clinician",
    Role.SOCIAL_WORKER: "social worker",
    Role.CITIZEN: "citizen",
    Role.ANALYST: "analyst",
    Role.PERFORMANCE_LEAD: "performance lead",
    Role.BOARD_SECRETARY: "board secretary",
    Role.ADMINISTRATOR: "administrator",
    Role.PRIVACY_OFFICER: "privacy officer",
    Role.REFERRAL_CLERK: "referral clerk",
    Role.SERVICE: "service",
}
ENTRIES: dict[Role, tuple[Entry, ...]] = {
    Role.CLINICIAN: (FIND, ALERTS, REFERRALS, CASELOAD, LISTS, REQUESTS),
    Role.SOCIAL_WORKER: (FIND, ALERTS, REFERRALS, CASELOAD, LISTS, REQUESTS),
    Role.CITIZEN: (OWN, LOOKED, OWN_CHOICES, OWN_COPY, OWN_PROXIES, ACTING),
    Role.ANALYST: (REGISTERS, PROJECTS, FAIRNESS, INDICATORS, DEFINITIONS, IMPORT, RECONCILE, FEEDS),
    Role.PERFORMANCE_LEAD: (
        BOARD,
        PACKS,
        INDICATORS,
        OVERSIGHT,
        OUTCOMES,
        REGISTERS,
        DEFINITIONS,
        IMPORT,
        RECONCILE,
        ANSWERED,
        FEEDS,
    ),
    Role.BOARD_SECRETARY: (BOARD, PACKS, INDICATORS, OVERSIGHT, OUTCOMES, DEFINITIONS),
    Role.ADMINISTRATOR: (FEED_ALERTS, FEEDS, REVIEW, ACCOUNTS, LOST),
    Role.PRIVACY_OFFICER: (CASES, CONFIRM, COPIES, AGREEMENTS, CHOICES, AUDIT_REVIEW, RULES, TRIAL, PROJECTS, FAIRNESS),
    Role.REFERRAL_CLERK: (UNMATCHED,),
    Role.SERVICE: (),
}
