"""All resources of the API, in the order in which the document shows them."""

from console.api.rest import Resource
from console.api.v1.alarms import alarms
from console.api.v1.appliances import appliances
from console.api.v1.archive import archive
from console.api.v1.commands import commands
from console.api.v1.copies import copies
from console.api.v1.description import description
from console.api.v1.ingests import ingests
from console.api.v1.jobs import jobs
from console.api.v1.media import media
from console.api.v1.namespaces import namespaces
from console.api.v1.plans import plans
from console.api.v1.policies import policies
from console.api.v1.pools import pools
from console.api.v1.refusals import refusals
from console.api.v1.requests import requests
from console.api.v1.selections import selections
from console.api.v1.spares import spares
from console.api.v1.status import status
from console.api.v1.tasks import tasks
from console.api.v1.tiers import tiers
from console.api.v1.tokens import tokens
from console.api.v1.work import work

RESOURCES: tuple[Resource, ...] = (
    description,
    status,
    archive,
    ingests,
    requests,
    selections,
    tasks,
    tiers,
    appliances,
    alarms,
    media,
    plans,
    copies,
    spares,
    work,
    jobs,
    commands,
    refusals,
    namespaces,
    policies,
    pools,
    tokens,
)
