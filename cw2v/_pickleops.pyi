import pickle

class OpcodeError(pickle.UnpicklingError): ...

class OutsideError(OpcodeError):
    opcode: str
    code: int | None

class PickleWalk:
    place: int
    def follow(self, data: bytes | bytearray | memoryview) -> bool: ...
    def error_at_end(self, data: bytes | bytearray | memoryview) -> OpcodeError: ...
