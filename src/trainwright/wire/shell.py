"""Messages on the WebSocket of a shell. Bytes travel as binary messages, these as text."""

from pydantic import BaseModel, ConfigDict, Field

TERMINAL_MAX = 1000
"""Most rows or columns."""


class ShellControl(BaseModel):
    """From the client: the window's new size, or the end of the input (of pipes)."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    rows: int = Field(default=0, ge=0, le=TERMINAL_MAX)
    columns: int = Field(default=0, ge=0, le=TERMINAL_MAX)
    end_input: bool = False


class ShellEnd(BaseModel):
    """From the server, last of all: what the program ended with (128 + n by signal n), or why it was ended."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    exit_code: int
    message: str = ""
