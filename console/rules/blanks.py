"""Whether there are media enough for all copies of a plan, and which are missing. Pure."""

import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from appliance.contract.states import MediumKind
from console.rules.fleet import Demand
from console.rules.pool import Pool
from console.rules.problems import Problem, Severity, listed
from console.rules.roles import Places
from console.rules.shortage import Batch, Stock, missing_units

Use = tuple[int, str]
"""An order by its place, and a role of its policy."""


@dataclass(frozen=True, slots=True)
class Order:
    """Volumes of one policy, and who may write the copy of each role."""

    places: Places
    demand: Demand


@dataclass(frozen=True, slots=True)
class Shelf:
    """Media alike: the same kind at the same site, of one size, for the same uses."""

    site: str
    kind: MediumKind
    uses: frozenset[Use]
    size_bytes: int
    """Of each disc at least; 0 for carriers of many volumes, whose room is counted together."""


def blank_problems(orders: Sequence[Order], pools: Mapping[str, Pool]) -> Iterator[Problem]:
    """What is missing so that every volume of every order has all its copies."""
    orders = [order for order in orders if order.demand.image_size_bytes]
    if not orders:
        return
    count = _Count(orders, pools)
    shelves = sorted(count.units, key=count.order)
    stocks = [Stock(shelf, shelf.site, count.units[shelf]) for shelf in shelves]
    missing = missing_units(stocks, list(count.batches(shelves)))
    for place, units in sorted((missing or {}).items()):
        yield count.problem(shelves[place], units)


