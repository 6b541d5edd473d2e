"""What people do in Zoho's web pages: enter, edit, delete, merge, rename, hide, approve, write notes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from . import jsonout
from .catalogue import HISTORY
from .enforced import RULES
from .new_fields import new_field
from .notes import notes_of
from .office import Office
from .people import ADMIN
from .render import full_json, instant_json
from .rule import Rule
from .schema import Field
from .store import Deleted
from .writing import Given, read_fields

PROCESSES = ("approval", "blueprint", "merge")


class ZohoState(Office):
    """One organisation, and the hands of the people who work in it. Records are found by id, world key or name."""

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
            for note in notes_of(self, module, gone.id):
                note.values["Parent_Id"] = (module, kept.id)
            self._remove(module, gone, permanent=self.switches["merged_away"] == "permanent")

    def restore(self, module: str, record_id: str) -> None:
        """A person's hand: bring a record back from the recycle bin by its id, with the values it had.

        Raises LookupError for one that is not in the bin.
        """
        with self.lock:
            found = next((d for d in self.deleted[module] if d.id == record_id and not d.permanent), None)
            if found is None:
                raise LookupError(f"{module}: {record_id!r} is not in the recycle bin")
            self.deleted[module].remove(found)
            self._put_back(module, found)

    def rewrite_times(self, module: str) -> None:
        """A bulk job's hand: every record of a module is modified now, and nothing in it changes."""
        with self.lock:
            table = self.tables[self._module(module).api_name]
            for record in list(table.records.values()):
                table.change(record, {"Modified_Time": self.now(), "Modified_By": ADMIN})

    # ---- stages, pick lists, fields ----

    def rename_stage(self, shown: str, to: str) -> None:
        """An administrator's hand: a stage gets another name. Deals in it show the new one; none of them is modified.

        Raises LookupError for a stage that is not there.
        """
        field = self.schema["Deals"].fields["Stage"]
        self.relabel("Deals", "Stage", {field.stored(shown): to})

    def relabel(self, module: str, field: str, labels: Mapping[str, str]) -> None:
        """An administrator's hand: values of a pick list are shown under other names (renamed, or translated).

        `labels`: actual value -> what is shown. Raises LookupError for a value that is not in the list.
        """
        with self.lock:
            found = self._field(module, field)
            missing = sorted(set(labels) - {*found.values, *found.unused})
            if missing:
                raise LookupError(f"{module}.{field}: there is no {missing[0]!r}")
            self._replace_field(module, replace(found, labels={**found.labels, **labels}))
            if (module, field) == ("Deals", "Stage"):
                for told in ("Stage", "Moved_To__s"):
                    self._replace_field(
                        HISTORY, replace(self.schema[HISTORY].fields[told], labels={**found.labels, **labels})
                    )

    def add_stage(self, name: str, pipeline: str) -> None:
        """An administrator's hand: a pipeline gets one more stage, as its last. Raises LookupError for no pipeline."""
        with self.lock:
            self._change_stages({pipeline: (*self._pipeline(pipeline), name)})

    def retire_stage(self, shown: str) -> None:
        """An administrator's hand: no pipeline has the stage any more; deals that are in it stay there."""
        with self.lock:
            field = self.schema["Deals"].fields["Stage"]
            actual = field.stored(shown)
            self._change_stages(
                {n: tuple(s for s in stages if s != actual) for n, stages in self.org.pipelines.items()}
            )

    def add_field(self, module: str, label: str, data_type: str, *, length: int = 0) -> str:
        """An administrator's hand: a custom field; its API name. Raises ValueError for a type there is not."""
        with self.lock:
            return new_field(self, self._module(module), Field("", data_type, label=label, length=length, custom=True))

    def remove_field(self, module: str, api_name: str) -> None:
        """An administrator's hand: a custom field goes, with what was in it."""
        with self.lock:
            self._field(module, api_name)
            del self.schema[module].fields[api_name]
            for record in self.tables[module].records.values():
                record.values.pop(api_name, None)

    # ---- what holds a record, who sees it ----

    def hide(self, module: str, record_id: str) -> None:
        """A person's hand: the login's user may no longer see the record. It is in no list; by its id it is refused."""
        self._see(module, record_id, seen=False)

    def reveal(self, module: str, record_id: str) -> None:
        """A person's hand: the login's user may see the record again. Its Modified_Time does not move."""
        self._see(module, record_id, seen=True)

    def hold(self, module: str, record_id: str, process: str) -> None:
        """A process takes the record: `approval`, `blueprint` (which holds its stage) or `merge`. Raises ValueError."""
        if process not in PROCESSES:
            raise ValueError(f"{process!r} is none of {', '.join(PROCESSES)}")
        with self.lock:
            record = self._find(module, record_id)
            record.process = process
            record.listed = record.listed and not (process == "approval" and self.switches["approval_hides"])

    def release(self, module: str, record_id: str) -> None:
        """The process that held the record has ended."""
        with self.lock:
            record = self._find(module, record_id)
            record.process = ""
            record.listed = record.readable

    # ---- beside the record ----

    def add_note(self, module: str, record_id: str, content: str, title: str | None = None) -> str:
        """A person's hand: a note on a record; its id. The record's Modified_Time does not move."""
        with self.lock:
            parent = (module, self._find(module, record_id).id)
            values = {"Note_Title": title, "Note_Content": content, "Parent_Id": parent}
            return self.add("Notes", Given(values, {}, None), by=ADMIN).id

    def notes(self, module: str, record_id: str) -> list[dict[str, Any]]:
        """The notes on a record, oldest first."""
        with self.lock:
            found = notes_of(self, module, self._find(module, record_id).id)
            return [full_json(self, self.schema["Notes"], note) for note in found]

    def link_product(self, deal: str, product: str) -> None:
        """A person's hand: a product in a deal's related list of products, which has no quantities."""
        with self.lock:
            held = self.linked_products.setdefault(self._find("Deals", deal).id, [])
            wanted = self._find("Products", product).id
            held += [] if wanted in held else [wanted]

    def give_role(self, deal: str, contact: str, role: str) -> None:
        """A person's hand: what a contact is in a deal."""
        with self.lock:
            roles = self.contact_roles.setdefault(self._find("Deals", deal).id, {})
            roles[self._find("Contacts", contact).id] = role

    # ---- looking ----

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
            modules = [
                name for name, module in self.schema.items() if module.parent is None and name not in {"users", HISTORY}
            ]
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

    def _put_back(self, module: str, gone: Deleted) -> None:
        self.deleted_names.pop(gone.id, None)
        self.tables[module].insert(gone.record)
        if gone.record.key is not None:
            self._planned[module, gone.record.key] = gone.id
        for items, row in gone.rows:
            self.tables[items].insert(row)
        if module == "Deals":
            self.history.enter(gone.record, self.now())

    def _see(self, module: str, record_id: str, *, seen: bool) -> None:
        with self.lock:
            record = self._find(module, record_id)
            rows = [row for items in self.schema[module].subforms.values() for row in self.rows_of(items, record.id)]
            for found in (record, *rows):
                found.listed = found.readable = seen

    def _field(self, module: str, name: str) -> Field:
        found = self._module(module).fields.get(name)
        if found is None:
            raise LookupError(f"{module} has no field {name!r}")
        return found

    def _replace_field(self, module: str, field: Field) -> None:
        self.schema[module].fields[field.api_name] = field

    def _pipeline(self, name: str) -> tuple[str, ...]:
        if name not in self.org.pipelines:
            raise LookupError(f"there is no pipeline {name!r}")
        return self.org.pipelines[name]

    def _change_stages(self, changed: Mapping[str, tuple[str, ...]]) -> None:
        before = self.schema["Deals"].fields["Stage"]
        self.org = replace(self.org, pipelines={**self.org.pipelines, **changed})
        left = tuple(stage for stage in (*before.values, *before.unused) if stage not in self.org.stages)
        self._replace_field("Deals", replace(before, values=self.org.stages, unused=left))
