"""The account behind the key: an organization with two profiles (API §3.14, §1)."""

from typing import Final
from uuid import UUID, uuid5

from sent_mcp.emulator.call import Call
from sent_mcp.emulator.envelope import Answer

NAMESPACE: Final = UUID("5e17e30a-7c1b-4b8e-9d2f-0a6f4c1d2b3e")
ACCOUNT_ID: Final = str(uuid5(NAMESPACE, "account"))
# Outside every range that a contact may have.
SENDER: Final = "+14155550199"
CREATED_AT: Final = "2026-01-20T14:00:00.0000000+00:00"
PROFILES: Final = {
    str(uuid5(NAMESPACE, f"profile:{name}")): name for name in ("Acme Support", "Acme Marketing")
}


def me(call: Call) -> Answer:
    """GET /v3/me: the organization, or the profile the request is scoped to."""
    profile = PROFILES.get(call.customer_id)
    return Answer(_organization() if profile is None else _profile(call.customer_id, profile))


def _organization() -> dict[str, object]:
    return {
        "type": "organization",
        "id": ACCOUNT_ID,
        "name": "Acme",
        "email": "ops@acme.example",
        **_sending(),
        "profiles": [_listed(profile_id, name) for profile_id, name in PROFILES.items()],
    }


def _profile(profile_id: str, name: str) -> dict[str, object]:
    return {
        "type": "profile",
        "id": profile_id,
        "organization_id": ACCOUNT_ID,
        "name": name,
        "email": None,
        "short_name": None,
        "status": "approved",
        "settings": _settings(),
        **_sending(),
        "profiles": [],
    }


def _sending() -> dict[str, object]:
    return {
        "icon": None,
        "description": None,
        "created_at": CREATED_AT,
        "channels": {
            "sms": {"configured": True, "phone_number": SENDER},
            "whatsapp": {"configured": True, "phone_number": SENDER, "business_name": "Acme"},
            "rcs": {"configured": True, "phone_number": SENDER},
        },
        "sending_phone_number": SENDER,
        "sending_phone_number_profile_id": ACCOUNT_ID,
        "enable_template_auto_creation_for_sp": False,
    }


def _listed(profile_id: str, name: str) -> dict[str, object]:
    return {
        "id": profile_id,
        "name": name,
        "short_name": None,
        "icon": None,
        "description": None,
        "role": "admin",
        "status": "approved",
        "created_at": CREATED_AT,
        "settings": _settings(),
    }


def _settings() -> dict[str, object]:
    # Always false now: nothing is inherited or shared any more (API §3.14).
    names = ("inherit_contacts", "inherit_templates", "inherit_tcr_brand", "inherit_tcr_campaign")
    shared = ("allow_contact_sharing", "allow_template_sharing")
    return dict.fromkeys((*names, *shared), False)
