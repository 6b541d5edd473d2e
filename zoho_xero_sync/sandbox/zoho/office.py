"""One Zoho organisation in memory: its records, and the rules that hold whoever writes them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from ..clock import VirtualClock
from .catalogue import DEAL_FIELD, DOCUMENTS, HISTORY, build_schema
from .history import StageHistory
from .ids import IdSource
from .limits import Limits
from .oauth import OAuthBook
from .organisation import Organisation, read_organisation
from .people import ADMIN, PEOPLE
from .schema import Module
from .store import Deleted, Record, Table
from .switches import with_defaults
from .writing import Given, is_priced, read_fields, row_record, totals

if TYPE_CHECKING:
    from .records import PageToken

_NUMBERS = {"Quotes": "Quote_Number", "Sales_Orders": "SO_Number", "Invoices": "Invoice_Number"}
_STAGE_FIELD = {"Quotes": "Quote_Stage", "Sales_Orders": "Status", "Invoices": "Status"}
WORLD_MODULES = {
    "accounts": "Accounts",
    "contacts": "Contacts",
    "products": "Products",
    "deals": "Deals",
    "quotes": "Quotes",
    "sales_orders": "Sales_Orders",
    "invoices": "Invoices",
}


class Office:
    """Everything the sandbox's Zoho knows. `lock` is held while a request is handled and by every person's hand.

    `linked_products`: deal -> products; `contact_roles`: deal -> contact -> role. `on_call` hooks run before a call is
    answered, with its kind (coql, records, record, update, ...), so that people can act between two calls.
    """

    def __init__(self, world: Mapping[str, Any], clock: VirtualClock) -> None:
        self.clock = clock
        self.lock = threading.RLock()
        self.org: Organisation = read_organisation(world)
        self.zone = self.org.zone
        self.switches = with_defaults(world.get("switches") or {})
        self.schema: dict[str, Module] = build_schema(
            world.get("fields") or {},
            self.org.stages,
            tuple(self.org.pipelines),
            multi_currency=self.org.multi_currency,
            currencies=[c.iso_code for c in self.org.currencies],
        )
        self.tables = {name: Table(module) for name, module in self.schema.items()}
        self.oauth = OAuthBook(clock, world.get("client") or {})
        self.limits = Limits(
            clock,
            credits=self.org.credits,
            concurrent=self.org.concurrent,
            sub_concurrent=self.org.sub_concurrent,
        )
        self.deleted: dict[str, list[Deleted]] = {name: [] for name in self.schema}
        self.deleted_names: dict[str, str | None] = {}
        self.page_tokens: dict[str, PageToken] = {}
        self.workflow_runs = 0
        self.on_call: list[Callable[[str], None]] = []
        self.linked_products: dict[str, list[str]] = {}
        self.contact_roles: dict[str, dict[str, str]] = {}
        self.history = StageHistory(self.tables[HISTORY], self.switches)
        self._ids = IdSource()
        self._planned: dict[tuple[str, str], str] = {}
        self._numbers = dict.fromkeys(_NUMBERS, 0)
        for user_id, (first, last, email) in PEOPLE.items():
            self._insert_user(user_id, first, last, email)

    @classmethod
    def from_world(cls, world: Mapping[str, Any], clock: VirtualClock) -> Self:
        """The organisation of a whole world (its `zoho` part is read, or the mapping itself when it has none).

        Raises ValueError that names module, record and field for anything the organisation could not hold.
        """
        zoho = world.get("zoho", world) or {}
        state = cls(zoho, clock)
        for part, module in WORLD_MODULES.items():
            state._plan_ids(module, zoho.get(part) or ())
        for part, module in WORLD_MODULES.items():
            for position, given in enumerate(zoho.get(part) or ()):
                try:
                    state._create(module, given, key=given.get("key"))
                except ValueError as error:
                    raise ValueError(f"zoho.{part}[{given.get('key', position)}]: {error}") from error
        return state

    def now(self) -> datetime:
        """The virtual clock at Zoho's grain of one second."""
        return self.clock.now().replace(microsecond=0)

    def find_record(self, module: str, record_id: str | None) -> Record | None:
        """The live record with this id, or None."""
        return self.tables[module].records.get(record_id) if record_id is not None else None

    def rows_of(self, items: str, parent_id: str) -> list[Record]:
        """The rows of a subform module that belong to one parent, in their order."""
        rows = self.tables[items].linked("Parent_Id", (parent_id,))
        return sorted(rows, key=lambda row: (row.values.get("Sequence_Number") or 0, row.number))

    def resolve(self, module: str, raw: Any) -> str | None:
        """The id a lookup value means: {"id": ...}, a key, an id or a display name. Raises ValueError."""
        if raw is None or raw == "":
            return None
        text = str(raw["id"] if isinstance(raw, Mapping) else raw)
        planned = self._planned.get((module, text))
        if planned is not None:
            return planned
        try:
            return self._find(module, text).id
        except LookupError as error:
            raise ValueError(str(error)) from error

    def write(self, module: str, record: Record, given: Given, *, by: str, row_key: str | None = None) -> None:
        """Store typed values and rows, keep totals true, move Modified_Time and Modified_By.

        `row_key` makes the ids of new rows derive from it, as a world's do.
        """
        table = self.tables[module]
        stamps = {"Modified_Time": self.now(), "Modified_By": by}
        values = {**stamps, **given.values}
        for name, rows in given.rows.items():
            self._write_rows(table.module.subforms[name], record, rows, values["Modified_Time"], row_key)
        if module in DOCUMENTS and (given.rows or given.touches_totals):
            rows_now = [row.values for row in self.rows_of(DOCUMENTS[module], record.id)]
            values |= totals(given.values, record.values, rows_now, given.taxes)
        if module == "Contacts":
            values["Full_Name"] = _full_name({**record.values, **values})
        left = record.values.get("Stage")
        table.change(record, values)
        if module == "Deals" and record.values.get("Stage") != left:
            self.history.move(record, values["Modified_Time"])
        if module in DOCUMENTS and self.switches["document_bumps_deal"]:
            deal = self.find_record("Deals", record.values.get(DEAL_FIELD[module]))
            if deal is not None:
                self.tables["Deals"].change(deal, stamps)

    def _create(self, module: str, fields: Mapping[str, Any], *, key: str | None) -> Record:
        found = self._module(module)
        given = read_fields(found, fields, self.org, self.resolve)
        stated = fields.get("id")
        return self.add(found.api_name, given, by=ADMIN, key=key, stated=None if stated is None else str(stated))

    def add(self, module: str, given: Given, *, by: str, key: str | None = None, stated: str | None = None) -> Record:
        """A new record of typed values and rows, with the defaults Zoho gives it. Raises ValueError for an id taken."""
        table = self.tables[module]
        record_id = stated or self._new_id(module, {}, key)
        record = Record(record_id, {**self._defaults(table.module, given.values, by), **given.values}, key)
        table.insert(record)
        if module == "Deals":
            self.history.enter(record, record.values["Created_Time"])
        if module in DOCUMENTS or given.rows:
            stamped = {"Modified_Time": record.values["Modified_Time"]}
            rows = given.rows or {DOCUMENTS[module]: []}
            self.write(module, record, Given({**given.values, **stamped}, rows, given.taxes), by=by, row_key=key)
        return record

    def _write_rows(
        self, items: str, parent: Record, rows: Sequence[Mapping[str, Any]], now: datetime, key: str | None
    ) -> None:
        table = self.tables[items]
        for old in self.rows_of(items, parent.id):
            table.remove(old)
        for position, fields in enumerate(rows, start=1):
            given = read_fields(table.module, fields, self.org, self.resolve)
            values = row_record(given, priced=is_priced(table.module))
            stamps = {"Parent_Id": parent.id, "Created_Time": now, "Modified_Time": now}
            place = {"Sequence_Number": position} if "Sequence_Number" in table.module.fields else {}
            row_id = self._new_id(items, fields, None if key is None else f"{key}/{position}")
            table.insert(Record(row_id, {**place, **values, **stamps}))

    def _new_id(self, module: str, fields: Mapping[str, Any], key: str | None) -> str:
        if fields.get("id") is not None:
            return str(fields["id"])
        if key is None:
            return self._ids.fresh()
        return self._planned.get((module, key)) or self._ids.keyed(module, key, self.tables[module].records)

    def _plan_ids(self, module: str, given: Sequence[Mapping[str, Any]]) -> None:
        taken: set[str] = set()
        for fields in given:
            key = fields.get("key")
            if key is None:
                continue
            if (module, key) in self._planned:
                raise ValueError(f"{module}: the key {key!r} is used twice")
            planned = str(fields.get("id") or self._ids.keyed(module, key, taken))
            taken.add(planned)
            self._planned[module, key] = planned

    def _defaults(self, module: Module, given: Mapping[str, Any], by: str) -> dict[str, Any]:
        modified = given.get("Modified_Time") or max(self.now(), given.get("Created_Time") or self.now())
        values: dict[str, Any] = {
            "Owner": by,
            "Created_By": by,
            "Modified_By": by,
            "Created_Time": min(modified, given.get("Created_Time") or modified),
            "Modified_Time": modified,
            "Record_Status__s": "Available",
            "Locked__s": False,
        }
        if "Currency" in module.fields:
            code = given.get("Currency") or self.org.iso_code
            values |= {"Currency": code, "Exchange_Rate": self.org.rate(code)}
        match module.api_name:
            case "Deals":
                stage = given.get("Stage") or self.org.stages[0]
                values |= {"Stage": stage, "Pipeline": self._pipeline_of(stage)}
            case "Contacts":
                values["Full_Name"] = _full_name(given)
            case "Products":
                values["Product_Active"] = True
            case "Quotes" | "Sales_Orders" | "Invoices":
                values |= self._document_defaults(module, given)
            case _:
                pass
        return values

    def _document_defaults(self, module: Module, given: Mapping[str, Any]) -> dict[str, Any]:
        name = module.api_name
        self._numbers[name] += 1
        stage = _STAGE_FIELD[name]
        values = {stage: module.fields[stage].values[0], _NUMBERS[name]: f"{self._numbers[name]:06d}"}
        deal = self.find_record("Deals", given.get(DEAL_FIELD[name]))
        inherited = ("Account_Name", "Contact_Name", "Currency", "Exchange_Rate")
        return values | {n: deal.values[n] for n in inherited if deal is not None and deal.values.get(n) is not None}

    def _pipeline_of(self, stage: str) -> str:
        holders = [name for name, stages in self.org.pipelines.items() if stage in stages]
        return (holders or list(self.org.pipelines))[0]

    def _find(self, module: str, name: str) -> Record:
        table = self.tables[self._module(module).api_name]
        found = table.records.get(table.keys.get(name, name))
        if found is not None:
            return found
        named = [r for r in table.records.values() if r.values.get(table.module.name_field) == name]
        if len(named) == 1:
            return named[0]
        problem = f"several records are named {name!r}; use an id" if named else f"there is no {name!r}"
        raise LookupError(f"{module}: {problem}")

    def _module(self, name: str) -> Module:
        module = self.schema.get(name)
        if module is None:
            raise LookupError(f"Zoho has no module {name!r}; it has {', '.join(self.schema)}")
        return module

    def _repoint(self, table: Table, name: str, loser: str, winner: str) -> None:
        stamps = {"Modified_Time": self.now(), "Modified_By": ADMIN} if self.switches["merge_bumps_related"] else {}
        for record in table.linked(name, (loser,)):
            table.change(record, {name: winner, **stamps})

    def _remove(self, module: str, record: Record, *, permanent: bool) -> None:
        rows = [
            (items, row) for items in self.schema[module].subforms.values() for row in self.rows_of(items, record.id)
        ]
        for items, row in rows:
            self.tables[items].remove(row)
        if module == "Deals":
            self.history.forget(record)
        name = record.values.get(self.schema[module].name_field)
        self.deleted_names[record.id] = name
        shown, by = None if permanent else name, record.values.get("Created_By", ADMIN)
        gone = Deleted(record.id, shown, permanent, self.now(), by, record, tuple(rows))
        self.deleted[module].append(gone)
        self._planned.pop((module, record.key or ""), None)
        self.tables[module].remove(record)

    def _insert_user(self, user_id: str, first: str, last: str, email: str) -> None:
        names = {"first_name": first, "last_name": last, "full_name": f"{first} {last}", "email": email}
        self.tables["users"].insert(Record(user_id, {**names, "Created_Time": self.now(), "Modified_Time": self.now()}))


def _full_name(values: Mapping[str, Any]) -> str:
    return " ".join(part for part in (values.get("First_Name"), values.get("Last_Name")) if part)
