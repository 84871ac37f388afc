"""Read a TensorFlow checkpoint bundle (`.index` and `.data-00000-of-00001`) without TensorFlow.

The index is a sorted table in LevelDB's format: blocks of prefix-compressed key/value entries, a footer with
the position of the index block. Keys are variables' names, values `BundleEntryProto` messages (dtype, shape, offset
and size in the data file). Formats: tensorflow/core/lib/io/table_format.txt and tensor_bundle.proto.
"""

import struct
from collections.abc import Iterator
from math import prod

import numpy as np

_TABLE_MAGIC = 0xDB4775248B80FB57
_FLOAT32 = 1


class BundleError(ValueError):
    """The bytes are not a TensorFlow bundle with one shard of float32 variables."""


def read_bundle(index: bytes, data: bytes) -> dict[str, np.ndarray]:
    """All float32 variables of a bundle of one shard, by name. Raises BundleError for anything else."""
    if len(index) < 48 or struct.unpack("<Q", index[-8:])[0] != _TABLE_MAGIC:
        raise BundleError("the .index file does not end like a TensorFlow table; download it again")
    _, position = _block_handle(index, len(index) - 48)  # the meta index, which bundles leave empty
    top, _ = _block_handle(index, position)
    variables = {}
    for _, handle in _entries(_block(index, top)):
        for key, value in _entries(_block(index, _block_handle(handle, 0)[0])):
            if key:  # the empty key holds the bundle's header
                variables[key.decode()] = _variable(key.decode(), value, data)
    return variables


def _varint(buffer: bytes, position: int) -> tuple[int, int]:
    """An unsigned LEB128 number and the position after it."""
    value = shift = 0
    while True:
        byte = buffer[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7


def _block_handle(buffer: bytes, position: int) -> tuple[tuple[int, int], int]:
    offset, position = _varint(buffer, position)
    size, position = _varint(buffer, position)
    return (offset, size), position


def _block(index: bytes, handle: tuple[int, int]) -> bytes:
    offset, size = handle
    if index[offset + size] != 0:
        raise BundleError("the .index file is compressed, which TensorFlow's own bundles are not")
    return index[offset : offset + size]


def _entries(block: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values; each key stores only the part that differs from the key before."""
    (restarts,) = struct.unpack("<I", block[-4:])
    end, position, key = len(block) - 4 * (restarts + 1), 0, b""
    while position < end:
        shared, position = _varint(block, position)
        unshared, position = _varint(block, position)
        length, position = _varint(block, position)
        key = key[:shared] + block[position : position + unshared]
        position += unshared
        yield key, block[position : position + length]
        position += length


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Field numbers and raw values of a protobuf message."""
    position = 0
    while position < len(message):
        tag, position = _varint(message, position)
        kind = tag & 7
        value: int | bytes
        if kind == 0:
            value, position = _varint(message, position)
        else:
            length, position = (4, position) if kind == 5 else _varint(message, position)
            value = message[position : position + length]
            position += length
        yield tag >> 3, value


def _variable(name: str, entry: bytes, data: bytes) -> np.ndarray:
    """BundleEntryProto: 1 dtype, 2 shape (its field 2: dimensions, whose field 1: size), 4 offset, 5 size."""
    numbers = {1: 0, 3: 0, 4: 0, 5: 0}
    shape: tuple[int, ...] = ()
    for field, value in _fields(entry):
        if field == 2 and isinstance(value, bytes):
            dimensions = [content for number, content in _fields(value) if number == 2]
            shape = tuple(int(dict(_fields(bytes(one))).get(1, 0)) for one in dimensions)
        elif field in numbers and isinstance(value, int):
            numbers[field] = value
    if numbers[1] != _FLOAT32 or numbers[3] != 0 or numbers[5] != 4 * prod(shape):
        raise BundleError(f"variable {name!r} is not a float32 array in the first shard")
    raw = data[numbers[4] : numbers[4] + numbers[5]]
    if len(raw) != numbers[5]:
        raise BundleError(f"variable {name!r} lies outside the .data file, which was cut short")
    return np.frombuffer(raw, dtype="<f4").reshape(shape)
