"""The folders of a plan, numbered level by level, and which files and folders lie in each.

Level by level, so that the folders in one folder have consecutive numbers, as its files have in
the plan. Folder 0 is the bag's `data` folder itself.
"""

from array import array
from collections.abc import Iterator

from appliance.volume.disc_names import aliases, needs_alias
from appliance.volume.names import order_of_folder
from appliance.volume.plan import VolumePlan
from appliance.volume.plan_rules import created_at_ns


class Tree:
    """Parallel arrays by folder number: about 100 bytes a folder, 4 bytes a file."""

    def __init__(self, plan: VolumePlan) -> None:
        self.plan = plan
        self.paths = _folder_paths(plan)
        numbers = {path: number for number, path in enumerate(self.paths)}
        count = len(self.paths)
        created_ns = created_at_ns(plan.identity)
        self.mtimes_ns = array("q", [created_ns]) * count
        for folder in plan.folders:
            self.mtimes_ns[numbers[folder.path]] = folder.mtime_ns
        self.parents = array("I", [0]) * count
        self.first_folder = array("I", [0]) * count
        self.folder_count = array("I", [0]) * count
        self.first_file = array("I", [0]) * count
        self.file_count = array("I", [0]) * count
        self.file_folders = array("I", [0]) * len(plan.files)
        self._place_folders(numbers)
        self._place_files(numbers)
        self._alias_folders, self._alias_files = self._find_aliases()

    def _place_folders(self, numbers: dict[str, int]) -> None:
        for number in range(1, len(self.paths)):
            parent = numbers[self.paths[number].rpartition("/")[0]]
            self.parents[number] = parent
            if not self.folder_count[parent]:
                self.first_folder[parent] = number
            self.folder_count[parent] += 1

    def _place_files(self, numbers: dict[str, int]) -> None:
        last, number = None, 0
        for index, file in enumerate(self.plan.files):
            folder = file.path.rpartition("/")[0]
            if folder != last:
                last, number = folder, numbers[folder]
                self.first_file[number] = index
            self.file_folders[index] = number
            self.file_count[number] += 1

    def folders_in(self, number: int) -> range:
        first = self.first_folder[number]
        return range(first, first + self.folder_count[number])

    def files_in(self, number: int) -> range:
        first = self.first_file[number]
        return range(first, first + self.file_count[number])

    def disc_name_of_folder(self, number: int) -> str:
        return self._alias_folders.get(number) or _name(self.paths[number])

    def disc_name_of_file(self, index: int) -> str:
        return self._alias_files.get(index) or _name(self.plan.files[index].path)

    def disc_path_of_folder(self, number: int) -> str:
        """Path in the bag, as it is on the disc: `data/…`."""
        if not self._alias_folders:
            path = self.paths[number]
            return f"data/{path}" if path else "data"
        names = []
        while number:
            names.append(self.disc_name_of_folder(number))
            number = self.parents[number]
        return "/".join(("data", *reversed(names)))

    def disc_path_of_file(self, index: int) -> str:
        folder = self.disc_path_of_folder(self.file_folders[index])
        return f"{folder}/{self.disc_name_of_file(index)}"

    @property
    def aliased_folders(self) -> list[int]:
        return sorted(self._alias_folders)

    @property
    def aliased_files(self) -> list[int]:
        return sorted(self._alias_files)

    def _find_aliases(self) -> tuple[dict[int, str], dict[int, str]]:
        """Aliases by folder number and by file index; nearly always there are none."""
        wanting = {self.parents[n] for n in range(1, len(self.paths)) if self._folder_unfit(n)}
        wanting.update(
            self.file_folders[index]
            for index, file in enumerate(self.plan.files)
            if needs_alias(_name(file.path))
        )
        folders: dict[int, str] = {}
        files: dict[int, str] = {}
        for number in sorted(wanting):
            of_name = aliases(self._names_in(number))
            for inner in self.folders_in(number):
                if alias := of_name.get(_name(self.paths[inner])):
                    folders[inner] = alias
            for index in self.files_in(number):
                if alias := of_name.get(_name(self.plan.files[index].path)):
                    files[index] = alias
        return folders, files

    def _folder_unfit(self, number: int) -> bool:
        return needs_alias(_name(self.paths[number]))

    def _names_in(self, number: int) -> Iterator[str]:
        for inner in self.folders_in(number):
            yield _name(self.paths[inner])
        for index in self.files_in(number):
            yield _name(self.plan.files[index].path)


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _folder_paths(plan: VolumePlan) -> list[str]:
    """All folders below `data`, level by level; first "" for `data` itself."""
    paths = {folder.path for folder in plan.folders}
    paths.update(file.path.rpartition("/")[0] for file in plan.files)
    for path in list(paths):
        parent = path
        while (parent := parent.rpartition("/")[0]) and parent not in paths:
            paths.add(parent)
    paths.discard("")
    ordered = sorted(paths, key=lambda path: (path.count("/"), order_of_folder(path)))
    return ["", *ordered]
