"""One tree of everything of ours that can go wrong, whichever room it goes wrong in.

The message of each says what happened and what to do next, and never repeats a person's data. A command that
meets one ends with that message and exit status 1; a page or the FHIR API turns it into an answer::

    CommonwealError
    ├── Refused                  the gate said no (domain.access)
    ├── CodeListFault            a code list file breaks its form (domain.population)
    ├── ProjectError             a project, extract or list that cannot be as asked (domain.population)
    ├── UnreadableError          a printed cell is no number and no known word (domain.measurement)
    ├── UnreadableCellError      a workbook's cell means nothing declared (domain.measurement)
    ├── BadCellName              a column letter or cell name that is none (domain.measurement)
    ├── BadMappingError          a map of a workbook cannot be followed (domain.measurement)
    ├── BadTargetError           a target cannot be read, or says two things (domain.measurement)
    ├── BadDefinitionError       a definition cannot stand (domain.measurement)
    ├── NotAggregableError       figures that must not be put together (domain.measurement)
    ├── SeriesFault              a table cannot be charted (domain.performance)
    ├── FhirError                anything the fhir room refuses
    │   ├── Invalid              one element of one resource breaks a rule
    │   ├── FhirPathError        an expression or its data
    │   │   ├── SyntaxFault      the text is not FHIRPath of the subset
    │   │   └── EvaluationFault  a resource breaks a rule of the expression
    │   │       └── NotChecked   neither the data at hand nor this evaluator can tell
    │   ├── ProfileError         definitions that a deployer loads
    │   │   ├── PackageFault     an archive or folder is no package, or a hostile one
    │   │   └── SnapshotFault    a profile cannot be put together
    │   ├── ReleaseFault         a release of a code system is damaged or not as published
    │   └── ViewFault            a ViewDefinition breaks a rule
    ├── LakeFault                the lake cannot be read or written
    │   └── PseudonymClash       two identifiers have one pseudonym
    ├── GenerationError          a synthetic system cannot be made as asked
    ├── GeographyError           a folder of real small areas cannot be used
    ├── BadReferenceError        a reference file cannot be loaded (places)
    ├── BadTableError            a published table cannot be read (measurement)
    ├── SegmentationError        scores or a method that give no segment (domain.performance)
    ├── HostileFileError         a file is not the workbook it is called (measurement)
    ├── NotImportedError         an import cannot be found or stored as asked (measurement)
    ├── ReviewError              a change of a definition cannot be proposed or decided (measurement)
    ├── NoSeriesError            an indicator has no figures over time (performance)
    ├── UnknownIndicatorError    figures for an indicator nobody has defined (measurement)
    ├── RequestError             a request for a copy or a proxy does not allow that now (domain.access)
    ├── AlertError               a step an alert or a suspended referral does not allow now (domain.coordination)
    ├── AgreementError           a sharing agreement cannot stand, or a step with one (domain.access)
    ├── ConfirmationError        a policy of waiting relationships, or a decision, cannot stand (domain.access)
    ├── AccountRefused           an account cannot be closed like this (apps.access)
    ├── OptOutFault              rules, a list or an exemption of opt-outs that cannot be used (domain.access)
    ├── ObjectionError           an objection or restriction, or a step with one, that cannot be (domain.access)
    ├── CaseError                a step a reviewed access does not allow now (domain.access)
    ├── SignInRequired           nobody known is asking (access)
    │   └── NotAsPresumed        a token stands for another account now, or none (access)
    ├── TooManyAttempts          an account or address has failed too often (access)
    ├── WrongPassword            no active account has this name and password (access)
    ├── WrongFactor              no code that stands, nor a passkey of the account (access)
    ├── WrongPasskey             an answer to no challenge of ours (access)
    ├── FactorRefused            a second factor that cannot be added or removed (access)
    ├── LossRefused              a lost second factor that cannot be settled like this (access)
    ├── BadSecondFactorPolicy    the table of who must have one cannot be read (access)
    ├── BadProviders             the file of sign-in services cannot be used (access)
    ├── SignInFailed             another service's answer lets nobody in (access)
    ├── NotFetched               another service did not answer as expected (access)
    ├── BadToken                 a signed token is forged, expired or for another (access)
    ├── TokenRefused             an app is given no token (access)
    ├── LaunchRefused            an app asked a person for what it cannot have (record)
    ├── IdentifyBusy             another identify run is under way (identity)
    ├── SparkMissing             linkage is to run on Spark, and there is none (lake)
    ├── TraceOff                 no PDS is configured (identity)
    ├── PdsUnavailable           PDS did not answer (feeds)
    ├── PdsRefused               PDS does not accept the token or the request (feeds)
    ├── ReviewRefused            a decision on two records that cannot stand (identity)
    ├── LinkInput                a file that cannot be linked (lake)
    ├── BadSearch                a search parameter cannot be honoured (record)
    │   └── UnknownParameter     a type has no such search parameter
    ├── UnsupportedExpression    a search parameter reaches outside its resource (fhir)
    ├── TerminologyFault         a question about codes has no answer here (record)
    │   ├── NotLoaded            a value set, code system or code is not loaded
    │   ├── Uncomposable         a value set asks what cannot be worked out
    │   └── TooCostly            more codes than one answer may hold
    ├── UnknownPackage           no package or profile of that name is loaded (record)
    ├── UnknownProfile           a rule for a profile that is not loaded (record)
    ├── NotFound                 nothing to show (record)
    ├── Gone                     its source has withdrawn it (record)
    ├── Problem                  a FHIR request that cannot be honoured (record)
    ├── WriteRefused             a write that what is held does not allow (record)
    ├── NowhereToFile            the open record changed hands while it was written to (record)
    ├── ExchangeError            a landing that could not start (exchange)
    │   ├── UnknownFeed          no feed of that name
    │   ├── UnknownSource        nobody said whose file it is
    │   ├── NoMapping            no supplier's mapping is for this source on this day
    │   ├── BadOwners            the list of who owns which feed cannot be followed
    │   ├── BadSchedule          a table of when feeds are to come cannot be read
    │   ├── NotReadAgain         a whole file of a feed that no mapping reads into the record
    │   ├── MissingFile          a path that is not there, or an empty folder
    │   ├── NumberedApart        a second feed of a source, not known to number people alike
    │   ├── BadUpload            an uploaded body that is cut short or not what it says
    │   ├── ReaderLost           the process that read a file was ended from outside
    │   ├── RemovalRefused       a lawful removal that cannot be asked for, confirmed or done
    │   ├── BadSenders           the list of who may send over MLLP cannot be used
    │   ├── BadServices          the list of services that referrals go to cannot be used
    │   ├── ReferralRefused      a referral that cannot be sent, answered or matched as asked
    │   └── MeshFault            a poll of a MESH mailbox or a sending that is stopped
    │       ├── BadMailboxes     the file of mailboxes cannot be followed
    │       ├── MeshUnreachable  MESH did not answer, or broke off
    │       ├── MeshRefused      the password, key or certificate is not accepted
    │       ├── NoSuchMailbox    MESH knows no such mailbox
    │       ├── MissingChunk     a chunk of a message is not there
    │       ├── MessageTooLarge  a message above the mailbox's limit
    │       ├── BrokenMessage    a message that is not packed as it says
    │       ├── NotAside         no such message is set aside, or it cannot be mended here
    │       └── AlreadySent      the same file was sent there before
    ├── CaseloadError            who works with a person cannot be changed so (coordination)
    ├── NotForeseen              a search asks of references what its statement did not ask first (record)
    ├── BarsRefused              a referral or booking message that is refused (feeds)
    ├── MappingFault             a supplier's mapping cannot be followed (feeds)
    ├── SealBroken               a sealed file without its key, damaged, or none at all (feeds)
    ├── BadDayError              a day that a chart's lines cannot start afresh from (performance)
    ├── Cancelled                a bulk request was cancelled while it was done (exchange)
    ├── BadRelationsError        declared relations of a table cannot be followed (measurement)
    ├── TransitionError          a step a version or action does not allow (domain.reporting)
    ├── UnknownPartError         an audience or section of a pack there is none of (domain.reporting)
    ├── BadNoteError             a comment, reason or action that cannot be kept (reporting)
    ├── VersionError             a version that cannot be prepared or decided (reporting)
    ├── BadQueryError            a question the open data does not answer (reporting)
    ├── NotCheckedError          files to reconcile that were sent wrongly (reporting)
    └── UnknownPeriodError       a report of a month without figures (reporting)

A test holds this tree to the classes. A wrong argument within the code is a ``ValueError`` or ``KeyError`` as
anywhere in Python, and not part of it.
"""


class CommonwealError(Exception):
    """Anything of ours that went wrong in a way a reader of the message can act on."""
