"""All resources of the API, in the order in which the document shows them."""

from console.api.rest import Resource
from console.api.v1.alarms import alarms
from console.api.v1.appliances import appliances
from console.api.v1.archive import archive
from console.api.v1.commands import commands
from console.api.v1.copies import copies
from console.api.v1.description import description
from console.api.v1.jobs import jobs
from console.api.v1.media import media
from console.api.v1.namespaces import namespaces
from console.api.v1.policies import policies
from console.api.v1.pools import pools
from console.api.v1.refusals import refusals
from console.api.v1.status import status
from console.api.v1.tokens import tokens

RESOURCES: tuple[Resource, ...] = (
    description,
    status,
    archive,
    appliances,
    alarms,
    media,
    copies,
    jobs,
    commands,
    refusals,
    namespaces,
    policies,
    pools,
    tokens,
)
