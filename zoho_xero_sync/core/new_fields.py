"""The fields of deals that invoices are written back to, as Zoho makes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

# www.zoho.com/crm/developer/docs/api/v8/create-custom-fields.html: a label has at most 25 characters, and the API name
# is the label with underscores for its blanks.
LABEL_MAX = 25


@dataclass(frozen=True, slots=True)
class NewField:
    """A field to make: its label, the API name it should get, and its type. `length` None is the type's own."""

    name: str
    data_type: str
    length: int | None = None

    @property
    def label(self) -> str:
        """The label that gives the API name."""
        return self.name.replace("_", " ")

    @property
    def fits(self) -> bool:
        """Whether Zoho takes the label."""
        return len(self.label) <= LABEL_MAX and self.label.strip() == self.label


_KINDS: Mapping[str, tuple[str, int | None]] = {
    "number": ("text", 100),
    "status": ("text", 20),
    "total": ("currency", None),
    "due": ("currency", None),
    "link": ("website", None),
    "paid_on": ("date", None),
}


def field_for(key: str, name: str) -> NewField:
    """The field for this key of write_back."""
    return NewField(name, *_KINDS[key])
