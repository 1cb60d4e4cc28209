"""What is sent: templates that Sent would accept and fail later are refused before asking."""

import pytest
from starlette.applications import Starlette

from tests.door import SEEDED, Door

ORDER = {"name": "Ada", "order_number": "7"}
UNKNOWN_ID = "00000000-0000-4000-8000-000000000000"


async def template(door: Door, name: str) -> str:
    """The id of a template."""
    (found,) = (await door.done("list_templates", search=name))["templates"]
    return found["id"]


@pytest.mark.parametrize("by", ["template_id", "template_name"])
async def test_a_template_is_sent_by_id_or_by_name(door: Door, by: str) -> None:
    """The question shows everything that is known of it, each value included."""
    which = "order_confirmation"
    given = which if by == "template_name" else await template(door, which)
    asked = await door.done("send_message", to=SEEDED, parameters=ORDER, **{by: given})
    assert asked["question"].splitlines()[3:] == [
        'Template "order_confirmation" (en_US, UTILITY, APPROVED); its text is known once sent.',
        '  name = "Ada"',
        '  order_number = "7"',
    ]
    sent = await door.twice("send_message", to=SEEDED, parameters=ORDER, **{by: given})
    assert (sent["status"], sent["template_name"]) == ("accepted", which)


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("order_confirmations", '; near it: "order_confirmation"'),
        ("Order_Confirmation", '; near it: "order_confirmation"'),
        ("order", '; near it: "order_confirmation"'),
        ("zzzzzz", '"zzzzzz".'),
        ('a"\nb', '"a\\"\\nb".'),
    ],
)
async def test_an_unknown_name_is_refused_with_what_is_near(
    door: Door, name: str, near: str
) -> None:
    """A guess is never sent."""
    text = await door.refused("send_message", to=SEEDED, template_name=name, parameters=ORDER)
    assert text.startswith("RESOURCE_002: there is no template named ")
    assert near in text
    assert await door.changes() == []


@pytest.mark.parametrize(
    ("template_id", "code"), [(UNKNOWN_ID, "RESOURCE_002"), ("nothing", "VALIDATION_001")]
)
async def test_an_unknown_id_is_refused(door: Door, template_id: str, code: str) -> None:
    """Sent itself would accept it."""
    text = await door.refused("send_message", to=SEEDED, template_id=template_id)
    assert text.startswith(f"{code}: ")
    assert await door.changes() == []


async def test_a_name_of_several_templates_is_refused_with_their_ids(
    app: Starlette, door: Door
) -> None:
    """Languages may share a name."""
    first = await template(door, "order_confirmation")
    database = app.state.emulator.database
    columns = [c["name"] for c in database.all("PRAGMA table_info(templates)", {})]
    row = database.one("SELECT * FROM templates WHERE id = :id", {"id": first})
    database.run(
        f"INSERT INTO templates VALUES ({', '.join(':' + name for name in columns)})",  # noqa: S608  # names from the schema
        {**row, "id": UNKNOWN_ID, "language": "nb_NO"},
    )
    text = await door.refused(
        "send_message", to=SEEDED, template_name="order_confirmation", parameters=ORDER
    )
    assert "several templates have this name; give template_id, one of " in text
    assert f"{first} (en_US)" in text
    assert f"{UNKNOWN_ID} (nb_NO)" in text


@pytest.mark.parametrize(
    ("name", "status"), [("verification_code", "PENDING"), ("summer_sale", "REJECTED")]
)
async def test_only_approved_templates_are_sent(door: Door, name: str, status: str) -> None:
    """Sent would accept the others and block each message."""
    text = await door.refused("send_message", to=SEEDED, template_name=name, parameters={})
    assert text.startswith(f'BUSINESS_005: the template "{name}" is {status}, and only APPROVED')
    assert await door.changes() == []


async def test_a_channel_the_template_is_not_made_for_is_refused(door: Door) -> None:
    """With those it is made for; `sent` is always possible."""
    text = await door.refused(
        "send_message",
        to=SEEDED,
        template_name="delivery_update",
        parameters={"order_number": "7", "status": "here"},
        channels=["sent", "sms", "rcs"],
    )
    assert "cannot be sent on rcs, sms; its channels are whatsapp." in text


@pytest.mark.parametrize(
    ("parameters", "problems"),
    [
        (None, ["parameters.name: is a variable", "parameters.order_number: is a variable"]),
        ({"name": "Ada"}, ["parameters.order_number: is a variable of the template and required."]),
        ({"name": " ", "order_number": "7"}, ["parameters.name: is a variable"]),
        (
            {"name": "Ada", "ordernumber": "7"},
            [
                "parameters.ordernumber: is no variable of the template. Did you mean order_num",
                "parameters.order_number: is a variable",
            ],
        ),
        ({**ORDER, "zzz": "1"}, ["parameters.zzz: is no variable of the template."]),
        ({**ORDER, "z\nz": "1"}, ['parameters."z\\nz": is no variable of the template.']),
    ],
)
async def test_values_that_do_not_fit_are_refused_by_name(
    door: Door, parameters: object, problems: list[str]
) -> None:
    """Sent would accept them and fail each message."""
    text = await door.refused(
        "send_message", to=SEEDED, template_name="order_confirmation", parameters=parameters
    )
    assert text.splitlines()[0] == "INVALID_ARGUMENTS: the template's values are not right."
    for line, problem in zip(text.splitlines()[1:-1], problems, strict=True):
        assert line.startswith(problem)
    assert await door.changes() == []


async def test_a_header_image_may_come_with_any_template(door: Door) -> None:
    """It is no variable of it."""
    sent = await door.twice(
        "send_message",
        to=SEEDED,
        template_name="order_confirmation",
        parameters={**ORDER, "header_image": "https://example.com/a.png"},
        channels="whatsapp",
    )
    assert sent["status"] == "accepted"
