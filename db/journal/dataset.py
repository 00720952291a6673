"""A journal in a private data set on the Hugging Face hub."""

import tempfile
from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager
from pathlib import Path

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, get_token, snapshot_download
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, HTTPError  # type: ignore[attr-defined]
from huggingface_hub.utils import disable_progress_bars  # type: ignore[attr-defined]

from db.errors import StoreError, StoreInputError
from db.journal.place import NAME

TOKEN = "set HF_TOKEN to a token that may write there (huggingface.co/settings/tokens)"


class DataSet:
    """A `Place`: made private if it is not there; what is removed is removed from its history too.

    Raises:
        StoreInputError: if nobody is logged in, the name cannot be one, or others can see the data set.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        token = get_token()
        if not token:
            raise StoreInputError(f"KGQA_JOURNAL: nobody is logged in to the hub; {TOKEN}")
        self.token = token
        self.api = HfApi(token=token)
        with self._plainly():
            self.api.create_repo(name, repo_type="dataset", private=True, exist_ok=True)
            private = self.api.dataset_info(name).private
        if not private:
            raise StoreInputError(f"KGQA_JOURNAL: the data set {name} can be seen by others; make it private")

    def __str__(self) -> str:
        return f"{self.api.endpoint}/datasets/{self.name}"

    def names(self) -> set[str]:
        """The files that are there."""
        with self._plainly():
            return set(filter(NAME.fullmatch, self.api.list_repo_files(self.name, repo_type="dataset")))

    def read(self) -> Iterator[tuple[str, bytes]]:
        """Every file, in the order of their names; no copy is kept here."""
        with tempfile.TemporaryDirectory() as folder:
            with self._plainly(), disable_progress_bars():
                snapshot_download(
                    self.name,
                    repo_type="dataset",
                    local_dir=folder,
                    allow_patterns="*.jsonl",
                    endpoint=self.api.endpoint,
                    token=self.token,
                )
            for path in sorted(Path(folder).iterdir()):
                if NAME.fullmatch(path.name):
                    yield path.name, path.read_bytes()

    def put(self, files: Mapping[str, bytes], old: Set[str]) -> None:
        """Add new files and remove old ones in one commit; after a removal the commits before are forgotten."""
        there = self.names() & old if old else set()
        added = [CommitOperationAdd(name, data) for name, data in files.items()]
        removed = [CommitOperationDelete(name) for name in there]
        with self._plainly():
            if added or removed:
                self.api.create_commit(
                    self.name, [*added, *removed], repo_type="dataset", commit_message="What was said and done"
                )
            if old:
                self.api.super_squash_history(self.name, repo_type="dataset", commit_message="The journal")

    @contextmanager
    def _plainly(self) -> Iterator[None]:
        try:
            yield
        except HFValidationError:
            raise StoreInputError(f"KGQA_JOURNAL: {self.name!r} is no name of a data set; write user/name") from None
        except HfHubHTTPError as error:
            raise StoreError(self._refusal(error)) from None
        except (HTTPError, OSError) as error:
            said = (str(error).splitlines() or [""])[0]
            raise StoreError(f"the journal {self} cannot be reached ({said[:200]})") from None

    def _refusal(self, error: HfHubHTTPError) -> str:
        status = error.response.status_code
        if status in (401, 403):
            return f"the hub does not let you write to the data set {self.name} ({status}); {TOKEN}"
        said = error.server_message or (str(error).splitlines() or [""])[0]
        return f"the hub refused the data set {self.name} ({status}): {' '.join(said.split())[:200]}"
