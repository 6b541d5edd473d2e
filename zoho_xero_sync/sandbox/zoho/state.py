"""One Zoho organisation in memory, and the hands of the people who work in it."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ..clock import VirtualClock
from . import jsonout
from .catalogue import DEAL_FIELD, DOCUMENTS, build_schema
from .enforced import RULES
from .ids import IdSource
from .limits import Limits
from .oauth import OAuthBook
from .organisation import Organisation, read_organisation
from .people import ADMIN, PEOPLE
from .render import full_json, instant_json
from .rule import Rule
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


class ZohoState:
    """Everything the sandbox's Zoho knows. `lock` is held while a request is handled and by every person's hand."""

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
        self._ids = IdSource()
        self._planned: dict[tuple[str, str], str] = {}
        self._numbers = dict.fromkeys(_NUMBERS, 0)
        for user_id, (first, last, email) in PEOPLE.items():
            self._insert_user(user_id, first, last, email)

    @classmethod
    def from_world(cls, world: Mapping[str, Any], clock: VirtualClock) -> ZohoState:
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

    def create(
        self, module: str, fields: Mapping[str, Any], *, lines: Sequence[Mapping[str, Any]] | None = None
    ) -> str:
        """A person's hand: make a record (world spelling or API names) and return its id. Raises ValueError."""
        given = dict(fields) if lines is None else {**fields, "lines": list(lines)}
        with self.lock:
            return self._create(module, given, key=given.get("key")).id

    def update(self, module: str, record_id: str, fields: Mapping[str, Any]) -> None:
        """A person's hand: edit a record found by id, key or name. Modified_Time becomes now unless `fields` state it.

        Raises LookupError for a record that is not there and ValueError for a value that cannot be.
        """
        with self.lock:
            record = self._find(module, record_id)
            self.write(module, record, read_fields(self._module(module), fields, self.org, self.resolve), by=ADMIN)

    def replace_lines(self, module: str, record_id: str, lines: Sequence[Mapping[str, Any]]) -> None:
        """A person's hand: give a document other lines. The document's Modified_Time moves, its deal's does not."""
        self.update(module, record_id, {"lines": lines})

    def delete(self, module: str, record_id: str, *, permanent: bool = False) -> None:
        """A person's hand: into the recycle bin, or gone for good."""
        with self.lock:
            self._remove(module, self._find(module, record_id), permanent=permanent)

    def merge(self, module: str, loser: str, winner: str) -> None:
        """A person's hand: find & merge. What pointed at the loser points at the winner; the loser is in `/deleted`."""
        with self.lock:
            gone, kept = self._find(module, loser), self._find(module, winner)
            if gone.id == kept.id:
                raise ValueError(f"{module}: {loser!r} and {winner!r} are the same record")
            for table in self.tables.values():
                for name, target in table.module.lookups.items():
                    if target == module:
                        self._repoint(table, name, gone.id, kept.id)
            self._remove(module, gone, permanent=False)

    def issue_grant_code(self, scopes: Iterable[str]) -> str:
        """A person's hand: a self-client grant code, as the API console shows it; good once, for ten minutes."""
        with self.lock:
            return self.oauth.issue_grant_code(scopes)

    def find(self, module: str, name: str) -> dict[str, Any]:
        """The full record with this world key, id or display name. Raises LookupError when none or several fit."""
        with self.lock:
            return full_json(self, self._module(module), self._find(module, name))

    def records(self, module: str) -> list[dict[str, Any]]:
        """All live records of a module, full, by id."""
        with self.lock:
            table = self.tables[self._module(module).api_name]
            ordered = sorted(table.records.values(), key=lambda record: record.number)
            return [full_json(self, table.module, record) for record in ordered]

    def rules(self) -> list[Rule]:
        """Every rule this half of the sandbox enforces, with the official page it is from."""
        return list(RULES)

    def snapshot(self) -> dict[str, Any]:
        """The whole organisation as plain JSON values, Decimals as strings, without credentials."""
        with self.lock:
            modules = [name for name, module in self.schema.items() if module.parent is None and name != "users"]
            return {
                "org": {"id": self.org.id, "company_name": self.org.company_name, "time_zone": self.org.time_zone},
                "now": instant_json(self, self.clock.now()),
                "credits_used": self.limits.used,
                "workflow_runs": self.workflow_runs,
                "switches": dict(self.switches),
                "modules": {name: jsonout.plain(self.records(name)) for name in modules},
                "deleted": {
                    name: [{"id": d.id, "name": d.name, "when": instant_json(self, d.when)} for d in rows]
                    for name, rows in self.deleted.items()
                    if rows
                },
            }

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
        table.change(record, values)
        if module in DOCUMENTS and self.switches["document_bumps_deal"]:
            deal = self.find_record("Deals", record.values.get(DEAL_FIELD[module]))
            if deal is not None:
                self.tables["Deals"].change(deal, stamps)

    def _create(self, module: str, fields: Mapping[str, Any], *, key: str | None) -> Record:
        table = self.tables[self._module(module).api_name]
        given = read_fields(table.module, fields, self.org, self.resolve)
        record = Record(
            self._new_id(module, fields, key), {**self._defaults(table.module, given.values), **given.values}, key
        )
        table.insert(record)
        if module in DOCUMENTS or given.rows:
            stamped = {"Modified_Time": record.values["Modified_Time"]}
            rows = given.rows or {DOCUMENTS[module]: []}
            self.write(module, record, Given({**given.values, **stamped}, rows, given.taxes), by=ADMIN, row_key=key)
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

    def _defaults(self, module: Module, given: Mapping[str, Any]) -> dict[str, Any]:
        modified = given.get("Modified_Time") or max(self.now(), given.get("Created_Time") or self.now())
        values: dict[str, Any] = {
            "Owner": ADMIN,
            "Created_By": ADMIN,
            "Modified_By": ADMIN,
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
        for items in self.schema[module].subforms.values():
            for row in self.rows_of(items, record.id):
                self.tables[items].remove(row)
        name = record.values.get(self.schema[module].name_field)
        self.deleted_names[record.id] = name
        gone = Deleted(
            record.id, None if permanent else name, permanent, self.now(), record.values.get("Created_By", ADMIN)
        )
        self.deleted[module].append(gone)
        self._planned.pop((module, record.key or ""), None)
        self.tables[module].remove(record)

    def _insert_user(self, user_id: str, first: str, last: str, email: str) -> None:
        names = {"first_name": first, "last_name": last, "full_name": f"{first} {last}", "email": email}
        self.tables["users"].insert(Record(user_id, {**names, "Created_Time": self.now(), "Modified_Time": self.now()}))


def _full_name(values: Mapping[str, Any]) -> str:
    return " ".join(part for part in (values.get("First_Name"), values.get("Last_Name")) if part)
