"""The standard modules of a Zoho CRM organisation, as far as deals and their money reach.

Source: www.zoho.com/crm/developer/docs/api/v8/modules-api.html and the official SDK's field names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from .schema import Field, Module, custom_field, parse_fields

DOCUMENTS = {"Quotes": "Quoted_Items", "Sales_Orders": "Ordered_Items", "Invoices": "Invoiced_Items"}
DEAL_FIELD = {"Quotes": "Deal_Name", "Sales_Orders": "Deal_Name", "Invoices": "Deal_Name__s"}
HISTORY = "DealHistory"
_WITH_CURRENCY = ("Deals", "Accounts", "Contacts", "Products", "Quotes", "Sales_Orders", "Invoices")

_SYSTEM = """
id bigint read_only
Owner ownerlookup:users
Created_By ownerlookup:users read_only
Modified_By ownerlookup:users read_only
Created_Time datetime read_only
Modified_Time datetime read_only
"""
_RECORD = (
    _SYSTEM
    + """
Last_Activity_Time datetime read_only
Record_Status__s text read_only
Locked__s boolean read_only
Tag jsonarray
Description textarea
"""
)
_DEALS = """
Deal_Name text 120 mandatory
Stage picklist mandatory
Pipeline picklist
Amount currency
Expected_Revenue currency read_only
Probability integer
Closing_Date date
Account_Name lookup:Accounts
Contact_Name lookup:Contacts
Type picklist
Lead_Source picklist
Next_Step text
Reason_For_Loss__s picklist
Overall_Sales_Duration integer read_only
Sales_Cycle_Duration integer read_only
Lead_Conversion_Time integer read_only
Change_Log_Time__s datetime read_only
"""
_BILLING_AND_SHIPPING = "\n".join(
    f"{side}_{part} {kind}"
    for side in ("Billing", "Shipping")
    for part, kind in (
        ("Street", "text 250"),
        ("City", "text"),
        ("State", "text"),
        ("Code", "text 30"),
        ("Country", "text"),
    )
)
_ACCOUNTS = (
    """
Account_Name text 200 mandatory
Account_Number text 40
Account_Type picklist
Account_Site text 80
Parent_Account lookup:Accounts
Phone phone
Fax phone
Website website
Industry picklist
Employees integer
Annual_Revenue currency
Ownership picklist
Rating picklist
SIC_Code integer
Ticker_Symbol text 30
Change_Log_Time__s datetime read_only
"""
    + _BILLING_AND_SHIPPING
)
_CONTACTS = """
First_Name text 40
Last_Name text 80 mandatory
Full_Name text 121 read_only
Salutation picklist
Email email
Secondary_Email email
Phone phone
Mobile phone
Home_Phone phone
Other_Phone phone
Asst_Phone phone
Account_Name lookup:Accounts
Title text 100
Department text 50
Reporting_To lookup:Contacts
Email_Opt_Out boolean
Date_of_Birth date
Data_Source picklist
Change_Log_Time__s datetime read_only
""" + "\n".join(
    f"{side}_{part} {kind}"
    for side in ("Mailing", "Other")
    for part, kind in (
        ("Street", "text 250"),
        ("City", "text"),
        ("State", "text"),
        ("Zip", "text 30"),
        ("Country", "text"),
    )
)
_PRODUCTS = """
Product_Name text 200 mandatory
Product_Code text 40
Unit_Price currency
Product_Active boolean
Product_Category picklist
Taxable boolean
Tax multiselectpicklist
Usage_Unit picklist
Qty_in_Stock double
Qty_Ordered double
Qty_in_Demand double
Reorder_Level double
Commission_Rate currency
Manufacturer picklist
"""
_DOCUMENT = (
    """