class _Count:
    """The shelves of all appliances, and the volumes by what they need."""

    def __init__(self, orders: Sequence[Order], pools: Mapping[str, Pool]) -> None:
        self._orders, self._pools = orders, pools
        sizes = [size for order in orders for size in order.demand.image_size_bytes]
        self._mean_bytes = max(1.0, sum(sizes) / len(sizes))
        self._nominal_bytes = min(
            order.places.policy.nominal_capacity_bytes.value
            - order.places.policy.capacity_margin_bytes.value
            for order in orders
        )
        self._uses = self._uses_by_appliance()
        self._disc_sizes = self._sizes_of_discs(max(sizes))
        self.units: dict[Shelf, float] = {}
        self._appliances: defaultdict[Shelf, set[str]] = defaultdict(set)
        self._fill_shelves()

    def order(self, shelf: Shelf) -> tuple[str, str, int, list[Use]]:
        return shelf.site, shelf.kind, shelf.size_bytes, sorted(shelf.uses)

    def _uses_by_appliance(self) -> dict[tuple[str, MediumKind], set[Use]]:
        uses: defaultdict[tuple[str, MediumKind], set[Use]] = defaultdict(set)
        self._stock = {}
        for number, order in enumerate(self._orders):
            for role, row in order.places.by_role.items():
                for each in row:
                    self._stock[each.appliance] = each
                    uses[each.appliance, order.places.policy.medium_of(role)].add((number, role))
        return uses

    def _sizes_of_discs(self, largest_bytes: int) -> list[int]:
        """The sizes that tell discs apart, the last one large enough for every volume."""
        sizes = {
            size or self._nominal_bytes
            for (name, kind) in self._uses
            if kind is MediumKind.DISC
            for size in self._stock[name].room_bytes.get(kind, ())
        }
        sizes |= {pool.capacity_min_bytes for pool in self._pools.values()}
        largest_bytes = max(largest_bytes, *(p.capacity_min_bytes for p in self._pools.values()), 1)
        return sorted({size for size in sizes if 0 < size < largest_bytes} | {largest_bytes})

    def _fill_shelves(self) -> None:
        for (name, kind), uses in self._uses.items():
            rooms = self._stock[name].room_bytes.get(kind, ())
            if kind is not MediumKind.DISC:
                shelf = Shelf(self._stock[name].site, kind, frozenset(uses), 0)
                self._put(shelf, name, sum(rooms) / self._mean_bytes)
                continue
            for size in self._disc_sizes:  # Discs of each size could be added.
                self._put(self._disc_shelf(name, uses, size, size), name, 0.0)
            for room in rooms:
                known = room or self._nominal_bytes
                size = max((s for s in self._disc_sizes if s <= known), default=0)
                if size:
                    self._put(self._disc_shelf(name, uses, size, room), name, 1.0)

    def _disc_shelf(self, name: str, uses: set[Use], size: int, room: int) -> Shelf:
        """A disc is for the uses whose pool takes a disc of its size."""
        kept = frozenset(
            use for use in uses if self._takes(use, name, MediumKind.DISC, room or None)
        )
        return Shelf(self._stock[name].site, MediumKind.DISC, kept, size)

    def _takes(self, use: Use, name: str, kind: MediumKind, room: int | None) -> bool:
        pool = self._orders[use[0]].places.policy.pool_of(use[1])
        return pool is None or self._pools[pool].has_medium(name, kind, room)

    def _put(self, shelf: Shelf, appliance: str, units: float) -> None:
        self.units[shelf] = self.units.get(shelf, 0.0) + units
        self._appliances[shelf].add(appliance)

    def batches(self, shelves: Sequence[Shelf]) -> Iterator[Batch]:
        """The volumes of each order, by the discs that are large enough for them."""
        for number, order in enumerate(self._orders):
            by_size: defaultdict[int, list[int]] = defaultdict(list)
            for size in order.demand.image_size_bytes:
                at = bisect_left(self._disc_sizes, size)
                by_size[self._disc_sizes[at]].append(size)
            for disc_bytes, sizes in sorted(by_size.items()):
                yield self._batch(number, order, disc_bytes, sizes, shelves)

    def _batch(
        self, number: int, order: Order, disc_bytes: int, sizes: list[int], shelves: Sequence[Shelf]
    ) -> Batch:
        policy = order.places.policy
        roles = list(order.places.by_role)
        choices = []
        for role in roles:
            is_disc = policy.medium_of(role) is MediumKind.DISC
            choices.append(
                tuple(
                    place
                    for place, shelf in enumerate(shelves)
                    if (number, role) in shelf.uses
                    and (not is_disc or shelf.size_bytes >= disc_bytes)
                )
            )
        apart = frozenset(
            (roles.index(role), roles.index(other))
            for role in roles
            for other in policy.sites_apart(role)
        )
        share = sum(sizes) / len(sizes) / self._mean_bytes
        return Batch(
            len(sizes),
            tuple(choices),
            apart,
            lambda place: 1.0 if shelves[place].kind is MediumKind.DISC else share,
        )

    def problem(self, shelf: Shelf, units: float) -> Problem:
        is_disc = shelf.kind is MediumKind.DISC
        scale = 1.0 if is_disc else self._mean_bytes
        missing = math.ceil(units * scale - 1e-3)
        roles = tuple(sorted({role for _, role in shelf.uses}))
        policies = sorted({self._orders[n].places.policy.policy_id for n, _ in shelf.uses})
        pools = {self._orders[n].places.policy.pool_of(role) for n, role in shelf.uses}
        pool = " or ".join(sorted(name for name in pools if name)) if None not in pools else ""
        where = f"{f' in pool {pool}' if pool else ''} at {shelf.site}"
        cabinets = sorted(self._appliances[shelf])
        if is_disc:
            too_small = self._is_too_large_for_all(shelf)
            size = f" of at least {shelf.size_bytes} bytes" if len(self._disc_sizes) > 1 else ""
            what = f"{missing} blank disc{'s' if missing != 1 else ''}{size}"
            verb = "is" if missing == 1 else "are"
            helps = f"put {what} into {listed(cabinets)}"
        else:
            too_small = False
            what, verb = f"{missing} bytes of room on {shelf.kind}s", "are"
            helps = f"put more {shelf.kind}s into {listed(cabinets)}"
        return Problem(
            5216 if too_small else 5215,
            Severity.BLOCKS,
            ", ".join(policies),
            roles,
            f"{what} {verb} missing{where} for {listed(roles)}",
            f"{helps}, and take an inventory",
            site=shelf.site,
            pool=pool,
            medium_kind=shelf.kind,
            missing=missing,
        )

    def _is_too_large_for_all(self, shelf: Shelf) -> bool:
        """Whether no blank at all, anywhere, holds what these discs are wanted for."""
        return not any(
            units and other.kind is shelf.kind and other.size_bytes >= shelf.size_bytes
            for other, units in self.units.items()
        )
