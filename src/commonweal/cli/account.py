"""``commonweal account``: whom another service's sign-in lets in, and what to do when somebody leaves."""

import typer

from commonweal.cli import runtime


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""

    @app.command(
        help="Close an account: its sessions end and its tokens are revoked at once, for good. "
        "Example: commonweal account dr.ray --close --by registration.office. Or bind it to the stable subject by "
        "which a service of sign-in.yaml knows its owner: "
        "commonweal account dr.ray --bind cis2 --subject 555021935107 --by registration.office. Or note the number of "
        "a professional register, by which lists of caseloads name workers: "
        "commonweal account social.worker --registration SW123456 --by registration.office"
    )
    def account(
        username: str = typer.Argument(help="The account."),
        close: bool = typer.Option(False, "--close", help="Close it."),
        bind: str = typer.Option("", metavar="SERVICE", help="Let this service's --subject sign in to it."),
        subject: str = typer.Option("", metavar="SUB", help="The service's own name for the person, never an address."),
        unbind: str = typer.Option("", metavar="SERVICE", help="Take the binding to this service away."),
        registration: str = typer.Option("", metavar="NUMBER", help="Number of a professional register; - for none."),
        enrolment_code: bool = typer.Option(False, "--enrolment-code", help="A code, to be handed over in person."),
        by: str = typer.Option("", metavar="WHO", help="Who does it: the audit says so."),
        as_json: bool = runtime.JSON,
    ) -> None:
        if not by or sum(map(bool, (close, bind, unbind, registration, enrolment_code))) != 1:
            runtime.fail(
                "say one of --close, --bind, --unbind, --registration, --enrolment-code; and --by WHO, for the audit"
            )
        runtime.start("batch")
        from commonweal.apps.access import api as access
        from commonweal.domain.errors import CommonwealError

        try:
            if enrolment_code:
                code = access.make_enrolment_code(username, by=f"operator:{by}")
                runtime.emit({"username": username, "code": code}, as_json)
                return
            if close:
                access.close_account(username, by=f"operator:{by}")
            elif bind:
                access.bind(username, bind, subject, by=f"operator:{by}")
            elif registration:
                access.register_worker(username, registration.removeprefix("-"), by=f"operator:{by}")
            else:
                access.unbind(username, unbind, by=f"operator:{by}")
        except (ValueError, CommonwealError) as error:
            runtime.fail(str(error))
        done = {"closed": True} if close else {"bound": bind} if bind else {"unbound": unbind}
        if registration:
            done = {"registration": registration.removeprefix("-")}
        runtime.emit({"username": username, **done}, as_json)
