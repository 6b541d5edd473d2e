"""Files on documents."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from xero_desk import Desk


def test_a_file_comes_back_as_it_went() -> None:
    desk = Desk()
    invoice = desk.invoice()
    path = f"/Invoices/{invoice['InvoiceID']}/Attachments"
    content = bytes(range(256))
    answer = desk.client.put(
        f"/api.xro/2.0{path}/{quote('menu & wine.png')}?IncludeOnline=true",
        data=content,
        content_type="image/png",
        headers=desk.headers,
    )
    (made,) = answer.json["Attachments"]
    assert (made["FileName"], made["MimeType"], made["ContentLength"]) == ("menu & wine.png", "image/png", 256)
    assert made["IncludeOnline"] is True
    assert made["Url"].endswith(f"/Invoices/{invoice['InvoiceID']}/Attachments/menu%20%26%20wine.png")
    for key in ("menu%20%26%20wine.png", made["AttachmentID"]):
        read = desk.call("GET", f"{path}/{key}")
        assert (read.data, read.mimetype) == (content, "image/png")
    assert [row["AttachmentID"] for row in desk.get(path)["Attachments"]] == [made["AttachmentID"]]
    assert desk.get(f"/Invoices/{invoice['InvoiceID']}")["Invoices"][0]["HasAttachments"] is True


def test_the_same_name_replaces_the_file() -> None:
    desk = Desk()
    path = f"/Contacts/{desk.contact()}/Attachments"
    ids = {desk.put(f"{path}/a.txt", content)["Attachments"][0]["AttachmentID"] for content in (b"one", b"two")}
    assert len(ids) == 1
    assert "IncludeOnline" not in desk.get(path)["Attachments"][0]
    assert desk.call("GET", f"{path}/A.TXT").data == b"two"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a*b.txt", b"x", "The file name of an attachment is empty or contains characters that are not allowed."),
        ("a+b.txt", b"x", "The file name of an attachment is empty or contains characters that are not allowed."),
        ("a.txt", b"", "The attachment is empty."),
        ("a.txt", b"x" * 101, "The attachment is larger than the limit."),
    ],
)
def test_refused_files(name: str, content: bytes, message: str) -> None:
    desk = Desk({"switches": {"largest_attachment_bytes": 100}})
    path = f"/Invoices/{desk.invoice()['InvoiceID']}/Attachments/{quote(name)}"
    assert desk.refusals("PUT", path, content) == [message]


def test_at_most_ten() -> None:
    desk = Desk()
    path = f"/Invoices/{desk.invoice()['InvoiceID']}/Attachments"
    for number in range(10):
        desk.post(f"{path}/{number}.txt", b"x")
    assert desk.refusals("PUT", f"{path}/11.txt", b"x") == ["A document can have at most 10 attachments."]
    desk.put(f"{path}/9.txt", b"again")


def test_an_xml_file_is_a_file() -> None:
    desk = Desk()
    path = f"/Invoices/{desk.invoice()['InvoiceID']}/Attachments/a.xml"
    answer = desk.client.put(f"/api.xro/2.0{path}", data=b"<a>", content_type="text/xml", headers=desk.headers)
    assert answer.status_code == 200
    assert desk.call("GET", path).data == b"<a>"


def test_scope_and_unknown_documents() -> None:
    desk = Desk()
    assert desk.call("PUT", "/Invoices/NOPE/Attachments/a.txt", b"x").status_code == 404
    path = f"/Invoices/{desk.invoice()['InvoiceID']}/Attachments"
    assert desk.call("GET", f"{path}/missing.txt").status_code == 404
    desk.log_in("accounting.invoices accounting.attachments.read")
    assert desk.call("GET", path).status_code == 200
    assert desk.call("PUT", f"{path}/a.txt", b"x").status_code == 401
