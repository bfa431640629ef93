"""The image that guides a render."""

from pydantic import BaseModel, ConfigDict, Field


class InputReference(BaseModel):
    """An image that guides generation: its bytes, its file name and its media type."""

    model_config = ConfigDict(frozen=True)

    data: bytes = Field(min_length=1, repr=False)
    filename: str
    content_type: str
