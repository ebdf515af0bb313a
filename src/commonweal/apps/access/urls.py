"""Addresses of access."""

from django.urls import path

from commonweal.apps.access import (
    account_views,
    agreement_views,
    anomaly_views,
    case_views,
    confirming_views,
    factor_views,
    governance_views,
    lost_views,
    oauth_views,
    provider_views,
    views,
)

urlpatterns = [
    path("sign-in", views.sign_in, name="sign_in"),
    path("sign-in/second", factor_views.second, name="sign_in_second"),
    path("sign-in/enrol", factor_views.add, name="sign_in_enrol"),
    path("sign-in/passkey/challenge", factor_views.passkey_challenge, name="passkey_challenge"),
    path("sign-in/passkey", factor_views.passkey, name="sign_in_passkey"),
    path("sign-in/with/<slug:provider>", provider_views.away, name="sign_in_with"),
    path("sign-in/with/<slug:provider>/back", provider_views.back, name="sign_in_back"),
    path("sign-in/with/<slug:provider>/signed-out", provider_views.out, name="signed_out_elsewhere"),
    path("account/second-factor", factor_views.manage, name="second_factor"),
    path("account/second-factor/add", factor_views.add, name="second_factor_add"),
    path("account/second-factor/passkey/challenge", factor_views.new_passkey_challenge, name="new_passkey_challenge"),
    path("account/second-factor/passkey", factor_views.add_passkey, name="second_factor_passkey"),
    path("account/second-factor/recovery", factor_views.recovery, name="second_factor_recovery"),
    path("account/second-factor/remove", factor_views.remove, name="second_factor_remove"),
    path("oauth/token", oauth_views.token, name="oauth_token"),
    path("oauth/revoke", oauth_views.revoke, name="oauth_revoke"),
    path("sign-out", views.sign_out, name="sign_out"),
    path("account/devices", views.places_signed_in, name="devices"),
    path("administration/second-factors", lost_views.queue, name="lost_factors"),
    path("administration/accounts", account_views.listed, name="accounts"),
    path("information-governance/rules", governance_views.rules, name="access-rules"),
    path("information-governance/trial", governance_views.trial, name="access-trial"),
    path("information-governance/agreements", agreement_views.queue, name="agreements"),
    path("information-governance/agreements/propose", agreement_views.propose, name="agreement-propose"),
    path("information-governance/agreements/<str:reference>", agreement_views.agreement, name="agreement"),
    path("information-governance/relationships", confirming_views.queue, name="relationships-to-confirm"),
    path("information-governance/audit-review", anomaly_views.queue, name="audit-review"),
    path("information-governance/cases", case_views.queue, name="access-cases"),
    path("information-governance/cases/<int:case_id>", case_views.case, name="access-case"),
]
