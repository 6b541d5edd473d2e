"""Files on invoices, contacts and credit notes, and the notes of their history.

Sources: developer.xero.com/documentation/api/accounting/attachments and .../historyandnotes. The sentences for names,
sizes and counts are worded here.
"""

from __future__ import annotations

from collections.abc import Mapping

from .books import Books
from .errors import RefusedError
from .model import Attachment, Note
from .posted import Posted
from .rule import rules

RULES = (
    *rules(
        "api/accounting/attachments",
        "An attachment is sent as raw bytes with its real Content-Type; a document has at most 10 of them.",
        'A file name must not contain < > : " / \\ | ? * + or a NUL; the same name again replaces the file.',
        "HasAttachments tells which documents have one; IncludeOnline shows it on the online invoice.",
    ),
    *rules(
        "api/accounting/historyandnotes",
        "A note has at most 2500 characters, is shown as by System Generated, and cannot be edited or deleted.",
    ),
)

MOST = 10
LONGEST_NOTE = 2500
NO_DOCUMENT = "The document with the supplied id was not found for this endpoint."
_FORBIDDEN = frozenset('<>:"/\\|?*\0+')


def attach(books: Books, record_id: str, name: str, mime: str, content: bytes, *, online: bool) -> Attachment:
    """Store a file, in place of the one of that name. Raises RefusedError."""
    existing = {entry.name.casefold(): entry for entry in books.attachments.find("record", record_id)}
    old = existing.get(name.casefold())
    problems = []
    if not name.strip() or _FORBIDDEN & set(name):
        problems.append("The file name of an attachment is empty or contains characters that are not allowed.")
    if not content:
        problems.append("The attachment is empty.")
    if len(content) > books.number("largest_attachment_bytes"):
        problems.append("The attachment is larger than the limit.")
    if old is None and len(existing) >= MOST:
        problems.append(f"A document can have at most {MOST} attachments.")
    if problems:
        raise RefusedError(*problems)
    attachment_id = old.attachment_id if old else books.next_id("attachment")
    attachment = Attachment(attachment_id, record_id, name, mime, content, online)
    books.attachments.put(attachment)
    books.note(record_id, "Attached a file", f"Attached the file {name} through the Xero API")
    return attachment


def attached(books: Books, record_id: str, key: str) -> Attachment | None:
    """The file of a document with that name or AttachmentID."""
    wanted = key.casefold()
    rows = books.attachments.find("record", record_id)
    return next((row for row in rows if wanted in (row.name.casefold(), row.attachment_id)), None)


def attachment_view(attachment: Attachment, url: str) -> Mapping[str, object]:
    """A file as JSON; IncludeOnline is there only when it is true."""
    view: dict[str, object] = {
        "AttachmentID": attachment.attachment_id,
        "FileName": attachment.name,
        "Url": url,
        "MimeType": attachment.mime,
        "ContentLength": len(attachment.content),
    }
    return {**view, "IncludeOnline": True} if attachment.include_online else view


def write_note(books: Books, record_id: str, posted: Posted) -> Note:
    """Store a note that a caller adds to a document's history. Raises RefusedError."""
    details = posted.text("Details") or ""
    if not details.strip():
        raise RefusedError("The Details field must be specified.")
    if len(details) > LONGEST_NOTE:
        raise RefusedError(f"The Details of a note can have at most {LONGEST_NOTE} characters.")
    return books.note(record_id, "Note", details)
