"""Where and how the chat is deployed: one settings object, read from the environment."""

import os
from pathlib import Path
from typing import Annotated

from pydantic import AliasChoices, Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from kgqa.errors import InputError

ROOT = Path(__file__).resolve().parents[1]
WORLD = ROOT / "assets" / "world" / "model"


class Settings(BaseSettings):
    """Every setting of a deployment; each is an environment variable with the prefix `KGQA_`."""

    model_config = SettingsConfigDict(env_prefix="KGQA_", extra="ignore", frozen=True, populate_by_name=True)

    model: Path = Field(WORLD, description="The model directory that answers.")
    graph: Annotated[tuple[Path, ...], NoDecode] = Field(
        (), description="Graph files to answer from, comma-separated, instead of the graph of the model."
    )
    train: bool = Field(False, description="Whether the model is trained on questions made from these files.")
    cache: Path = Field(ROOT / "runs" / "graphs", description="Where the models for such files are kept.")
    database_url: str = Field(
        f"sqlite:///{ROOT / 'kgqa.db'}", description="Where conversations and feedback are kept: SQLite or PostgreSQL."
    )
    journal: str = Field(
        "", description="Where the database is written down as it changes: a directory, or a data set on the hub."
    )
    journal_seconds: float = Field(60, gt=0, description="How often that is done, in seconds.")
    host: str = Field(
        "127.0.0.1",
        validation_alias=AliasChoices("KGQA_HOST", "GRADIO_SERVER_NAME"),  # the second is how a Space says it
        description="The address to listen on; 0.0.0.0 for every interface.",
    )
    port: int = Field(
        7860,
        ge=0,
        le=65535,
        validation_alias=AliasChoices("KGQA_PORT", "GRADIO_SERVER_PORT"),
        description="The port to listen on.",
    )
    secret: str = Field(
        "",
        description="Mixed into the key under which a browser's conversations are kept. "
        "Changing it makes every browser start with an empty history.",
    )
    title: str = Field("Ask the world", max_length=60, description="The name in the page's header.")
    promise: str = Field(
        "Answers from a graph of facts, each with the way it was found.",
        max_length=160,
        description="The line beneath the name.",
    )
    rate_per_minute: int = Field(300, ge=1, description="Requests that one address may send in a minute.")
    total_per_minute: int = Field(3000, ge=1, description="Requests that all addresses together may send in a minute.")
    body_limit: int = Field(2_000_000, ge=10_000, description="The largest request body in bytes.")
    queue_size: int = Field(64, ge=1, description="Questions that may wait at once; further ones are turned away.")
    mcp: bool = Field(False, description="Whether assistants may ask over MCP, at /mcp.")
    workers: int = Field(2, ge=1, le=64, description="Questions that are answered at the same time.")
    trusted_proxies: str = Field(
        default_factory=lambda: "*" if "SPACE_ID" in os.environ else "127.0.0.1",  # a Space is always behind one
        description="Proxies whose X-Forwarded-For is believed, comma-separated; * for all.",
    )
    frame_ancestors: str = Field(
        "'self' https://huggingface.co",
        description="Sites that may show the page in a frame (a CSP source list).",
    )
    review_password_hash: str = Field(
        "",
        repr=False,
        description="The hash of the password of the review page, as `python -m kgqa hash-password` prints it.",
    )
    review_users: str = Field(
        "", description="Hugging Face names, comma-separated, that may sign in to the review page."
    )
    oauth_client_id: str = Field(
        "",
        validation_alias=AliasChoices("KGQA_OAUTH_CLIENT_ID", "OAUTH_CLIENT_ID"),  # the second is how a Space says it
        description="This app's id at Hugging Face, for the sign-in.",
    )
    oauth_client_secret: str = Field(
        "",
        repr=False,
        validation_alias=AliasChoices("KGQA_OAUTH_CLIENT_SECRET", "OAUTH_CLIENT_SECRET"),
        description="This app's secret at Hugging Face, for the sign-in.",
    )
    openid_provider_url: str = Field(
        "https://huggingface.co",
        validation_alias=AliasChoices("KGQA_OPENID_PROVIDER_URL", "OPENID_PROVIDER_URL"),
        description="Who signs people in.",
    )
    public_url: str = Field(
        default_factory=lambda: _space_url(os.environ.get("SPACE_HOST", "")),
        description="Where people reach the app, if requests don't say so; the sign-in comes back there.",
    )

    @property
    def public(self) -> bool:
        """Whether others than this machine may reach the app."""
        return "SPACE_ID" in os.environ or self.host not in ("127.0.0.1", "localhost", "::1")

    @field_validator("graph", mode="before")
    @classmethod
    def _several(cls, value: object) -> object:
        return [each.strip() for each in value.split(",") if each.strip()] if isinstance(value, str) else value

    @property
    def answers_for_the_world(self) -> bool:
        """Whether the graph is the one that comes with the repository."""
        return self.model == WORLD and not self.graph


def _space_url(hosts: str) -> str:
    """The address of a Space from its host names, of which the first is its own."""
    first = hosts.split(",")[0].strip()
    return f"https://{first}" if first else ""


def read_settings(**overrides: object) -> Settings:
    """The settings of the environment, with those given here in their place (None: not given)."""
    given = {name: value for name, value in overrides.items() if value is not None}
    try:
        return Settings(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(map(str, first["loc"])).upper().removeprefix("KGQA_")
        raise InputError(f"KGQA_{name}: {first['msg']}, got {first['input']!r}") from error
