"""All resources of the API, in the order in which the document shows them."""

from console.api.rest import Resource
from console.api.v1.description import description
from console.api.v1.tokens import tokens

RESOURCES: tuple[Resource, ...] = (
    description,
    tokens,
)
