"""Templates: what is a field, what is text, what is refused."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoho_xero_sync.core.templates import Template, is_api_name

FIELDS = {"id": "57", "Deal_Name": "Fit-out {A} & more", "Empty": " "}


@pytest.mark.parametrize(
    ("text", "fields", "rendered"),
    [
        ("", (), ""),
        ("plain", (), "plain"),
        ("ZC-{id}", ("id",), "ZC-57"),
        ("{id}{id} {Deal_Name}", ("id", "Deal_Name"), "5757 Fit-out {A} & more"),
        ("{{id}} {id}", ("id",), "{id} 57"),
        ("{{{id}}}", ("id",), "{57}"),
        ("{Gone}-{id}", ("Gone", "id"), "-57"),
        ("é {id}\n%s", ("id",), "é 57\n%s"),
    ],
)
def test_a_template_is_filled(text: str, fields: tuple[str, ...], rendered: str) -> None:
    template = Template.parse(text)
    assert (template.fields, template.render(FIELDS), str(template)) == (fields, rendered, text)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{}", "'{}' names no field."),
        ("{ }", "'{}' names no field."),
        ("a {id", "The '{' at character 3 has no '}' after it."),
        ("{a{id}", "The '{' at character 1 has no '}' after it."),
        ("id}", "The '}' at character 3 has no '{' before it."),
        ("{id}}", "The '}' at character 5 has no '{' before it."),
        ("{Deal Name}", "'{Deal Name}' is not a Zoho API field name (letters, digits and underscores only)."),
        ("{Deal.Name}", "'{Deal.Name}' is not a Zoho API field name (letters, digits and underscores only)."),
        ("{id!r}", "'{id!r}' is not a Zoho API field name (letters, digits and underscores only)."),
        ("{1}", "'{1}' is not a Zoho API field name (letters, digits and underscores only)."),
        ("{é}", "'{é}' is not a Zoho API field name (letters, digits and underscores only)."),
        ("${{id}", "The '}' at character 6 has no '{' before it."),
    ],
)
def test_anything_else_is_refused(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(problem)}$"):
        Template.parse(text)


def test_missing_names_what_is_absent_or_blank() -> None:
    assert Template.parse("{Gone} {id} {Empty} {Gone}").missing(FIELDS) == ("Gone", "Empty")


@given(st.text())
def test_any_text_survives_when_its_braces_are_doubled(text: str) -> None:
    assert Template.parse(text.replace("{", "{{").replace("}", "}}")).render({}) == text


@given(st.text(alphabet="{}aB_1 "))
def test_no_text_breaks_the_parser(text: str) -> None:
    try:
        template = Template.parse(text)
    except ValueError as error:
        assert str(error).endswith(".")
    else:
        assert all(is_api_name(name) for name in template.fields)


@pytest.mark.parametrize(("name", "valid"), [("id", True), ("A1_b", True), ("_a", False), ("1a", False), ("", False)])
def test_api_names(name: str, valid: bool) -> None:
    assert is_api_name(name) is valid
    assert is_api_name(f"{name}\n") is False
