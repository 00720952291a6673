"""A trained model on the hub: put there whole, with its card, for anybody to serve by its id."""

from pathlib import Path

from huggingface_hub import HfApi, get_token
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, HTTPError  # type: ignore[attr-defined]
from huggingface_hub.utils import validate_repo_id  # type: ignore[attr-defined]

from kgqa.errors import InputError, KgqaError, ModelFormatError
from kgqa.manifest import verify_manifest
from kgqa.reasoning.pretrained import CONFIG

LOG_IN = "log in with `hf auth login`, or set HF_TOKEN to a token that may write (huggingface.co/settings/tokens)"


def push(directory: Path, name: str, private: bool | None = None) -> str:
    """Put a model directory on the hub in the place of what was there under this name; returns its address.

    Args:
        name: `user/name`; made if it is not there.
        private: whether a new one can be seen by its owner only (None: as the owner's settings say).
    Raises:
        ModelFormatError: if it is no whole model directory.
        InputError: if the name cannot be one, or nobody is logged in.
        KgqaError: if the hub refuses or cannot be reached.
    """
    verify_manifest(directory)
    if not (directory / CONFIG).is_file():
        raise ModelFormatError(f"{directory / CONFIG}: missing; this is no model directory")
    _check_name(name)
    token = get_token()
    if not token:
        raise InputError(f"nobody is logged in to the hub; {LOG_IN}")
    api = HfApi(token=token)
    try:
        address = api.create_repo(name, private=private, exist_ok=True)
        api.upload_folder(
            repo_id=name,
            folder_path=directory,
            commit_message=f"A kgqa model: {directory.name}",
            ignore_patterns=[".*", "**/.*"],
            delete_patterns=["*"],
        )
    except HfHubHTTPError as error:
        raise KgqaError(_refusal(name, error)) from error
    except (HTTPError, OSError) as error:
        raise KgqaError(f"the hub at {api.endpoint} cannot be reached ({error}); nothing is lost: try again") from error
    return str(address)


def _check_name(name: str) -> None:
    try:
        validate_repo_id(name)
    except HFValidationError as error:
        reason = str(error).split(":")[0].rstrip(".")
        raise InputError(f"--to {name!r}: {reason}; write user/name") from None
    if name.count("/") != 1:
        raise InputError(f"--to {name!r}: expected user/name")


def _refusal(name: str, error: HfHubHTTPError) -> str:
    """One line of what the hub said, and what to do."""
    status = error.response.status_code
    if status in (401, 403):
        return f"the hub does not let you write to {name} ({status}); {LOG_IN}"
    said = error.server_message or (str(error).splitlines() or [""])[0]
    return f"the hub refused {name} ({status}): {' '.join(said.split())[:200]}"
