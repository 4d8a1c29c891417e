"""/api/v1/tokens: who may speak to the console."""

from console.access.tokens import (
    IssuedToken,
    NewToken,
    TokenRow,
    create_token,
    read_token,
    revoke_token,
    show_token,
    tokens_query,
)
from console.api.rest import Call, Key, Order, Page, PageQuery, Resource, Scope, page_of
from console.store.schema import tokens as table

tokens = Resource("tokens", "Tokens: who may speak to the console, and what they may do.")


@tokens.get("/tokens", scope=Scope.TOKENS, errors=(5429,))
def list_tokens(call: Call, query: PageQuery) -> Page[TokenRow]:
    """List the tokens, newest first, also those that are revoked or expired."""
    newest = Order(table.c.token_id, descending=True)
    with call.reading() as connection:
        return page_of(connection, tokens_query(), [newest], query, show_token)


@tokens.post("/tokens", scope=Scope.TOKENS, status=201, errors=(4076, 4077, 4078))
def issue_token(call: Call, body: NewToken) -> IssuedToken:
    """Make a token.

    Its secret is in this answer and nowhere else. Nobody can give a scope or a namespace that
    the token of the request does not have itself.
    """
    with call.changing() as connection:
        return create_token(connection, body, call.principal, call.now, call.who)


@tokens.get("/tokens/{token_id}", scope=Scope.TOKENS, errors=(4079,))
def show_one_token(call: Call, token_id: Key) -> TokenRow:
    """Show one token."""
    with call.reading() as connection:
        return read_token(connection, token_id)


@tokens.delete("/tokens/{token_id}", scope=Scope.TOKENS, errors=(4079,))
def withdraw_token(call: Call, token_id: Key) -> TokenRow:
    """Revoke a token: it opens nothing from now on. Its name stays taken."""
    with call.changing() as connection:
        return revoke_token(connection, token_id, call.now)
