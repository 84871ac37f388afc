"""The sentence writer of a study and its settings: stored with the study, validated here, shown in forms."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class TemplateOptions(BaseModel):
    """The built-in writer: a grammar that writes one English sentence, without any model or download."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["template"] = Field("template", description="The built-in writer.")


class OpenAIOptions(BaseModel):
    """A language model behind the OpenAI protocol: the official service, or a server of one's own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["openai"] = Field("openai", description="A language model behind the OpenAI protocol.")
    model: str = Field(
        min_length=1, description="The model's name as the service knows it; a dated one stays the same."
    )
    base_url: str | None = Field(
        None,
        pattern=r"^https?://",
        description="Address of the service up to /v1 (Ollama, vLLM, llama.cpp); empty is the official one.",
    )
    key_variable: str = Field(
        "OPENAI_API_KEY",
        # Only names of keys: a setting must not be able to send another secret of this machine to a server.
        pattern=r"^[A-Z0-9_]*API_KEY[A-Z0-9_]*$",
        description="Name of the environment variable that holds the key. The key itself is never stored.",
    )
    prompt_template: str = Field(
        "default-v2",
        pattern=r"^[a-z0-9][a-z0-9-]*-v[0-9]+$",
        description="The versioned template of the request: 'default-v2', or the first study's 'seed-v1'.",
    )
    sentence_language: Literal["en", "ko"] = Field(
        "en",
        description="The language of the sentences; Korean only for a painter that reads Korean.",
    )
    unfaithful: Literal["fail", "accept"] = Field(
        "fail",
        description="What happens to a sentence that, asked for again, still leaves out a tag or adds music that no "
        "tag names: its clip fails, or the sentence is used and counted in Review and in the report.",
    )
    temperature: float | None = Field(
        0.7,
        ge=0,
        le=2,
        description="How freely the model chooses its words; empty for models that take none.",
    )
    send_seed: bool = Field(
        True,
        description="Whether the study's seed is sent, so that answers can be repeated; off for models without it.",
    )
    max_answer_tokens: int = Field(
        300, ge=16, le=8192, description="The most tokens that one answer may have, thinking included."
    )
    rewrites: int = Field(
        2, ge=0, le=5, description="How often a sentence with a fault is asked for again, with the fault named."
    )
    attempts: int = Field(5, ge=1, le=10, description="How often a call is tried when the service is busy or failing.")
    timeout_seconds: float = Field(60, gt=0, le=600, description="How long one call may take.")
    longest_wait_seconds: float = Field(
        120,
        ge=0,
        le=3600,
        description="The longest wait between two attempts; a service that asks for more is given up.",
    )
    price_per_million_input_tokens: float = Field(
        0,
        ge=0,
        description="Price in the currency of the cap, for the estimate; 0 for a server of one's own.",
    )
    price_per_million_output_tokens: float = Field(
        0,
        ge=0,
        description="Price in the currency of the cap, for the estimate; 0 for a server of one's own.",
    )
    spending_cap: float | None = Field(
        None, ge=0, description="The run stops before a call that could pass this sum; empty for no cap."
    )
    token_cap: int | None = Field(
        None,
        ge=0,
        description="The run stops before a call that could pass this many tokens; empty for no cap.",
    )


WriterOptions = Annotated[TemplateOptions | OpenAIOptions, Field(discriminator="kind")]
