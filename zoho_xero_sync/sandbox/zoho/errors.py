"""Errors as Zoho CRM answers them: a status and the flat envelope of code, details, message.

Source: www.zoho.com/crm/developer/docs/api/v8/status-codes.html and the pages of each call.
"""

from __future__ import annotations

from typing import Any

from .rule import rules

RULES = (
    *rules(
        "status-codes.html",
        "A refusal is {code, details, message, status}; nothing to show is 204 without a body.",
        "A missing or garbled Authorization answers 401 AUTHENTICATION_FAILURE, an unknown or expired token 401 "
        "INVALID_TOKEN.",
        "An unknown path answers 404 INVALID_URL_PATTERN, a wrong verb 405 INVALID_REQUEST_METHOD.",
    ),
    *rules(
        "scopes.html",
        "A call outside the token's scopes answers 401 OAUTH_SCOPE_MISMATCH, which no refresh can cure.",
        "Scopes name modules in their own spelling: Sales_Orders is salesorders.",
    ),
)


MESSAGES = {
    "ALREADY_MODIFIED": "record already modified",
    "AMBIGUITY_DURING_PROCESSING": "ambiguity while processing the request",
    "AUTHENTICATION_FAILURE": "Authentication failed",
    "CRITERIA_LIMIT_EXCEEDED": "the criteria has too many conditions",
    "DISCRETE_PAGINATION_LIMIT_EXCEEDED": "only the first 2000 records can be fetched without a page_token",
    "DUPLICATE_ALIAS": "duplicate alias given",
    "DUPLICATE_DATA": "duplicate data",
    "EXPECTED_FIELD_MISSING": "one of the expected fields is missing",
    "EXPECTED_PARAM_MISSING": "One of the expected parameter is missing",
    "EXPIRED_VALUE": "the page_token has expired",
    "INTERNAL_ERROR": "Internal Server Error",
    "INVALID_ALIAS": "invalid alias given",
    "INVALID_DATA": "invalid data",
    "INVALID_MODULE": "the module name given seems to be invalid",
    "INVALID_QUERY": "invalid query formed",
    "INVALID_REQUEST_METHOD": "The http request method type is not a valid one",
    "INVALID_TOKEN": "invalid oauth token",
    "INVALID_URL_PATTERN": "Please check if the URL trying to access is a correct one",
    "LIMIT_EXCEEDED": "limit exceeded",
    "LIMIT_REACHED": "only the first 2000 records can be searched",
    "MANDATORY_NOT_FOUND": "required field not found",
    "MAPPING_MISMATCH": "Pipeline doesn't contain the Stage",
    "NO_PERMISSION": "permission denied",
    "NOT_APPROVED": "record not approved",
    "NOT_SUPPORTED": "this is not supported",
    "OAUTH_SCOPE_MISMATCH": "invalid oauth scope to access this URL",
    "PAGINATION_LIMIT_EXCEEDED": "only 100000 records can be fetched with a page_token",
    "PATTERN_NOT_MATCHED": "Please check whether the input values are correct",
    "RECORD_IN_BLUEPRINT": "The record is in blue print",
    "RECORD_LOCKED": "record is locked",
    "REQUIRED_PARAM_MISSING": "One of the expected parameter is missing",
    "SYNTAX_ERROR": "invalid query formed",
    "TOKEN_BOUND_DATA_MISMATCH": "the page_token does not belong to this request",
    "TOO_MANY_REQUESTS": "You have made too many requests. Please try again after some time.",
}


class ZohoError(Exception):
    """A refusal: `status` is the HTTP status, `body()` the envelope."""

    def __init__(
        self,
        code: str,
        details: dict[str, Any] | None = None,
        *,
        message: str | None = None,
        status: int = 400,
        headers: dict[str, str] | None = None,
    ) -> None:
        self.code = code
        self.details = details or {}
        self.message = message or MESSAGES.get(code, code.replace("_", " ").lower())
        self.status = status
        self.headers = headers or {}
        super().__init__(f"{status} {code} {self.details}")

    def body(self) -> dict[str, Any]:
        """The envelope as a JSON value."""
        return {"code": self.code, "details": self.details, "message": self.message, "status": "error"}