Subject text 120 mandatory
Account_Name lookup:Accounts
Contact_Name lookup:Contacts
Sub_Total formula:currency
Discount currency
Tax currency
Adjustment currency
Grand_Total formula:currency
Carrier picklist
Terms_and_Conditions textarea
"""
    + _BILLING_AND_SHIPPING
)
_QUOTES = """
Quote_Number autonumber read_only
Deal_Name lookup:Deals
Quote_Stage picklist mandatory
Valid_Till date
Team text
Quoted_Items subform:Quoted_Items
"""
_SALES_ORDERS = """
SO_Number autonumber read_only
Deal_Name lookup:Deals
Quote_Name lookup:Quotes
Status picklist mandatory
Due_Date date
Customer_No text
Purchase_Order text
Excise_Duty currency
Sales_Commission currency
Ordered_Items subform:Ordered_Items
"""
_INVOICES = """
Invoice_Number autonumber read_only
Deal_Name__s lookup:Deals
Sales_Order lookup:Sales_Orders
Status picklist mandatory
Invoice_Date date
Due_Date date
Purchase_Order text
Excise_Duty currency
Sales_Commission currency
Invoiced_Items subform:Invoiced_Items
"""
_ITEMS = """
id bigint read_only
Product_Name lookup:Products
Quantity double
List_Price currency
Discount currency
Tax currency
Line_Tax jsonarray
Total formula:currency
Total_After_Discount formula:currency
Net_Total formula:currency
Description textarea
Price_Book_Name text
Sequence_Number integer
Created_Time datetime read_only
Modified_Time datetime read_only
"""
_SUBFORM = """
id bigint read_only
Created_Time datetime read_only
Modified_Time datetime read_only
"""
_NOTES = """
Note_Title text 120
Note_Content textarea 65535 mandatory
Parent_Id multi_module_lookup mandatory
"""
_HISTORY = """
id bigint read_only
Potential_Name lookup:Deals read_only
Stage picklist read_only
Moved_To__s picklist read_only
Stage_Duration_Calendar_Days integer read_only
Amount currency read_only
Probability integer read_only
Expected_Revenue currency read_only
Close_Date date read_only
Modified_By ownerlookup:users read_only
Created_Time datetime read_only
Modified_Time datetime read_only
"""
_USERS = """
id bigint read_only
first_name text
last_name text
full_name text
email email
Created_Time datetime read_only
Modified_Time datetime read_only
"""
_PICK_LISTS = {
    ("Quotes", "Quote_Stage"): (
        "Draft",
        "Negotiation",
        "Delivered",
        "On Hold",
        "Confirmed",
        "Closed Won",
        "Closed Lost",
    ),
    ("Sales_Orders", "Status"): ("Created", "Approved", "Delivered", "Cancelled"),
    ("Invoices", "Status"): ("Created", "Approved", "Delivered", "Cancelled"),
    ("Deals", "Type"): ("New Business", "Existing Business"),
    ("Deals", "Lead_Source"): ("Advertisement", "Cold Call", "Partner", "Web Download"),
}


def standard_modules() -> dict[str, Module]:
    """Every module by API name, without custom fields and without currency fields."""
    modules = [
        Module("Deals", "Deal", "Deals", "deals", "Deal_Name", parse_fields(_RECORD + _DEALS)),
        Module("Accounts", "Account", "Accounts", "accounts", "Account_Name", parse_fields(_RECORD + _ACCOUNTS)),
        Module("Contacts", "Contact", "Contacts", "contacts", "Full_Name", parse_fields(_RECORD + _CONTACTS)),
        Module("Products", "Product", "Products", "products", "Product_Name", parse_fields(_RECORD + _PRODUCTS)),
        Module("Quotes", "Quote", "Quotes", "quotes", "Subject", parse_fields(_RECORD + _DOCUMENT + _QUOTES)),
        Module(
            "Sales_Orders",
            "Sales Order",
            "Sales Orders",
            "salesorders",
            "Subject",
            parse_fields(_RECORD + _DOCUMENT + _SALES_ORDERS),
        ),
        Module("Invoices", "Invoice", "Invoices", "invoices", "Subject", parse_fields(_RECORD + _DOCUMENT + _INVOICES)),
        Module("Notes", "Note", "Notes", "notes", "Note_Title", parse_fields(_SYSTEM + _NOTES)),
        Module(HISTORY, "Deal History", "Deal History", "deals", "id", parse_fields(_HISTORY)),
        Module("users", "User", "Users", "users", "full_name", parse_fields(_USERS)),
    ]
    modules += [_subform(items, by_name, _ITEMS) for by_name, items in DOCUMENTS.items()]
    return {m.api_name: _with_pick_lists(m) for m in modules}


def scope_name(module: Module, switches: Mapping[str, object]) -> str:
    """What a module is called inside scopes; for a subform an administrator made the pages leave two readings."""
    made = module.parent is not None and module.api_name not in DOCUMENTS.values()
    return "custom" if made and switches["subform_scope"] == "custom" else module.scope


def build_schema(
    custom: Mapping[str, Mapping[str, Any]],
    stages: Sequence[str],
    pipelines: Sequence[str],
    *,
    multi_currency: bool,
    currencies: Sequence[str],
) -> dict[str, Module]:
    """The organisation's modules: standard ones, its stages and pipelines, currency fields, custom fields and subforms.

    Raises ValueError for a custom field on a module that does not exist or of a type that does not exist.
    """
    modules = standard_modules()
    deals = modules["Deals"]
    modules["Deals"] = deals.with_fields(
        replace(deals.fields["Stage"], values=tuple(stages)),
        replace(deals.fields["Pipeline"], values=tuple(pipelines)),
    )
    if multi_currency:
        money = (Field("Currency", "picklist", values=tuple(currencies)), Field("Exchange_Rate", "double"))
        modules |= {name: modules[name].with_fields(*money) for name in _WITH_CURRENCY}
    for name, fields in custom.items():
        if name not in modules:
            raise ValueError(f"fields: Zoho has no module {name!r}")
        for api_name, spec in fields.items():
            _add_custom(modules, name, api_name, spec)
    return modules


def _add_custom(modules: dict[str, Module], name: str, api_name: str, spec: Any) -> None:
    added = custom_field(api_name, spec)
    modules[name] = modules[name].with_fields(added)
    if added.kind == "subform" and added.target and added.target not in modules:
        columns = spec.get("fields", {}) if isinstance(spec, Mapping) else {}
        rows = _subform(added.target, name, _SUBFORM)
        modules[added.target] = rows.with_fields(*(custom_field(column, kind) for column, kind in columns.items()))


def _subform(api_name: str, parent: str, table: str) -> Module:
    label = api_name.replace("_", " ")
    scope = {"Sales_Orders": "salesorders"}.get(parent, parent.lower())
    fields = {**parse_fields(table), "Parent_Id": Field("Parent_Id", "lookup", target=parent)}
    return Module(api_name, label, label, scope, "id", fields, parent=parent)


def _with_pick_lists(module: Module) -> Module:
    listed = [
        (f, _PICK_LISTS[key]) for f in module.fields.values() if (key := (module.api_name, f.api_name)) in _PICK_LISTS
    ]
    return module.with_fields(*(replace(f, values=values) for f, values in listed))
