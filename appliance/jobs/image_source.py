"""A volume's image as a stream of bytes, made of its plan and the content that arrives."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from appliance.services.byte_streams import STEP_BYTES, in_steps, stream_bytes
from appliance.volume.image import Image
from appliance.volume.stream import ImageStream

__all__ = ["STEP_BYTES", "image_bytes", "in_steps"]


async def image_bytes(image: Image, payload: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """The image from first byte to last, in pieces of some hundred kilobytes.

    Raises:
        VolumeError: 3003 a file does not have its planned digest, 3004 too much or too little came;
            whatever `payload` raises.
    """
    async with aclosing(stream_bytes(ImageStream(image), payload)) as pieces:
        async for piece in pieces:
            yield piece
