"""The binary half of a GLB: arrays packed one after the other, and the accessors that describe them."""

from typing import TYPE_CHECKING, Final

import numpy as np
from jaxtyping import Float, Int

if TYPE_CHECKING:
    from pygltflib import Accessor, BufferView

_COMPONENT_TYPES: Final = {
    np.dtype(np.uint8): 5121,
    np.dtype(np.uint16): 5123,
    np.dtype(np.uint32): 5125,
    np.dtype(np.float32): 5126,
}
_SHAPES: Final = {(): "SCALAR", (2,): "VEC2", (3,): "VEC3", (4,): "VEC4", (4, 4): "MAT4"}
VERTEX_DATA: Final = 34962
INDEX_DATA: Final = 34963


class Buffers:
    """One growing binary buffer with its views and accessors (glTF 2.0, section 3.6)."""

    def __init__(self) -> None:
        self.views: list[BufferView] = []
        self.accessors: list[Accessor] = []
        self._bytes = bytearray()

    @property
    def content(self) -> bytes:
        """Everything that was added."""
        return bytes(self._bytes)

    def add(self, array: np.ndarray, target: int | None = None, bounds: bool = False, normalised: bool = False) -> int:
        """Append `array` (one row per element) and return the index of its accessor.

        Args:
            array: uint8, uint16, uint32 or float32; its first axis counts elements.
            target: `VERTEX_DATA`, `INDEX_DATA`, or None for animation and skins.
            bounds: State the smallest and largest values, which positions and key times need.
            normalised: Integers stand for fractions of their largest value.
        """
        from pygltflib import Accessor

        flat = array.reshape(len(array), -1)
        return self._accessor(
            Accessor(
                bufferView=self.add_bytes(np.ascontiguousarray(array).tobytes(), target),
                componentType=_COMPONENT_TYPES[array.dtype],
                normalized=normalised or None,
                count=len(array),
                type=_SHAPES[array.shape[1:]],
                min=flat.min(axis=0).tolist() if bounds else None,
                max=flat.max(axis=0).tolist() if bounds else None,
            )
        )

    def add_sparse(self, count: int, rows: Int[np.ndarray, "changed"], values: Float[np.ndarray, "changed 3"]) -> int:
        """Append `count` vectors that are 0 but for `values` at the ascending `rows`; return their accessor."""
        from pygltflib import Accessor, AccessorSparseIndices, AccessorSparseValues, Sparse

        values = values.astype(np.float32)
        reached = values if len(rows) == count else np.vstack([values, np.zeros((1, 3), np.float32)])
        sparse = None
        if len(rows):
            indices = rows.astype(np.uint16 if count <= 1 << 16 else np.uint32)
            sparse = Sparse(
                count=len(rows),
                indices=AccessorSparseIndices(
                    bufferView=self.add_bytes(indices.tobytes()), componentType=_COMPONENT_TYPES[indices.dtype]
                ),
                values=AccessorSparseValues(bufferView=self.add_bytes(values.tobytes())),
            )
        return self._accessor(
            Accessor(
                byteOffset=None,
                componentType=_COMPONENT_TYPES[np.dtype(np.float32)],
                count=count,
                type="VEC3",
                min=reached.min(axis=0).tolist(),
                max=reached.max(axis=0).tolist(),
                sparse=sparse,
            )
        )

    def add_bytes(self, content: bytes, target: int | None = None) -> int:
        """Append raw bytes, such as a picture, on a boundary of four; return the index of their view."""
        from pygltflib import BufferView

        self._bytes += bytes(-len(self._bytes) % 4)
        self.views.append(BufferView(buffer=0, byteOffset=len(self._bytes), byteLength=len(content), target=target))
        self._bytes += content
        return len(self.views) - 1

    def _accessor(self, accessor: "Accessor") -> int:
        self.accessors.append(accessor)
        return len(self.accessors) - 1
