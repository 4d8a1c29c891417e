"""The bag folder of a plan: what is in it, under which names, computed from the plan alone."""

from collections.abc import Iterator

from appliance.volume.bag import TagFile, payload_bytes, tag_files
from appliance.volume.form import Form, folder_name
from appliance.volume.plan import VolumePlan
from appliance.volume.plan_rules import check_plan, created_at_ns
from appliance.volume.tree import Tree

PART_PREFIX, PART_SUFFIX = ".stele-", ".part"
_CLUSTER_BYTES = 4096
_ENTRY_BYTES = 512
"""What a file system needs beside the content, at most, on an average: inode and name."""


class BagFolder:
    """The folder. Holds some bytes a file besides the plan.

    Raises:
        VolumeError: 3001, the plan is not canonical; 3002, it needs too many aliases.
    """

    def __init__(self, plan: VolumePlan) -> None:
        check_plan(plan)
        self.plan = plan
        self.name = folder_name(plan.identity.volume_id)
        self.part_name = f"{PART_PREFIX}{self.name}{PART_SUFFIX}"
        """Its name until all of it is on the disk."""
        self.created_ns = created_at_ns(plan.identity)
        self._tree = Tree(plan)
        self.tags: list[TagFile] = tag_files(self._tree, Form.FOLDER)
        self.size_bytes = payload_bytes(plan) + sum(tag.size_bytes for tag in self.tags)

    @property
    def footprint_bytes(self) -> int:
        """What it takes of a disk, at most: whole clusters and what describes them."""
        sizes = [tag.size_bytes for tag in self.tags]
        sizes += [file.size_bytes for file in self.plan.files]
        clusters = sum(-(-size // _CLUSTER_BYTES) for size in sizes) + 2 * len(self._tree.paths)
        return clusters * _CLUSTER_BYTES + (len(sizes) + len(self._tree.paths)) * _ENTRY_BYTES

    def folders(self) -> Iterator[tuple[str, int]]:
        """Path below the bag and modification time of each folder, each before what is in it."""
        for number in range(len(self._tree.paths)):
            yield self._tree.disc_path_of_folder(number), self._tree.mtimes_ns[number]

    def names_in(self) -> Iterator[tuple[str, set[str]]]:
        """Each folder below `data`, itself included, and the names of all that is in it."""
        tree = self._tree
        for number in range(len(tree.paths)):
            names = {tree.disc_name_of_folder(inner) for inner in tree.folders_in(number)}
            names.update(tree.disc_name_of_file(index) for index in tree.files_in(number))
            yield tree.disc_path_of_folder(number), names

    def path_of(self, index: int) -> str:
        """Path below the bag of the file `plan.files[index]`."""
        return self._tree.disc_path_of_file(index)
